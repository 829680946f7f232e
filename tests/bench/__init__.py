"""What the kit and the gateway core cost beside named peers, measured in one run: `make bench`."""

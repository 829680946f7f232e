"""Proposals: decided by people over HTTP, and by the rules of `proposals.yaml`."""

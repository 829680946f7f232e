"""How a CLI is kept apart from the machine it runs on."""

"""The gateway in front of the GitHub REST API."""

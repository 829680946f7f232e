"""Runs the whole house as local processes: init, up, down, health, logs and the demo behind the Makefile."""

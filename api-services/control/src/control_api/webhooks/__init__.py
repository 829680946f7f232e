"""Signed webhooks: one route for every source, the triggers that turn events into tasks, and a dry run of them."""

"""The door for people and webhooks: tasks over HTTP, events, signed webhooks, triggers."""

"""Inbox and ledger: submit, drain, claim, heartbeat, finish, cancel and query tasks."""

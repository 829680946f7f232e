"""How every process here is configured, logs, counts, reports its health, authenticates, speaks HTTP and stops."""

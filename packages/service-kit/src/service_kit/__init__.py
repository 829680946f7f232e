"""How every process here is configured, logs, counts, tells its health, proves who it is, speaks HTTP and stops."""

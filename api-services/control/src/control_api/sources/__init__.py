"""Where events come from: one module for each source, behind the protocols of `protocol`."""

"""One gateway core: routes, callers, limits, effects, audit."""

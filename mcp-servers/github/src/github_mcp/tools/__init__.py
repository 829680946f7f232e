"""The tools, one module per topic: each validates, calls and shapes, and nothing more."""

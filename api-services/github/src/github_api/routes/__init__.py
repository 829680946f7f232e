"""GitHub's table, one module for each topic."""

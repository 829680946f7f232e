"""GitHub's REST, typed: one module for what all topics share, and one for each topic."""

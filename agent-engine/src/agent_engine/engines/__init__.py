"""Ways to do a run, behind one protocol; the rest of the package knows no engine by name."""

"""The code for one CLI each, behind one protocol."""

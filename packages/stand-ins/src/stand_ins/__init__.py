"""Stand-ins for the vendors and the model, for the demo and the tests."""

"""The model stand-in: the Anthropic Messages API played from scenarios, for the demo and the tests."""

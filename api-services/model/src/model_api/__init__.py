"""The Anthropic Messages API in front of the model: holds the key, meters and bounds."""

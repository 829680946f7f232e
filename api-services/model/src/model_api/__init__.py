"""The Anthropic Messages API in front of the model: holds the key, meters and bounds."""

__version__ = "0.1.0"

"""The Anthropic Messages API."""

from model_api.dialects.messages.dialect import MessagesDialect

__all__ = ["MessagesDialect"]

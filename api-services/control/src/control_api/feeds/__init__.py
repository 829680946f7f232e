"""Feeds: sources that ask or watch a vendor themselves, each followed by one control at a time."""

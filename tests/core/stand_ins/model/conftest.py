"""The fixtures of these tests."""

from core.stand_ins.model.house import served

__all__ = ["served"]

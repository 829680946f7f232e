"""The fixtures of these tests."""

from unit.stand_ins.model.house import served

__all__ = ["served"]

"""Effects and spending: what gateways write before they act, and the engine and control read."""

from agent_effects.effects import begin, effects_of, settle
from agent_effects.errors import EffectError
from agent_effects.spending import Spend, may_spend, record_spend, spent, spent_by

__all__ = [
    "EffectError",
    "Spend",
    "begin",
    "effects_of",
    "may_spend",
    "record_spend",
    "settle",
    "spent",
    "spent_by",
]

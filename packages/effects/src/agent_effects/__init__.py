"""Effects, proposals and spending: what gateways write before they act, and the engine and control read."""

from agent_effects.calls import count_call
from agent_effects.effects import begin, effect, effects_of, settle, take_open
from agent_effects.errors import EffectError, ProposalError
from agent_effects.models import Begun, Effect, Stored, Write
from agent_effects.proposals import (
    Proposal,
    approved_by,
    awaiting_policy,
    clear_undecided,
    decide,
    proposal,
    proposals,
)
from agent_effects.pruning import PruneCounts, prune
from agent_effects.sending import GIVE_UP_SECONDS, approved, give_back, give_up, hold, put_off, take, unsent
from agent_effects.spending import (
    Asked,
    Limit,
    Limits,
    Reserved,
    Spend,
    is_live,
    keep_spend,
    release_spend,
    reserve,
    settle_spend,
    spent,
    spent_by,
)

__all__ = [
    "GIVE_UP_SECONDS",
    "Asked",
    "Begun",
    "Effect",
    "EffectError",
    "Limit",
    "Limits",
    "Proposal",
    "ProposalError",
    "PruneCounts",
    "Reserved",
    "Spend",
    "Stored",
    "Write",
    "approved",
    "approved_by",
    "awaiting_policy",
    "begin",
    "clear_undecided",
    "count_call",
    "decide",
    "effect",
    "effects_of",
    "give_back",
    "give_up",
    "hold",
    "is_live",
    "keep_spend",
    "proposal",
    "proposals",
    "prune",
    "put_off",
    "release_spend",
    "reserve",
    "settle",
    "settle_spend",
    "spent",
    "spent_by",
    "take",
    "take_open",
    "unsent",
]

"""Effects, proposals and spending: gateways write them before they act; the engine and control read them."""

from agent_effects.accounts import Account, accounts, keep_accounts
from agent_effects.calls import count_call
from agent_effects.causes import Change, effect_behind, marked, marker
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
from agent_effects.sending import GIVE_UP_SECONDS, abandon, approved, claim, defer, release, reopen, unsent
from agent_effects.spending import (
    Asked,
    Limit,
    Limits,
    Reserved,
    Spend,
    checkpoint_spend,
    estimate_open,
    estimate_spend,
    is_live,
    release_spend,
    reserve,
    settle_spend,
    spent,
    spent_by,
)

__all__ = [
    "GIVE_UP_SECONDS",
    "Account",
    "Asked",
    "Begun",
    "Change",
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
    "abandon",
    "accounts",
    "approved",
    "approved_by",
    "awaiting_policy",
    "begin",
    "checkpoint_spend",
    "claim",
    "clear_undecided",
    "count_call",
    "decide",
    "defer",
    "effect",
    "effect_behind",
    "effects_of",
    "estimate_open",
    "estimate_spend",
    "is_live",
    "keep_accounts",
    "marked",
    "marker",
    "proposal",
    "proposals",
    "prune",
    "release",
    "release_spend",
    "reopen",
    "reserve",
    "settle",
    "settle_spend",
    "spent",
    "spent_by",
    "take_open",
    "unsent",
]

"""The budgets that a request falls under, and the refusals that name them. Pure."""

from decimal import Decimal

from agent_effects import Limit, Limits, Reserved
from service_kit.access import Access, DayBudget
from service_kit.tokens import ModelClaims

from model_api.errors import ModelRefusal


def limits_of(claims: ModelClaims, access: Access | None) -> Limits:
    """Return the budgets: the task's from its token, those of a day from the tenant's entry in access.yaml."""
    tenant = access.tenants.get(claims.tenant) if access is not None else None
    task = Limit(claims.budget.usd, claims.budget.tokens)
    if tenant is None:
        return Limits(task)
    skill = tenant.budgets.skills.get(claims.skill, DayBudget())
    day = tenant.budgets.day
    return Limits(task, Limit(skill.usd, skill.tokens), Limit(day.usd, day.tokens))


def refusal(claims: ModelClaims, limits: Limits, outcome: Reserved) -> ModelRefusal:
    """Name the budget that is too small for a request, its size, what is left, and when it is whole again."""
    who, limit, place = _named(claims, limits, outcome)
    unit = "US dollars" if outcome.unit == "usd" else "tokens"
    size = limit.usd if outcome.unit == "usd" else limit.tokens
    renewed = ""
    if outcome.renews_at is not None:
        unit += " a day"
        renewed = f"; it is whole again at {outcome.renews_at:%Y-%m-%d %H:%M} UTC"
    said = (
        f"{who} has {_plain(outcome.left)} left of its budget of {size} {unit} ({place}.{outcome.unit}), "
        f"too little for this request{renewed}"
    )
    if outcome.held:
        return ModelRefusal("budget_held", f"{said}; requests under way hold the rest: try again when they have ended")
    return ModelRefusal(outcome.verdict, said)


def _named(claims: ModelClaims, limits: Limits, outcome: Reserved) -> tuple[str, Limit, str]:
    budgets = f"tenants.{claims.tenant}.budgets"
    match outcome.verdict:
        case "budget_skill_day":
            who = f"skill {claims.skill!r} of tenant {claims.tenant!r}"
            return who, limits.skill_day, f"{budgets}.skills.{claims.skill}"
        case "budget_tenant_day":
            return f"tenant {claims.tenant!r}", limits.tenant_day, f"{budgets}.day"
        case _:
            return f"task {claims.task}", limits.task, "budget"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"

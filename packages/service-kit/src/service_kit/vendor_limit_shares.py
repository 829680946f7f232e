"""Shares what is left of a vendor's limit among the tenants that use one credential. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

LAST_PART = 0.5
"""This part of a tenant's fair share is kept for it, however little it uses; the rest goes to whoever asks first."""


@dataclass(frozen=True)
class Window:
    """What a vendor says of one of its limits: how many requests are left of it for how many seconds."""

    bucket: str
    remaining: int
    seconds: float


@dataclass(frozen=True)
class VendorLimitShare:
    """A tenant's share of a limit.

    Attributes:
        key: of the credential and the limit's bucket.
        weights: of all tenants that use the credential, by name.
    """

    key: str
    tenant: str
    weights: Mapping[str, int]

    def allows(self, remaining: int, used: Mapping[str, int]) -> bool:
        """Say whether the tenant may take one more of `remaining`; `used` is what each took in this window.

        It may if enough is left for the others: of each one's fair share a part, unless that was used. The tenant that
        took least by its weight may as long as anything is left.
        """
        took = {tenant: used.get(tenant, 0) for tenant in self.weights}
        others = self.weights.keys() - {self.tenant}
        own = took[self.tenant] / self.weights[self.tenant]
        if remaining > 0 and all(own <= took[other] / self.weights[other] for other in others):
            return True
        a_weight = (remaining + sum(took.values())) / sum(self.weights.values())
        fair = {other: a_weight * self.weights[other] for other in others}
        kept = sum(min(LAST_PART * fair[other], max(0.0, fair[other] - took[other])) for other in others)
        return remaining - 1 >= kept

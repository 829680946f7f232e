"""What can go wrong with effects; the programmer of a gateway acts."""

from service_kit.errors import ServiceKitError


class EffectError(ServiceKitError):
    """An effect was to be settled that was never begun, or that was settled otherwise."""

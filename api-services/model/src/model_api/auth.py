"""Who asks: the model token of a run, sent where an API key goes."""

from service_kit.errors import TokenError
from service_kit.tokens import ModelClaims, Verifier
from starlette.datastructures import Headers

from model_api.errors import ModelRefusal

REMEDY = "send the run's own model token as x-api-key or Authorization: Bearer"


def authenticate(headers: Headers, verifier: Verifier) -> ModelClaims:
    """Verify the model token of a request. Raises ModelRefusal with the reason `token`."""
    tokens = set(headers.getlist("x-api-key"))
    for value in headers.getlist("authorization"):
        scheme, _, token = value.partition(" ")
        if scheme.lower() != "bearer":
            raise ModelRefusal("token", f"Authorization is not Bearer: {REMEDY}")
        tokens.add(token.strip())
    if len(tokens) > 1:
        raise ModelRefusal("token", f"the request brings {len(tokens)} different tokens: {REMEDY}")
    try:
        return verifier.model(tokens.pop() if tokens else "")
    except TokenError as error:
        raise ModelRefusal("token", f"{error} ({error.reason}): {REMEDY}") from None


def choose_model(model: str, claims: ModelClaims, served: tuple[str, ...]) -> None:
    """Check that the run may ask this model and that it is served. Raises ModelRefusal with the reason `model`."""
    if model not in claims.models:
        raise ModelRefusal("model", f"the run may not ask {model!r}, only {', '.join(claims.models) or 'none'}")
    if model not in served:
        raise ModelRefusal("model", f"{model!r} is not served here: the operator adds it to MODELS")

"""The settings by which gateways ask real vendors and the real model, of what the operator gave."""

from collections.abc import Mapping

from agent_vendors import Vendor
from service_kit.errors import ConfigError

from house.options import credential


def real_vendor(vendor: Vendor, environ: Mapping[str, str], *, without: str = "") -> dict[str, str]:
    """Return the settings of whoever asks the real vendor; `without` is a setting to leave out.

    Raises:
        ConfigError: the operator gave no credential, or one that is not usable.
    """
    app = _app(vendor, environ)
    told = dict(app)
    for setting, (variable, default) in vendor.upstream_settings.items():
        if setting == without or (app and variable == vendor.credential):
            continue
        told[setting] = environ.get(variable) or default
        if not told[setting]:
            other = f", or an app: {', '.join(vendor.app_variables)}" if vendor.app_variables else ""
            what = f"{vendor.credential_form}{other}" if variable == vendor.credential else "it"
            raise ConfigError(f"{variable} is not set: the real {vendor.title} needs {what}")
        if variable == vendor.credential:
            credential(variable, told[setting])
    return told


def real_model(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of model-api for the real model.

    Raises:
        ConfigError: the operator gave no credential, or one that is not usable.
    """
    upstream = {"MODEL_UPSTREAM_URL": environ.get("MODEL_UPSTREAM_URL") or "https://api.anthropic.com"}
    for variable, kind in (("ANTHROPIC_API_KEY", "KEY"), ("ANTHROPIC_AUTH_TOKEN", "AUTH_TOKEN")):
        if environ.get(variable):
            return upstream | {f"MODEL_UPSTREAM_{kind}": credential(variable, environ[variable])}
    raise ConfigError("MODEL=real needs ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN: set one of them")


def _app(vendor: Vendor, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of an app at the real vendor; none where the operator names no app."""
    told = {setting: environ.get(variable, "") for setting, variable in vendor.app_settings.items()}
    if not any(told.values()):
        return {}
    needed = f"the app at the real {vendor.title} needs {', '.join(vendor.app_variables)}"
    if missing := [vendor.app_settings[setting] for setting, value in told.items() if not value]:
        raise ConfigError(f"{', '.join(missing)} is not set: {needed}")
    if environ.get(vendor.credential):
        raise ConfigError(f"{vendor.credential} is set too: {needed}, and no token. Take one of them away")
    return told

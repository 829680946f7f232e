"""All variables that control reads, its own and those of the installed sources, for the page on configuration."""

from typing import Any

from pydantic import create_model

from control_api.settings import ControlSettings
from control_api.sources.registry import installed_sources

BASES: Any = (*(source.settings for source in installed_sources().values()), ControlSettings)
ControlVariables: type[ControlSettings] = create_model("ControlVariables", __base__=BASES)

"""Engines come by entry point; only those that the settings name are loaded."""

import sys
from pathlib import Path

import pytest
from agent_engine.confinement.fallback import ReducedConfinement
from agent_engine.confinement.limits import Limits
from agent_engine.engines.registry import EngineSetup, installed_engines, load_engines
from agent_engine.skills.check import check
from conformance.engines.registry import SUBJECTS
from core.agent_engine.skill_folder import make_skill
from service_kit.errors import ConfigError

SETUP = EngineSetup(confinement=ReducedConfinement("a test", limits=Limits(), file_bytes=1), environ={})


def test_each_engine_of_this_project_is_in_the_suite() -> None:
    """An engine that this project's packages bring is run by the suite."""
    assert set(installed_engines()) <= set(SUBJECTS)


def test_what_is_installed_is_known_and_not_loaded(installed: None, tmp_path: Path) -> None:
    """The check of skills takes the name of any installed engine, and loads none of them for that."""
    assert installed_engines() == ["broken", "claude", "echo", "murmur"]
    assert not [text for text in check(make_skill(tmp_path / "skills", engine="broken"), {}) if "engine" in text]
    assert "conformance.engines.nothing" not in sys.modules
    assert list(load_engines(["claude"], SETUP)) == ["claude"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("codex", r"WORKER_ENGINES names codex, which is not installed: broken, claude, echo, murmur"),
        ("echo", r"MURMUR_KEY is not set"),
        ("broken", r"engine broken \(conformance.engines.nothing:engine\) cannot be loaded"),
    ],
)
def test_what_cannot_be_loaded_is_named(installed: None, name: str, says: str) -> None:
    """An engine that is not there, or does not load, stops the worker's start with its name."""
    with pytest.raises(ConfigError, match=says):
        load_engines([name], SETUP)

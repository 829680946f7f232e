"""The scenarios that a stand-in knows, and which of them plays."""

from collections.abc import Iterable
from pathlib import Path

from stand_ins.model.conversation import Conversation
from stand_ins.model.errors import ScenarioError
from stand_ins.model.scenario import Match, Scenario

BUILT_IN = Path(__file__).parent / "scenarios"


class Library:
    """Scenarios by name; the most recently added is looked at first."""

    def __init__(self, folders: Iterable[Path] = (), *, built_in: bool = True) -> None:
        self._folders = ([BUILT_IN] if built_in else []) + list(folders)
        self._scenarios: dict[str, Scenario] = {}
        self.reset()

    def reset(self) -> None:
        """Forget what was added and read the folders again. Raises ScenarioError."""
        self._scenarios = {}
        for folder in self._folders:
            if not folder.is_dir():
                raise ScenarioError(f"scenario folder {folder} does not exist: give an existing folder to --scenarios")
            for path in sorted(folder.glob("*.yaml")):
                self.add(Scenario.from_file(path))

    def add(self, scenario: Scenario) -> None:
        """Add a scenario in front of all others; one of the same name is replaced."""
        self._scenarios.pop(scenario.name, None)
        self._scenarios[scenario.name] = scenario

    def alias(self, name: str, *, like: str, match: Match) -> Scenario:
        """Add a known scenario under another name and match. Raises ScenarioError when it is not known."""
        if like not in self._scenarios:
            raise ScenarioError(f"scenario {name}: like: no scenario is named {like!r}")
        scenario = self._scenarios[like].model_copy(update={"name": name, "match": match, "skill": None})
        self.add(scenario)
        return scenario

    def names(self) -> list[str]:
        """Give the names, the most recently added first."""
        return list(reversed(self._scenarios))

    def choose(self, conversation: Conversation) -> Scenario | None:
        """Give the scenario that plays: the one the conversation names, else by match, else by skill."""
        for name in conversation.named:
            if name in self._scenarios:
                return self._scenarios[name]
        by_skill = None
        for scenario in reversed(self._scenarios.values()):
            if scenario.skill is not None and scenario.skill != conversation.skill:
                continue
            if scenario.match is not None and scenario.match.found_in(conversation.everything):
                return scenario
            if scenario.match is None and scenario.skill is not None:
                by_skill = by_skill or scenario
        return by_skill

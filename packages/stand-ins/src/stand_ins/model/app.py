"""The model stand-in's app: the Messages API, played; its own levers are apart, under `/_stand-in/`."""

import asyncio
import hmac
import json
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from stand_ins.kit.app import StandInApp
from stand_ins.kit.request_log import entry_of
from stand_ins.kit.vendor import Control, StandInVendor
from stand_ins.model.answer import Turn, answer
from stand_ins.model.conversation import Conversation, parse
from stand_ins.model.errors import BadRequestError, ModelErrors, ScenarioError, refused
from stand_ins.model.library import Library
from stand_ins.model.scenario import Match, Scenario, Step, read_document
from stand_ins.model.templates import Templates

LOOK_SECONDS = 0.05
SESSION_HEADER = "x-claude-code-session-id"


def build(scenarios: Iterable[Path] = (), *, key: str | None = None, built_in: bool = True) -> StandInApp["StandIn"]:
    """Make the app.

    Args:
        scenarios: folders of scenario files, beside the built-in ones.
        key: what `x-api-key` or the bearer token must be; None takes any.
        built_in: whether the built-in scenarios are known.

    Raises:
        ScenarioError: a scenario file is wrong.
    """
    return StandInApp(StandIn(Library(scenarios, built_in=built_in), key))


class StandIn(StandInVendor):
    """Answers requests from scenarios; the log's entries tell which scenario, step and attempt played."""

    service = "stand-in-model"
    errors = ModelErrors()
    kept_requests = 200
    counted_requests = 20_000
    """So many of the newest requests count in `usage`."""

    def __init__(self, library: Library, key: str | None) -> None:
        self._library = library
        self._key = key
        self._attempts: Counter[tuple[str, str, int]] = Counter()
        self._counted: deque[tuple[str, dict[str, int]]] = deque(maxlen=self.counted_requests)

    def routes(self) -> Sequence[BaseRoute]:
        """Return the two operations of the Messages API."""
        return [
            Route("/v1/messages", self.messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", self.count_tokens, methods=["POST"]),
        ]

    def controls(self) -> Sequence[Control]:
        """Return what names and adds scenarios, and the count."""
        return [
            Control("GET", "usage", self.sum_usage),
            Control("GET", "scenarios", self.list_scenarios),
            Control("PUT", "scenarios/{name}", self.put_scenario),
        ]

    def reset(self) -> None:
        """Forget attempts, added scenarios and the count."""
        self._attempts.clear()
        self._counted.clear()
        self._library.reset()

    async def messages(self, request: Request) -> Response:
        """Answer `POST /v1/messages`."""
        raw = await request.body()
        seen = entry_of(request)
        body, conversation = self._read(request, raw)
        seen["session"] = conversation.session
        try:
            step = self._step(conversation, seen)
            await self._release(step, request)
            usage: dict[str, int] = {}
            self._counted.append((conversation.session, usage))
            return await answer(Turn(step, conversation, bool(body.get("stream")), len(raw), seen, usage))
        except ScenarioError as wrong:
            raise refused(400, f"stand-in: {wrong}") from wrong

    async def count_tokens(self, request: Request) -> Response:
        """Answer `POST /v1/messages/count_tokens` with a quarter of the bytes."""
        raw = await request.body()
        self._authenticate(request)
        _json_object(raw)
        return JSONResponse({"input_tokens": max(1, len(raw) // 4)})

    async def list_scenarios(self, _: Request) -> Response:
        """Name the scenarios, the first to be looked at first."""
        return JSONResponse(self._library.names())

    async def sum_usage(self, _: Request) -> Response:
        """Add up by session what the vendor has counted so far of all requests, beyond those that the log keeps."""
        sums: dict[str, Counter[str]] = {}
        for session, usage in self._counted:
            sums.setdefault(session, Counter()).update(usage)
        return JSONResponse(sums)

    async def put_scenario(self, request: Request) -> Response:
        """Add a scenario: YAML or JSON, whole, or `{like: NAME, match: ...}` to play a known one elsewhere."""
        name = request.path_params["name"]
        try:
            raw = read_document(await request.body())
            if isinstance(raw, Mapping) and "like" in raw:
                shell: dict[str, Any] = {"steps": [{}], "match": raw.get("match")}
                match = Scenario.from_mapping(shell, name=name).match or Match(text="")
                scenario = self._library.alias(name, like=str(raw["like"]), match=match)
            else:
                scenario = Scenario.from_mapping(raw, name=name)
                self._library.add(scenario)
        except (ScenarioError, yaml.YAMLError) as wrong:
            return JSONResponse({"message": str(wrong)}, status_code=422)
        return JSONResponse({"name": scenario.name, "steps": len(scenario.steps)}, status_code=201)

    def _authenticate(self, request: Request) -> None:
        bearer = request.headers.get("authorization", "")
        given = request.headers.get("x-api-key") or bearer.removeprefix("Bearer ")
        if not given or (self._key is not None and not hmac.compare_digest(given.encode(), self._key.encode())):
            raise refused(401, "invalid x-api-key")

    def _read(self, request: Request, raw: bytes) -> tuple[dict[str, Any], Conversation]:
        self._authenticate(request)
        if "anthropic-version" not in request.headers:
            raise refused(400, "anthropic-version: header is required")
        body = _json_object(raw)
        try:
            return body, parse(body, session=request.headers.get(SESSION_HEADER, ""))
        except BadRequestError as error:
            raise refused(400, str(error)) from error

    def _step(self, conversation: Conversation, seen: dict[str, Any]) -> Step:
        scenario = self._library.choose(conversation)
        if scenario is None:
            skill = f" for skill {conversation.skill}" if conversation.skill else ""
            raise refused(400, f"stand-in: no scenario plays{skill}: add one, or name one in the input (SCENARIO:text)")
        number, step = scenario.step(conversation.replies, Templates(conversation).holds)
        key = (scenario.name, conversation.session, number)
        attempt = self._attempts[key]
        self._attempts[key] += 1
        seen.update(scenario=scenario.name, step=number, attempt=attempt)
        return step.for_attempt(attempt)

    async def _release(self, step: Step, request: Request) -> None:
        """Hold a request back until the scenario that its step waits for is there, or its client is gone."""
        while step.until is not None and step.until not in self._library.names():
            if await request.is_disconnected():
                return
            await asyncio.sleep(LOOK_SECONDS)


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise refused(400, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise refused(400, "the body is not a JSON object")
    return body

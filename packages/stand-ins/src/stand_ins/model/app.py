"""The model stand-in's app: the Messages API, played; its own levers are apart, under `/_stand-in/`."""

import asyncio
import hmac
import json
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stand_ins.model.answer import Turn, answer, error
from stand_ins.model.conversation import Conversation, parse
from stand_ins.model.errors import BadRequestError, ScenarioError
from stand_ins.model.library import Library
from stand_ins.model.scenario import Match, Scenario, Step
from stand_ins.model.templates import Templates

KEPT_REQUESTS = 200
LOOK_SECONDS = 0.05
SESSION_HEADER = "x-claude-code-session-id"
SECRET_HEADERS = frozenset({"x-api-key", "authorization"})


def build(scenarios: Iterable[Path] = (), *, key: str | None = None, built_in: bool = True) -> Starlette:
    """Make the app.

    Args:
        scenarios: folders of scenario files, beside the built-in ones.
        key: what `x-api-key` or the bearer token must be; None takes any.
        built_in: whether the built-in scenarios are known.

    Raises:
        ScenarioError: a scenario file is wrong.
    """
    stand_in = StandIn(Library(scenarios, built_in=built_in), key)
    return Starlette(
        routes=[
            Route("/v1/messages", stand_in.messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", stand_in.count_tokens, methods=["POST"]),
            Route("/_stand-in/scenarios", stand_in.list_scenarios, methods=["GET"]),
            Route("/_stand-in/scenarios/{name}", stand_in.put_scenario, methods=["PUT"]),
            Route("/_stand-in/requests", stand_in.list_requests, methods=["GET"]),
            Route("/_stand-in/reset", stand_in.reset, methods=["POST"]),
            Route("/health", _health),
            Route("/ready", _health),
        ]
    )


class StandIn:
    """Answers requests from scenarios and remembers what was asked."""

    def __init__(self, library: Library, key: str | None) -> None:
        self._library = library
        self._key = key
        self._requests: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self._attempts: Counter[tuple[str, str, int]] = Counter()

    async def messages(self, request: Request) -> Response:
        """Answer `POST /v1/messages`."""
        raw = await request.body()
        seen = self._remember(request)
        try:
            body, conversation = self._read(request, raw)
            seen.update(body=body, session=conversation.session)
            step = self._step(conversation, seen)
            await self._release(step, request)
            return await answer(Turn(step, conversation, bool(body.get("stream")), len(raw), seen))
        except Refused as refused:
            seen["status"] = refused.status
            return error(refused.status, str(refused))
        except ScenarioError as wrong:
            seen["status"] = 400
            return error(400, f"stand-in: {wrong}")

    async def count_tokens(self, request: Request) -> Response:
        """Answer `POST /v1/messages/count_tokens` with a quarter of the bytes."""
        raw = await request.body()
        seen = self._remember(request)
        try:
            self._authenticate(request)
            seen["body"] = _json_object(raw)
        except Refused as refused:
            seen["status"] = refused.status
            return error(refused.status, str(refused))
        seen["status"] = 200
        return JSONResponse({"input_tokens": max(1, len(raw) // 4)})

    async def list_scenarios(self, _: Request) -> Response:
        """Name the scenarios, the first to be looked at first."""
        return JSONResponse(self._library.names())

    async def put_scenario(self, request: Request) -> Response:
        """Add a scenario: YAML or JSON, whole, or `{like: NAME, match: ...}` to play a known one elsewhere."""
        name = request.path_params["name"]
        try:
            raw = yaml.safe_load(await request.body())
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

    async def list_requests(self, request: Request) -> Response:
        """Give what was asked, oldest first, without keys; with `?session=` one CLI session's alone."""
        session = request.query_params.get("session", "")
        return JSONResponse([one for one in self._requests if session in one.get("session", "")])

    async def reset(self, _: Request) -> Response:
        """Forget requests, attempts and added scenarios."""
        self._requests.clear()
        self._attempts.clear()
        self._library.reset()
        return Response(status_code=204)

    def _remember(self, request: Request) -> dict[str, Any]:
        seen: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(),
            "path": request.url.path,
            "query": request.url.query,
            "headers": {name: value for name, value in request.headers.items() if name not in SECRET_HEADERS},
        }
        self._requests.append(seen)
        return seen

    def _authenticate(self, request: Request) -> None:
        bearer = request.headers.get("authorization", "")
        given = request.headers.get("x-api-key") or bearer.removeprefix("Bearer ")
        if not given or (self._key is not None and not hmac.compare_digest(given.encode(), self._key.encode())):
            raise Refused(401, "invalid x-api-key")

    def _read(self, request: Request, raw: bytes) -> tuple[dict[str, Any], Conversation]:
        self._authenticate(request)
        if "anthropic-version" not in request.headers:
            raise Refused(400, "anthropic-version: header is required")
        body = _json_object(raw)
        try:
            return body, parse(body, session=request.headers.get(SESSION_HEADER, ""))
        except BadRequestError as error:
            raise Refused(400, str(error)) from error

    def _step(self, conversation: Conversation, seen: dict[str, Any]) -> Step:
        scenario = self._library.choose(conversation)
        if scenario is None:
            skill = f" for skill {conversation.skill}" if conversation.skill else ""
            raise Refused(400, f"stand-in: no scenario plays{skill}: add one, or name one in the input (SCENARIO:text)")
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


class Refused(Exception):
    """The request is refused before any scenario plays."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "the body is not a JSON object")
    return body


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "service": "stand-in-model"})

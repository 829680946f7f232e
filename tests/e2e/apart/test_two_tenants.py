"""Two tenants with two credentials in one house: each does its work, and is blind to the other at every interface."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import yaml
from agent_contracts import Grant, TaskResult, task_id_for
from agent_stores.pool import open_redis
from e2e.confinement.gates import at_gateway, call_tool, sign
from fixtures.house import RunningHouse, running_house, worker
from fixtures.proposals import SHOWN, digest, proposed
from fixtures.stores import run_apart
from house.paths import HousePaths, command
from service_kit.bearer import token_hash
from service_kit.http import HttpClient, Reply
from service_kit.watched import LOOK_EVERY_SECONDS
from stand_ins.github.app import StandInApp, build
from stand_ins.kit.webhooks import Hook

ACMES_TOKEN = "github_pat_of_acme"
ACMES_DOOR = "abd_of_acme"
THEIRS = {"default": "octocat/hello-world", "acme": "acme/site"}
ACCOUNTS = {"default": "agent-bot", "acme": "acme-bot"}
OTHER = {"default": "acme", "acme": "default"}
SITE = {
    "full_name": "acme/site",
    "private": True,
    "role": "none",
    "collaborators": {"acme-bot": "write"},
    "labels": [{"name": "bug", "color": "d73a4a", "description": "Something does not work"}],
    "issues": [{"title": "The page is blank", "user": "kim-example", "body": "Since today: an error."}],
}


def stand_in(paths: HousePaths) -> StandInApp:
    """Make a GitHub with an account for each tenant; what is acme's only acme's account sees."""
    hook = Hook(paths.url("control") + "/v1/webhooks/github", paths.secret("github-webhook.secret"))
    return build(tokens={paths.secret("stand-in-github.token"): "agent-bot", ACMES_TOKEN: "acme-bot"}, hook=hook)


def prepare(paths: HousePaths) -> dict[str, str]:
    """Open the house to both tenants; the webhook's door and a stream are acme's."""
    path = paths.home / "access.yaml"
    access = yaml.safe_load(path.read_text())
    bound = {"github": {"resources": {"repositories": ["acme/*"]}, "mode": "write"}}
    door = {"tenant": "acme", "skills": ["*"], "vendors": bound, "budget": {"usd": 1.0}}
    access["tenants"]["acme"] = {"vendors": bound}
    access["webhooks"]["github"] = access["streams"]["agent:tasks:acme"] = door
    access["http"]["acme"] = door | {
        "actor": {"kind": "person", "id": "kim"},
        "token_sha256": [token_hash(ACMES_DOOR)],
        "approves": ["*"],
    }
    access["http"]["local"]["approves"] = ["*"]
    path.write_text(yaml.safe_dump(access))
    tokens = paths.home / "secrets" / "github-tokens.yaml"
    tokens.touch(mode=0o600)
    both = {"default": paths.secret("stand-in-github.token"), "acme": ACMES_TOKEN}
    tokens.write_text(yaml.safe_dump({"tenants": both}))
    return {"GITHUB_UPSTREAM_TOKENS_FILE": str(tokens)}


@dataclass(frozen=True)
class Tenants:
    """The house, and each tenant's first task, which has ended."""

    house: RunningHouse
    tasks: dict[str, UUID]
    results: dict[str, TaskResult]

    async def ask(self, tenant: str, method: str, path: str, **request: Any) -> Reply:
        """Ask control through a tenant's door."""
        token = ACMES_DOOR if tenant == "acme" else self.house.paths.secret("control.door")
        headers = {"authorization": f"Bearer {token}"}
        async with HttpClient(base_url=self.house.paths.url("control"), headers=headers, retries=0) as http:
            return await http.request(method, path, **request)


@pytest.fixture(scope="module")
def tenants() -> Iterator[Tenants]:
    """A house of two tenants, each with a triage that has ended: acme's came by its webhook."""
    with running_house(repositories=[THEIRS["default"]], github=stand_in, prepare=prepare) as house, worker(house):
        yield run_apart(_both(house))


async def _both(house: RunningHouse) -> Tenants:
    assert (await house.github("POST", "/_stand-in/repositories", json=SITE)).ok
    number = await house.open_issue("Start fails", body="An error.")
    own = await house.submit("issue-triage", {"repository": THEIRS["default"], "issue": number})
    await house.open_issue("The shop is empty", repository="acme/site", body="An error.", triage=True)
    listed = (await house.github("GET", "/_stand-in/deliveries?settled=true")).json()
    answers = [json.loads(one["reply"]) for one in listed if (one["event"], one["status"]) == ("issues", 202)]
    (acmes,) = (UUID(task["id"]) for answer in answers for task in answer["tasks"])
    made = Tenants(house, {"default": own, "acme": acmes}, {})
    for tenant, task in made.tasks.items():
        async with asyncio.timeout(60):
            assert (await made.ask(tenant, "GET", f"/v1/tasks/{task}/events", timeout=60)).ok
        shown = (await made.ask(tenant, "GET", f"/v1/tasks/{task}")).json()
        made.results[tenant] = TaskResult.model_validate(shown["result"])
    return made


@pytest.mark.parametrize("tenant", THEIRS)
async def test_each_works_with_its_own_credential(tenants: Tenants, tenant: str) -> None:
    """Its task succeeds, and what was written is its own account's."""
    result, task = tenants.results[tenant], tenants.tasks[tenant]
    assert result.status == "succeeded", result.message
    async with tenants.house.database() as pool:
        rows = await pool.fetch("select tenant, state from gateway.effects where task_id = $1", task)
    assert {(row["tenant"], row["state"]) for row in rows} == {(tenant, "done")}
    number = int(result.effects[0].target.partition("#")[2])
    issue = await tenants.house.issue(number, THEIRS[tenant])
    assert [comment["user"] for comment in issue["comments"]] == [ACCOUNTS[tenant]]


@pytest.mark.parametrize("tenant", THEIRS)
async def test_another_tenants_task_is_no_such_task_over_http(tenants: Tenants, tenant: str) -> None:
    """Task, events, cancel: 404 as for a task that never was; the own ones are there."""
    own, others = tenants.tasks[tenant], tenants.tasks[OTHER[tenant]]
    never = UUID(int=others.int ^ 1)
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
        foreign = await tenants.ask(tenant, method, f"/v1/tasks/{others}{path}")
        unknown = await tenants.ask(tenant, method, f"/v1/tasks/{never}{path}")
        assert (foreign.status, unknown.status) == (404, 404), path
        assert foreign.text.replace(str(others), "ID") == unknown.text.replace(str(never), "ID")
    assert (await tenants.ask(tenant, "GET", f"/v1/tasks/{own}")).ok


async def test_proposals_are_their_tenants_alone(tenants: Tenants) -> None:
    """A proposal of one is neither listed, shown nor decided at the door of the other, which may decide its own."""
    async with tenants.house.database() as pool:
        proposal = await proposed(pool, tenant="acme")
    path, decision = f"/v1/proposals/{proposal}", {"sha256": digest(SHOWN), "reason": "looked at"}
    listed = {
        tenant: {one["id"] for one in (await tenants.ask(tenant, "GET", "/v1/proposals")).json()["proposals"]}
        for tenant in THEIRS
    }
    assert listed == {"default": set(), "acme": {str(proposal)}}
    assert (await tenants.ask("default", "GET", path)).status == 404
    for word in ("approve", "deny"):
        assert (await tenants.ask("default", "POST", f"{path}/{word}", json=decision)).status == 404
    assert (await tenants.ask("acme", "POST", f"{path}/deny", json=decision)).status == 200


async def test_streams_carry_their_own_tenants_results(tenants: Tenants) -> None:
    """A stream's door says the tenant: a task that names another is refused, and its answer reaches its own stream.

    Both entries may have one id: it is unique in its stream alone.
    """
    defaults, acmes = "agent:tasks", "agent:tasks:acme"
    redis = open_redis(tenants.house.urls["REDIS_URL"])
    task = {"skill": "issue-triage", "input": {"repository": THEIRS["acme"], "issue": 1}, "reply_to": {"stream": "r"}}
    try:
        refused: Any = await redis.xadd(defaults, {"task": json.dumps(task | {"tenant": "acme"})})
        entry: Any = await redis.xadd(acmes, {"task": json.dumps(task)})
    finally:
        await redis.aclose()
    (rejected,) = await tenants.house.stream("agent:rejected", entry=refused.decode(), stream=defaults)
    assert "tenant" in rejected["message"]
    id_ = task_id_for("acme", acmes, entry.decode())
    (result,) = await tenants.house.stream("agent:results:acme:r", within=60)
    assert json.loads(result["result"])["task_id"] == str(id_)
    assert json.loads(result["result"])["status"] == "succeeded"
    assert len(await tenants.house.stream("agent:results:acme", entry=entry.decode(), stream=acmes)) == 1
    assert await tenants.house.stream("agent:results", within=0, stream=acmes) == []
    assert await tenants.house.stream("agent:results:acme", within=0, stream=defaults) == []
    assert await tenants.house.stream("agent:results:default:r", within=0) == []
    assert (await tenants.ask("default", "GET", f"/v1/tasks/{id_}")).status == 404


async def test_the_command_line_tells_them_apart(tenants: Tenants) -> None:
    """The operator sees all, and one tenant's alone when it is named."""
    argv = [command("agent-engine"), "tasks", "--json", "--tenant"]
    for tenant, task in tenants.tasks.items():
        env = tenants.house.engine_env()
        done = await asyncio.to_thread(subprocess.run, [*argv, tenant], env=env, capture_output=True, check=True)
        listed = {row["id"]: row["tenant"] for row in map(json.loads, done.stdout.splitlines())}
        assert listed[str(task)] == tenant
        assert set(listed.values()) == {tenant}


@pytest.mark.parametrize("tenant", THEIRS)
async def test_a_token_of_one_reaches_nothing_of_the_other(tenants: Tenants, tenant: str) -> None:
    """Even a grant for everything is cut to the tenant's entry, at the gateway and through the MCP server."""
    own, others = THEIRS[tenant], THEIRS[OTHER[tenant]]
    everything = Grant(tools=["issue_read", "issue_write"], resources={"repositories": ["*/*"]}, mode="write")
    token = sign(tenants.house, everything, tenant=tenant)
    refused = await at_gateway(tenants.house, token, "GET", f"/repos/{others}/issues/1")
    assert (refused.status, refused.reason) == (403, "resource")
    assert (await at_gateway(tenants.house, token, "GET", f"/repos/{own}/issues/1")).status == 200
    through = await call_tool(tenants.house, token, "issue_read", {"repository": others, "issue": 1})
    assert through.failed
    assert not (await call_tool(tenants.house, token, "issue_read", {"repository": own, "issue": 1})).failed


async def test_where_both_may_ask_each_sees_with_its_own_account(tenants: Tenants) -> None:
    """Were both entries to open it, GitHub shows a private repository to acme's account alone, from no kept reply."""
    path = tenants.house.paths.home / "access.yaml"
    before = path.read_text()
    access = yaml.safe_load(before)
    access["tenants"]["default"]["vendors"]["github"]["resources"]["repositories"].append("acme/*")
    path.write_text(yaml.safe_dump(access))
    try:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        grant = Grant(tools=["issue_read"], resources={"repositories": ["acme/site"]})
        seen = [
            (
                await at_gateway(
                    tenants.house, sign(tenants.house, grant, tenant=tenant), "GET", "/repos/acme/site/issues/1"
                )
            )
            for tenant in ("acme", "default", "acme")
        ]
        assert [(reply.status, reply.reason) for reply in seen] == [(200, None), (404, None), (200, None)]
    finally:
        path.write_text(before)


async def test_a_spent_budget_stops_its_tenant_alone(tenants: Tenants) -> None:
    """What one tenant spent today counts against its own day: its next task ends by budget, the other's succeeds."""
    path = tenants.house.paths.home / "access.yaml"
    access = yaml.safe_load(path.read_text())
    access["tenants"]["acme"]["budgets"] = {"day": {"usd": 0.001}}
    path.write_text(yaml.safe_dump(access))
    await asyncio.sleep(LOOK_EVERY_SECONDS)
    number = await tenants.house.open_issue("Another", body="An error.")
    asked = {"default": (THEIRS["default"], number), "acme": (THEIRS["acme"], 1)}
    ends = {}
    for tenant, (repository, issue) in asked.items():
        task = {"skill": "issue-triage", "input": {"repository": repository, "issue": issue}}
        made = (await tenants.ask(tenant, "POST", "/v1/tasks", json=task)).json()["id"]
        await tenants.ask(tenant, "GET", f"/v1/tasks/{made}/events", timeout=60)
        ends[tenant] = (await tenants.ask(tenant, "GET", f"/v1/tasks/{made}")).json()["result"]
    assert ends["default"]["status"] == "succeeded"
    assert (ends["acme"]["status"], ends["acme"]["reason"]) == ("failed", "budget")
    assert "day" in ends["acme"]["message"]


@pytest.mark.slow
async def test_keys_turn_while_everything_runs(tenants: Tenants) -> None:
    """No process starts again: tokens of both keys are good, then the old one's are refused at each gate, at once."""
    house, grant = tenants.house, Grant(tools=["issue_read"], resources={"repositories": [THEIRS["default"]]})
    arguments, path = {"repository": THEIRS["default"], "issue": 1}, f"/repos/{THEIRS['default']}/issues/1"
    old, pids = sign(house, grant), house.pids()
    turned = json.loads((await _keys(house, "rotate")).stdout)
    new = sign(house, grant)
    for token in (new, old):
        assert (await at_gateway(house, token, "GET", path)).status == 200
        assert not (await call_tool(house, token, "issue_read", arguments)).failed
    number = await house.open_issue("After the turn", body="An error.")
    result = await house.result(await house.submit("issue-triage", {"repository": THEIRS["default"], "issue": number}))
    assert (result.status, result.attempts) == ("succeeded", 1), result.message
    refused = await _keys(house, "retire", turned["signs"])
    assert (refused.returncode, "is the signing key" in refused.stderr) == (2, True)
    assert (await _keys(house, "retire", turned["accepted"])).returncode == 0
    await asyncio.sleep(LOOK_EVERY_SECONDS)
    assert (await at_gateway(house, old, "GET", path)).reason == "task_token"
    assert (await call_tool(house, old, "issue_read", arguments)).status == 401
    assert (await at_gateway(house, new, "GET", path)).status == 200
    assert not (await call_tool(house, new, "issue_read", arguments)).failed
    assert house.pids() == pids


async def _keys(house: RunningHouse, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [command("agent-engine"), "keys", *words, "--json"]
    return await asyncio.to_thread(
        subprocess.run, argv, env=house.engine_env(), capture_output=True, text=True, check=False
    )

"""Workflows run at the stand-in as they do at GitHub: attempts, logs on another host, dispatches, refusals."""

import httpx
import pytest

ACTIONS = "/repos/octocat/hello-world/actions"
FAILED = f"{ACTIONS}/runs/6100003"
DISPATCH = f"{ACTIONS}/workflows/release.yml/dispatches"


async def test_a_rerun_is_another_attempt(client: httpx.AsyncClient) -> None:
    """The failed jobs run again, the others stand, and the run ends when it is told to."""
    assert (await client.post(f"{FAILED}/rerun-failed-jobs")).status_code == 201
    run = (await client.get(FAILED)).json()
    assert (run["run_attempt"], run["status"], run["triggering_actor"]["login"]) == (2, "queued", "agent-bot")
    jobs = (await client.get(f"{FAILED}/jobs")).json()["jobs"]
    assert [(job["name"], job["conclusion"]) for job in jobs] == [("lint", "success"), ("test", None)]
    assert (await client.get(f"{ACTIONS}/jobs/{jobs[1]['id']}/logs")).status_code == 404
    order = {"repository": "octocat/hello-world", "run": 6100003, "conclusion": "success"}
    assert (await client.put("/_stand-in/runs", json=order)).status_code == 204
    assert (await client.get(FAILED)).json()["conclusion"] == "success"
    assert (await client.get(f"{FAILED}/attempts/1/jobs")).json()["jobs"][1]["conclusion"] == "failure"


async def test_a_log_lies_on_another_host(client: httpx.AsyncClient) -> None:
    """Its address opens it alone: neither without the seal, nor together with the credential."""
    moved = await client.get(f"{ACTIONS}/jobs/7100004/logs")
    place = httpx.URL(moved.headers["location"])
    assert (moved.status_code, place.host) == (302, "logs.github.test")
    assert (await client.get(place)).status_code == 403
    del client.headers["authorization"]
    assert "Could not determine home directory." in (await client.get(place)).text
    assert (await client.get(place.copy_set_param("sig", "0"))).status_code == 404


async def test_a_new_run_and_status_are_of_their_commit(client: httpx.AsyncClient) -> None:
    """What a test adds is listed with the runs and with the commit."""
    run = {"workflow": "ci.yml", "pull": 6, "actor": "kim-example", "conclusion": "failure"}
    job = {"name": "build", "conclusion": "failure", "steps": ["Build"], "failed_step": "Build", "log": "it broke"}
    place = {"repository": "octocat/hello-world"}
    made = await client.post("/_stand-in/runs", json={**place, **run, "jobs": [job]})
    status = {"context": "preview", "state": "error", "pull": 6}
    assert (await client.post("/_stand-in/statuses", json={**place, **status})).status_code == 201
    sha = made.json()["head_sha"]
    commit = f"/repos/octocat/hello-world/commits/{sha}"
    assert [one["name"] for one in (await client.get(f"{commit}/check-runs")).json()["check_runs"]] == ["build"]
    assert (await client.get(f"{commit}/status")).json()["state"] == "failure"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"ref": "gone"}, "No ref found for: gone"),
        ({"ref": "main"}, "Required input 'version' not provided"),
        ({"ref": "main", "inputs": {"version": "1", "odd": "1"}}, 'Unexpected inputs provided: ["odd"]'),
    ],
)
async def test_a_dispatch_that_does_not_fit_is_refused(
    client: httpx.AsyncClient, body: dict[str, object], message: str
) -> None:
    """A wrong ref or input is named, and nothing runs."""
    reply = await client.post(DISPATCH, json=body)
    assert (reply.status_code, reply.json()["message"]) == (422, message)
    assert (await client.get(f"{ACTIONS}/runs?event=workflow_dispatch")).json()["total_count"] == 0


async def test_only_who_may_write_runs_anything(client: httpx.AsyncClient) -> None:
    """Without write access nothing is run again, cancelled or dispatched."""
    await client.put("/_stand-in/permissions", json={"repository": "octocat/hello-world", "role": "read"})
    for path, body in ((f"{FAILED}/rerun", None), (f"{FAILED}/cancel", None), (DISPATCH, {"ref": "main"})):
        reply = await client.post(path, json=body) if body else await client.post(path)
        assert reply.status_code == 403

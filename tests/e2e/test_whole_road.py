"""t."""

from fixtures.house import RunningHouse, Worker


async def test_smoke(house: RunningHouse, sse_worker: Worker) -> None:
    """T."""
    number = await house.open_issue()
    task = await house.submit("issue-triage", {"repository": "octocat/hello-world", "issue": number})
    print(await house.result(task))
    print(await house.issue(number))

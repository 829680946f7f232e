"""Alerts are listed, read and settled, advisories found; the value of a secret is shown by nothing."""

from typing import Any

import httpx
import pytest
from stand_ins.github.security_records import Location
from stand_ins.github.seed_security import OTHER_SECRET, SECRET
from vendor.github_mcp.conftest import HELLO, READER, TOKEN, Ask, GitHub, OpenTools, Said, said

PLANS = "octocat/secret-plans"
ADVISORY = "GHSA-2m4p-7q9r-x3vw"
PATHS = {"code_scanning": "code-scanning", "dependabot": "dependabot", "secret_scanning": "secret-scanning"}


@pytest.fixture
async def ask(open_tools: OpenTools) -> Ask:
    """Call a tool of the toolset `security`, with the one that may hide alerts."""
    client = await open_tools(GITHUB_TOOLSETS="security", GITHUB_TOOLS="update_security_alert")

    async def asking(tool: str, **arguments: Any) -> Said:
        return said(await client.call_tool_mcp(tool, arguments))

    return asking


async def test_the_toolset_is_opted_into(open_tools: OpenTools) -> None:
    """Where nobody chooses, no tool about security is shown; the one that hides alerts is chosen by its name alone."""
    default = {tool.name for tool in await (await open_tools(GITHUB_TOOLSETS="default")).list_tools()}
    assert not [name for name in default if "security" in name]
    chosen = {tool.name for tool in await (await open_tools(GITHUB_TOOLSETS="security")).list_tools()}
    assert chosen == {"list_security_alerts", "get_security_alert", "list_security_advisories"}


async def test_alerts_of_each_kind_are_listed(ask: Ask) -> None:
    """A row says what was found, how severe it is and where; closed alerts say who closed them and why."""
    code = await ask("list_security_alerts", repository=HELLO, kind="code_scanning")
    assert code.text.startswith(f"2 code_scanning alerts of {HELLO} (state open):")
    assert '#1 open high "py/path-injection" "Uncontrolled data used in path expression" at "hello/settings.py":4' in (
        code.text
    )
    closed = await ask("list_security_alerts", repository=HELLO, kind="code_scanning", state="dismissed")
    assert 'closed 2026-10-06T09:00Z by octocat because "used in tests": "Only there."' in closed.text
    known = await ask("list_security_alerts", repository=HELLO, kind="dependabot", severity="high")
    assert f'#1 open "{ADVISORY}" "CVE-2026-20177" high "greetparse reads settings of any size"' in known.text
    assert '"pip" "greetparse" (runtime) in "requirements.txt", "< 1.4.2", patched "1.4.2"' in known.text
    secrets = await ask("list_security_alerts", repository=HELLO, kind="secret_scanning")
    assert '#1 open "sendinblue_api_key" "Sendinblue API Key" active, first at "hello/settings.py":1' in secrets.text


@pytest.mark.parametrize("kind", PATHS)
async def test_a_cursor_leads_to_the_end(ask: Ask, kind: str) -> None:
    """Pages by number and by GitHub's own cursor are both followed, and nothing comes twice."""
    seen = ""
    cursor: dict[str, str] = {}
    for _ in range(4):
        page = await ask("list_security_alerts", repository=HELLO, kind=kind, state="all", limit=1, **cursor)
        assert not page.is_error, page.text
        seen += page.text
        if "next_cursor: " not in page.text:
            break
        cursor = {"cursor": page.text.rpartition("next_cursor: ")[2]}
    assert [seen.count(f"\n#{number} ") for number in (1, 2)] == [1, 1]


async def test_an_alert_is_read_whole(ask: Ask) -> None:
    """Code has the help of its rule, a dependency its advisory's text, a secret each place where it was found."""
    code = await ask("get_security_alert", repository=HELLO, kind="code_scanning", alert=1)
    assert "This line depends on a user-provided value (1)." in code.text
    assert "See where the value comes from" in code.text
    known = await ask("get_security_alert", repository=HELLO, kind="dependabot", alert=1)
    assert "Update to 1.4.2, or bound the file's size." in known.text
    secret = await ask("get_security_alert", repository=HELLO, kind="secret_scanning", alert=1)
    assert ", 2 places:" in secret.text
    assert '"commit" "hello/settings.py":2 in ' in secret.text


async def test_a_secret_in_a_text_is_found_by_its_address(ask: Ask, github: GitHub) -> None:
    """GitHub tells a place in an issue, a discussion or a pull request by an address of its kind alone."""
    github.hello.security.secrets.alerts[1].locations.append(Location("", 0, "", issue=2))
    secret = await ask("get_security_alert", repository=HELLO, kind="secret_scanning", alert=1)
    assert f'"issue_body" {github.url}/repos/{HELLO}/issues/2' in secret.text


async def test_a_withdrawn_advisory_says_so(ask: Ask, github: GitHub) -> None:
    """In a list, and where it is read whole, which has its address too."""
    known = next(one for one in github.app.stand_in.world.advisories if one.ghsa_id == ADVISORY)
    known.withdrawn_at = known.at
    for arguments in ({}, {"ghsa_id": ADVISORY}):
        answer = await ask("list_security_advisories", **arguments)
        assert "published 2026-10-05T09:00Z, withdrawn 2026-10-05T09:00Z" in answer.text
    assert f"Advisory {ADVISORY}: {github.url}/advisories/{ADVISORY}" in answer.text


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("list_code_scanning_alerts", {"repo": "hello-world", "tool_name": "CodeQL"}, "2 code_scanning alerts"),
        ("list_code_scanning_alerts", {"repo": "hello-world", "severity": "high"}, "1 code_scanning alerts"),
        ("get_dependabot_alert", {"repo": "hello-world", "alertNumber": 2}, "tinycolors prints"),
        ("list_secret_scanning_alerts", {"repo": "hello-world", "secret_type": "x"}, "0 secret_scanning alerts"),
        ("get_global_security_advisory", {"ghsaId": ADVISORY}, "uses up all memory"),
        ("list_global_security_advisories", {"ecosystem": "npm"}, "tinycolors"),
        ("list_repository_security_advisories", {"repo": "hello-world"}, "GHSA-9c3v-4w5x-h7jf"),
    ],
)
async def test_the_peers_names_are_understood(
    open_tools: OpenTools, name: str, arguments: dict[str, Any], words: str
) -> None:
    """A tool of github-mcp-server's is one of ours with its kind, and takes its arguments by the peer's names."""
    client = await open_tools()
    whole = {"owner": "octocat", **arguments} if "repo" in arguments else arguments
    assert words in said(await client.call_tool_mcp(name, whole)).text


async def test_no_tool_shows_a_secret(ask: Ask, github: GitHub) -> None:
    """Not the list, not the alert, not the change of one shows the value; where GitHub can, it hides it itself."""
    texts = [
        (await ask("list_security_alerts", repository=HELLO, kind="secret_scanning", state="all")).text,
        *[
            (await ask("get_security_alert", repository=HELLO, kind="secret_scanning", alert=number)).text
            for number in (1, 2)
        ],
        *[
            (
                await ask(
                    "update_security_alert",
                    repository=HELLO,
                    kind="secret_scanning",
                    alert=1,
                    state=state,
                    **({"reason": "revoked"} if state == "dismissed" else {}),
                )
            ).text
            for state in ("dismissed", "open")
        ],
    ]
    assert not [text for text in texts if SECRET in text or OTHER_SECRET in text]
    queries = [
        one["query"]
        for one in github.app.controls.log.entries
        if one["path"].endswith(("/alerts", "/alerts/1")) and one["method"] == "GET"
    ]
    assert queries
    assert all("hide_secret=true" in query for query in queries)


async def test_advisories_are_found_and_read(ask: Ask) -> None:
    """The database is filtered by package, ecosystem and severity; a repository's own drafts say so."""
    found = await ask("list_security_advisories", affects="greetparse", severity="high")
    assert found.text.startswith("1 advisories, narrowed by affects, severity:")
    assert '"pip" "greetparse" "< 1.4.2", patched "1.4.2", published 2026-10-05T09:00Z' in found.text
    own = await ask("list_security_advisories", repository=HELLO)
    assert '"GHSA-9c3v-4w5x-h7jf" draft medium "hello greets names' in own.text
    one = await ask("list_security_advisories", repository=HELLO, ghsa_id="GHSA-9c3v-4w5x-h7jf")
    assert "A name from a file is printed as it is." in one.text
    both = await ask("list_security_advisories", repository=HELLO, severity="high")
    assert (both.is_error, "nothing was sent" in both.text) == (True, True)


@pytest.mark.parametrize(
    ("kind", "reason", "said_"),
    [("code_scanning", "wont_fix", "won't fix"), ("dependabot", "not_used", "not_used")],
)
async def test_an_alert_is_dismissed_and_opened_again(
    ask: Ask, github: GitHub, kind: str, reason: str, said_: str
) -> None:
    """GitHub gets its own word for the reason; a repeat changes nothing and says so; opening clears the reason."""
    asked = {"repository": HELLO, "kind": kind, "alert": 1}
    for words in ("is dismissed now.", "is dismissed already; nothing was changed."):
        done = await ask("update_security_alert", **asked, state="dismissed", reason=reason, comment="Not here.")
        assert (done.is_error, words in done.text) == (False, True), done.text
        assert f"/{HELLO}/security/" in done.text
    row = (await ask("get_security_alert", **asked)).text
    assert f'by agent-bot because "{said_}": "Not here."' in row
    opened = await ask("update_security_alert", **asked, state="open")
    assert "is open now." in opened.text
    assert "because" not in (await ask("get_security_alert", **asked)).text


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("dependabot", {"state": "dismissed", "reason": "wont_fix"}, "one of fix_started, inaccurate, no_bandwidth"),
        ("code_scanning", {"state": "dismissed"}, "takes a reason, one of false_positive"),
        ("secret_scanning", {"state": "open", "comment": "x"}, "go with state=dismissed"),
    ],
)
async def test_a_reason_that_does_not_fit_is_refused_unsent(
    ask: Ask, github: GitHub, kind: str, fields: dict[str, str], words: str
) -> None:
    """The reasons of each kind are told before anything is sent."""
    answer = await ask("update_security_alert", repository=HELLO, kind=kind, alert=1, **fields)
    assert (answer.is_error, words in answer.text, "nothing was sent" in answer.text) == (True, True, True)
    assert not [one for one in github.app.controls.log.entries if one["method"] == "PATCH"]


@pytest.mark.parametrize("kind", PATHS)
async def test_what_is_switched_off_is_told(ask: Ask, kind: str) -> None:
    """Where the search for alerts is off, the reply says so, and who switches it on."""
    answer = await ask("list_security_alerts", repository=PLANS, kind=kind)
    assert answer.is_error
    assert "is switched off in its repository" in answer.text
    assert "administrator" in answer.text


async def test_code_that_no_tool_analysed_is_told(ask: Ask, github: GitHub) -> None:
    """Before the first analysis GitHub says 404, which is no missing repository."""
    github.hello.security.code.alerts.clear()
    answer = await ask("list_security_alerts", repository=HELLO, kind="code_scanning")
    assert (answer.is_error, "No tool has analysed" in answer.text) == (True, True)


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        ("code_scanning", "Code scanning alerts (classic: security_events)"),
        ("dependabot", "Dependabot alerts (classic: security_events)"),
        ("secret_scanning", "Secret scanning alerts (classic: security_events, of an administrator)"),
    ],
)
async def test_a_missing_permission_is_named(open_tools: OpenTools, kind: str, permission: str) -> None:
    """GitHub says no more than 403 or 404 to who may not see alerts: the reply names the access."""
    client = await open_tools(GITHUB_TOKEN=READER)
    answer = said(await client.call_tool_mcp("list_security_alerts", {"repository": HELLO, "kind": kind}))
    assert (answer.is_error, permission in answer.text) == (True, True), answer.text


async def test_a_narrow_tokens_permission_is_named(ask: Ask, github: GitHub) -> None:
    """A fine-grained token's 403 tells the permission in a header, which is shown."""
    github.app.stand_in.world.tokens[TOKEN].limits = {"vulnerability_alerts": "none"}
    answer = await ask("list_security_alerts", repository=HELLO, kind="dependabot")
    assert (answer.is_error, "vulnerability_alerts=read" in answer.text) == (True, True)


@pytest.mark.parametrize("kind", PATHS)
async def test_replies_cost_few_bytes(ask: Ask, github: GitHub, kind: str) -> None:
    """A list of alerts costs at most two fifths of GitHub's own reply."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(verify=False, base_url=github.url, headers=headers) as http:
        raw = await http.get(f"/repos/{HELLO}/{PATHS[kind]}/alerts")
    answer = await ask("list_security_alerts", repository=HELLO, kind=kind, state="all")
    print(f"{kind}: ours {len(answer.text.encode())}, raw {len(raw.content)}")
    assert len(answer.text.encode()) <= len(raw.content) * 0.4

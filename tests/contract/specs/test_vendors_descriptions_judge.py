"""Other vendors' own descriptions judge by naming their file."""

import pytest
from fixtures.api_specs import api_spec
from stand_ins.kit.openapi import Description

JIRA, SENTRY = "jira-cloud-v3.openapi.json", "sentry.openapi.json"
SENTRY_ISSUES = "/api/0/organizations/acme/issues/"
REQUESTS = [
    (JIRA, "GET", "/rest/api/3/issue/PROJ-1?fields=summary&fields=status", b"", None),
    (JIRA, "GET", "/rest/api/3/issue/PROJ-1?nonsense=1", b"", "nonsense is not described"),
    (JIRA, "POST", "/rest/api/3/search/jql", b'{"jql": "project = PROJ", "maxResults": 50}', None),
    (JIRA, "POST", "/rest/api/3/search/jql", b'{"jql": "project = PROJ", "maxResults": "x"}', "not of type 'integer'"),
    (JIRA, "POST", "/rest/api/3/issue/PROJ-1/transitions", b'{"transition": {"id": "31"}}', None),
    ("jira-software-agile.openapi.json", "GET", "/rest/agile/1.0/board?startAt=0&maxResults=50", b"", None),
    (SENTRY, "GET", f"{SENTRY_ISSUES}?query=is:unresolved&limit=10", b"", None),
    (SENTRY, "GET", f"{SENTRY_ISSUES}?limit=ten", b"", "not of type 'integer'"),
    ("jaeger-query-v3.openapi.json", "GET", "/api/v3/services", b"", None),
    ("prometheus.openapi.yaml", "GET", "/api/v1/query?query=up&time=1700000000", b"", None),
    ("prometheus.openapi.yaml", "GET", "/api/v1/query?time=1700000000", b"", "query is missing"),
    ("prometheus.openapi.yaml", "POST", "/api/v1/query", b"query=up&limit=x", "not of type 'integer'"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method", "target", "body", "fault"), REQUESTS)
def test_requests_are_judged(name: str, method: str, target: str, body: bytes, fault: str | None) -> None:
    """A request that fits has no fault; a wrong one has the fault named."""
    description = Description(api_spec(name))
    path, _, query = target.partition("?")
    operation = description.find(method, path)
    assert operation is not None
    media = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    faults = description.request_faults(operation, query, media, body)
    assert (faults == []) if fault is None else (len(faults) == 1 and fault in faults[0]), faults


def test_replies_are_judged() -> None:
    """A reply that lacks what the vendor promises has the lack named."""
    description = Description(api_spec(SENTRY))
    operation = description.find("GET", SENTRY_ISSUES)
    assert operation is not None
    faults = description.reply_faults(operation, 200, {"content-type": "application/json"}, b'[{"id": "1"}]')
    assert "$[0]: 'title' is a required property" in faults

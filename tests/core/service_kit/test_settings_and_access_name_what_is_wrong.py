"""Settings and access files: an error names the variable or key, the value's fault and the remedy."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import AliasChoices, Field, SecretStr
from service_kit.access import AccessFile, DayBudget, read_access
from service_kit.bearer import bearer_of, new_token, token_hash
from service_kit.errors import ConfigError
from service_kit.redact import Masker, redact
from service_kit.settings import Port, ServedSettings, Settings, load, split_csv

HASH = token_hash("abd_secret")


class Sample(Settings):
    """Two settings, one with two names."""

    port: int = Field(1, description="a port")
    token: str = Field(validation_alias=AliasChoices("GITHUB_TOKEN", "GITHUB_PAT"), description="a token")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "GITHUB_TOKEN or GITHUB_PAT is not set"),
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN or GITHUB_PAT is not set"),
        ({"GITHUB_PAT": "t", "PORT": "many"}, "PORT='many' is not usable"),
    ],
)
def test_a_wrong_variable_is_named(environ: dict[str, str], message: str) -> None:
    """A missing or wrong variable is named, with its value."""
    with pytest.raises(ConfigError, match=message):
        load(Sample, environ)


@pytest.mark.parametrize("name", ["KEY", "HIDDEN", "COUNT", "URL"])
def test_no_secret_is_shown(name: str) -> None:
    """Neither where one belongs, nor where one was put by mistake."""
    secret = "ghp_" + "a1" * 18

    class Secrets(Settings):
        key: SecretStr = Field(SecretStr(""), max_length=3)
        hidden: str = Field("", max_length=3, repr=False)
        count: int = 0
        url: int = 0

    given = f"https://user:{secret}@host" if name == "URL" else secret
    with pytest.raises(ConfigError, match=f"^{name}\\b.* is not usable") as error:
        load(Secrets, {name: given})
    assert "a1a1" not in str(error.value)


class Lines(Settings):
    """Secrets in each form that a setting has, and a text that may have lines."""

    token: SecretStr | None = Field(None, validation_alias="GITHUB_TOKEN")
    url: str = Field("", repr=False)
    replies: dict[str, SecretStr] = Field(default_factory=dict)
    models: str = ""


@pytest.mark.parametrize("control", ["\n", "\r", "\t", "\x00", "\x7f", "\x85"])
def test_a_secret_of_more_than_a_line_is_refused_by_name(control: str) -> None:
    """A secret with a control character is refused at start, and not shown; other settings may have lines."""
    for name, value in {
        "GITHUB_TOKEN": "ghp_1",
        "URL": "redis://ghp_1@",
        "REPLIES": '{"https://a": "ghp_1CONTROL"}',
    }.items():
        given = value.replace("CONTROL", json.dumps(control)[1:-1]) if name == "REPLIES" else value + control
        with pytest.raises(ConfigError, match=f"^{name} is not usable: it holds a line break") as error:
            load(Lines, {name: given})
        assert "ghp_1" not in str(error.value)
    assert load(Lines, {"GITHUB_TOKEN": "ghp_1", "MODELS": f"a,{control}b"}).models == f"a,{control}b"


@pytest.mark.parametrize("token", [" ghp_1", "ghp_1 "])
def test_a_secret_in_blanks_is_refused_by_name(token: str) -> None:
    """No header begins or ends with a blank, so that what was pasted with one opens nothing."""
    with pytest.raises(ConfigError, match=r"^GITHUB_TOKEN is not usable: it begins or ends with a blank") as error:
        load(Lines, {"GITHUB_TOKEN": token})
    assert "ghp_1" not in str(error.value)


def test_either_name_sets_a_setting() -> None:
    """An alias serves as well as the first name."""
    assert load(Sample, {"GITHUB_PAT": "t", "PORT": "7"}) == Sample(port=7, GITHUB_TOKEN="t")


class Served(ServedSettings):
    """A process with a port of its own."""

    port: Port = 3001


def test_every_address_is_said_in_the_same_words() -> None:
    """A process sets its default port alone: limits, meanings and lists come with the base."""
    settings = load(Served, {"ALLOWED_HOSTS": "a.example, b.example", "ALLOWED_ORIGINS": ""})
    assert (settings.host, settings.port, settings.hosts, settings.origins) == (
        "127.0.0.1",
        3001,
        ("a.example", "b.example"),
        (),
    )
    assert Served.model_fields["port"].description == ServedSettings.model_fields["port"].description
    with pytest.raises(ConfigError, match=r"PORT='65536' is not usable: .*65535 \(port to listen on\)"):
        load(Served, {"PORT": "65536"})


@pytest.mark.parametrize(
    ("text", "parts"), [(None, ()), ("", ()), (" , ", ()), ("b, a,,B ", ("b", "a", "B")), ("a b", ("a b",))]
)
def test_a_comma_list_is_read_in_one_way(text: str | None, parts: tuple[str, ...]) -> None:
    """Order and case stay; blanks around parts and empty parts count for nothing."""
    assert split_csv(text) == parts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "must hold a mapping"),
        ("tenants: {a: {vendors: {github: {resourcs: {}}}}}", "resourcs"),
        ("streams: {s: {skills: [x], budget: {usd: -1}}}", "streams.s.budget.usd"),
        ("http: {h: {token_sha256: [plain]}}", "http.h.token_sha256.0"),
        ("tenants: {a: {budgets: {day: {usd: -1}}}}", "tenants.a.budgets.day.usd"),
        ("tenants: {a: {budgets: {day: {dollars: 1}}}}", "tenants.a.budgets.day.dollars"),
        ("tenants: {a: {budgets: {skills: {Triage: {usd: 1}}}}}", "tenants.a.budgets.skills.Triage"),
        ("tenants: {a: {budgets: {skills: {triage: {tokens: 1.5}}}}}", "tenants.a.budgets.skills.triage.tokens"),
        ("doors: {}", "doors"),
        ("cli: {reply_origins: ['https://a.b/path']}", r"cli\.reply_origins\.0: (?!Value error).*https://host:port"),
        ("cli: {reply_origins: [a.b]}", "cli.reply_origins.0"),
        ("streams: {s: {approves: ['*'], actor: {kind: a, id: b}}}", "streams.s: approves: only people decide"),
        ("http: {h: {approves: [triage]}}", "http.h: approves: an actor is needed"),
        ("a: [", r"cannot be read: line 2: did not find expected node content"),
        ("a: *b", r"cannot be read: line 1: found undefined alias"),
        ("a: \x00", r"cannot be read: unacceptable character #x0000"),
        ("[" * 998 + "]" * 998, "cannot be read: it is nested too deep"),
        ("[" * 5000, "line 1: exceeded maximum nesting depth"),
        ("tenants: {a: {vendor: {}}}", r"line 1: tenants\.a\.vendor: this key is not known: did you mean vendors\?"),
    ],
)
def test_a_wrong_access_entry_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Each wrong entry of the access file is named by its place."""
    path = tmp_path / "access.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_access(path)


def test_every_error_is_told_at_once_by_its_line(tmp_path: Path) -> None:
    """A missing key is reported at the line where its entry begins; a key that is given twice is an error."""
    path = tmp_path / "access.yaml"
    path.write_text(
        """\
tenants:
  default:
    vendors:
      github: {mode: wirte}
  default:
    vendors: {}
services:
  github-mcp:
    opens:
      github:
        resourses: {repositories: [a/b]}
http:
  main:
    token_sha256:
      - abc
"""
    )
    with pytest.raises(ConfigError) as error:
        read_access(path)
    head, _, told = str(error.value).partition(": ")
    assert head == f"ACCESS_FILE={path}"
    assert [item.split(": ")[:2] for item in told.split("; ")] == [
        ["line 5", "default"],
        ["line 8", "services.github-mcp.token_sha256"],
        ["line 11", "services.github-mcp.opens.github.resourses"],
        ["line 15", "http.main.token_sha256.0"],
    ]
    assert "did you mean resources?" in told


def test_a_tenants_budgets_bound_nothing_until_they_are_given(tmp_path: Path) -> None:
    """A tenant has the budgets of its entry, exactly as they are written, and no others."""
    path = tmp_path / "access.yaml"
    path.write_text("tenants: {a: {}, b: {budgets: {day: {usd: 0.1}, skills: {triage: {tokens: 5}}}}}")
    tenants = read_access(path).tenants
    assert (tenants["a"].budgets.day, tenants["a"].budgets.skills) == (DayBudget(), {})
    assert tenants["b"].budgets.day == DayBudget(usd=Decimal("0.1"))
    assert tenants["b"].budgets.skills == {"triage": DayBudget(tokens=5)}


def test_doors_are_named_by_their_place_and_opened_by_their_token(tmp_path: Path) -> None:
    """A door's name comes from where it stands, whatever the entry claims; only its own token opens it."""
    path = tmp_path / "access.yaml"
    path.write_text(f"http: {{local: {{name: 'stream:x', skills: [a], token_sha256: [{HASH}]}}}}")
    door = read_access(path).http_door("abd_secret")
    assert door is not None
    assert door.name == "http:local"
    assert door.opens("a")
    assert not door.opens("b")
    assert read_access(path).http_door("abd_other") is None


def test_a_doors_lists_are_empty_until_filled(tmp_path: Path) -> None:
    """A door offers no model and sends to no origin but those listed; origins are kept in their one form."""
    path = tmp_path / "access.yaml"
    path.write_text("cli: {}\nhttp: {a: {models: [m], reply_origins: ['https://A.b:443/']}, b: {models: ['*']}}")
    access = read_access(path)
    assert access.cli is not None
    assert (access.cli.offers("m"), access.cli.reply_origins) == (False, [])
    assert (access.http["a"].offers("m"), access.http["a"].offers("n"), access.http["b"].offers("n")) == (
        True,
        False,
        True,
    )
    assert access.http["a"].reply_origins == ["https://a.b"]


def test_a_broken_change_keeps_the_last_good_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change is taken up without a restart; a broken one leaves the doors as they were."""
    monkeypatch.setattr("service_kit.watched.LOOK_EVERY_SECONDS", 0.0)
    path = tmp_path / "access.yaml"
    path.write_text("streams: {one: {skills: [a]}}")
    access = AccessFile(path)
    path.write_text("streams: {one: {skills: [a]}, two: {skills: [a]}}")
    assert set(access.current().streams) == {"one", "two"}
    path.write_text("streams: [")
    assert set(access.current().streams) == {"one", "two"}


def test_secrets_are_masked_by_shape_and_by_value() -> None:
    """Known shapes are masked anywhere, and a run's own tokens by what they are."""
    token = new_token("service")
    assert redact(f"x {token} y") == "x [secret] y"
    assert redact("Authorization: Bearer abcdefghijklmnop1234") == "Authorization: Bearer [secret]"
    assert Masker(["hunter2-hunter2"]).mask("my hunter2-hunter2!") == "my [secret]!"


def test_a_bearer_header_gives_its_token_alone() -> None:
    """Other schemes and empty tokens give nothing."""
    assert bearer_of("Bearer  t ") == "t"
    assert bearer_of("bearer t") == "t"
    assert [bearer_of(header) for header in (None, "", "Basic t", "Bearer", "Bearer ")] == [None] * 5

"""Adds alerts of all kinds to octocat/hello-world, and advisories. All faults and secrets are made up."""

from datetime import UTC, datetime, timedelta

from stand_ins.github.records import Repository
from stand_ins.github.security_records import Advisory, CodeAlert, DependencyAlert, Location, SecretAlert
from stand_ins.github.world import World

AT = datetime(2026, 10, 5, 9, tzinfo=UTC)
SECRET = "xkeysib-" + "5up3rS3cr3tV4lu3" * 4
"""The value of a found secret, which no agent may see."""
OTHER_SECRET = "AKIA" + "QWERTYUIOPASDFGH"


def apply(world: World) -> None:
    """Add them."""
    hello = world.named("octocat/hello-world")
    mona = world.user("mona-example")
    parser = Advisory(
        "GHSA-2m4p-7q9r-x3vw",
        "CVE-2026-20177",
        "greetparse reads settings of any size",
        "A settings file of many nested levels uses up all memory.\n\nUpdate to 1.4.2, or bound the file's size.",
        "high",
        "pip",
        "greetparse",
        "< 1.4.2",
        "1.4.2",
        AT,
        mona,
    )
    colors = Advisory(
        "GHSA-5f6h-8j2c-q4mm",
        None,
        "tinycolors prints what a terminal obeys",
        "Escape sequences in names of colours reach the terminal.",
        "low",
        "npm",
        "tinycolors",
        "<= 3.0.0",
        None,
        AT + timedelta(days=3),
        mona,
    )
    world.advisories += [parser, colors]
    _add_code_alerts(hello)
    _add_dependency_alerts(hello, parser, colors)
    _add_secret_alerts(hello)
    draft = Advisory(
        "GHSA-9c3v-4w5x-h7jf",
        None,
        "hello greets names with escape sequences",
        "A name from a file is printed as it is.",
        "medium",
        "pip",
        "hello",
        "< 2.3.1",
        "2.3.1",
        AT,
        mona,
        "draft",
    )
    hello.security.advisories = [draft]


def _add_code_alerts(hello: Repository) -> None:
    rules = (
        ("py/path-injection", "Uncontrolled data used in path expression", "high", "hello/settings.py"),
        ("py/clear-text-logging", "Clear-text logging of sensitive information", "medium", "hello/greet.py"),
        ("py/unused-import", "Unused import", "low", "hello/greet.py"),
    )
    for number, (rule, description, severity, path) in enumerate(rules, 1):
        hello.security.code.add(
            CodeAlert(
                number,
                AT + timedelta(hours=number),
                rule=rule,
                description=description,
                help=f"# {description}\nSee where the value comes from, and check it there.",
                severity=severity,
                message=f"This line depends on a user-provided value ({number}).",
                location=Location(path, number + 3, hello.head_sha),
            )
        )
    last = hello.security.code.alerts[3]
    last.state, last.reason, last.comment = "dismissed", "used in tests", "Only there."
    last.closed_at, last.closed_by = AT + timedelta(days=1), hello.owner


def _add_dependency_alerts(hello: Repository, parser: Advisory, colors: Advisory) -> None:
    for number, advisory in enumerate((parser, colors), 1):
        manifest = "requirements.txt" if advisory is parser else "docs/package-lock.json"
        hello.security.dependencies.add(
            DependencyAlert(number, AT + timedelta(days=number), advisory=advisory, manifest=manifest)
        )


def _add_secret_alerts(hello: Repository) -> None:
    found = (
        ("sendinblue_api_key", "Sendinblue API Key", SECRET, "active"),
        ("amazon_aws_access_key_id", "Amazon AWS Access Key ID", OTHER_SECRET, "inactive"),
    )
    for number, (type_, name, secret, validity) in enumerate(found, 1):
        places = [Location("hello/settings.py", line, hello.head_sha) for line in range(number, number + 2)]
        hello.security.secrets.add(
            SecretAlert(
                number,
                AT + timedelta(days=number),
                type=type_,
                type_name=name,
                secret=secret,
                validity=validity,
                locations=places,
            )
        )

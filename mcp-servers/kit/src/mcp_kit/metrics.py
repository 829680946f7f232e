"""What a server counts. Labels are registered tool names and closed lists alone, never what a client sent."""

from prometheus_client import CollectorRegistry, Counter, Histogram

UNKNOWN_TOOL = "unknown"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The metrics of one server process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Histogram(
            "mcp_tool_call_seconds",
            "Tool calls by registered tool and outcome.",
            ("tool", "outcome"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.reply_characters = Counter(
            "mcp_reply_characters", "Characters of replies by tool.", ("tool",), registry=self.registry
        )

"""What a worker counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

RUN_BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)


class Metrics:
    """The worker's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.attempts = Counter(
            "agent_engine_attempts_total",
            "Attempts that ended here, by skill, status (succeeded, failed, cancelled, requeued, lost) and reason",
            ["skill", "status", "reason"],
            registry=self.registry,
        )
        self.running = Gauge("agent_engine_running", "Attempts under way", registry=self.registry)
        self.slots = Gauge("agent_engine_slots", "Attempts that may be under way at once", registry=self.registry)
        self.run_seconds = Histogram(
            "agent_engine_run_seconds",
            "How long CLI processes ran",
            ["skill", "engine"],
            buckets=RUN_BUCKETS,
            registry=self.registry,
        )
        self.confined = Counter(
            "agent_engine_runs_total",
            "CLI processes, by confinement and limits (cgroup2, cgroup1, rlimit, partial, none)",
            ["confinement", "limits"],
            registry=self.registry,
        )
        self.reached = Counter(
            "agent_engine_limits_reached_total",
            "CLI processes that came up against a limit on memory, processes or output",
            ["limits"],
            registry=self.registry,
        )
        self.tool_calls = Counter(
            "agent_engine_tool_results_total",
            "Tool results, by tool and outcome (ok, failed, denied) and whether their ref fits",
            ["tool", "outcome", "ref"],
            registry=self.registry,
        )
        self.drained = Counter("agent_engine_drained_total", "Entries taken from the inbox", registry=self.registry)
        self.delivered = Counter("agent_engine_delivered_total", "Outbox rows tried", registry=self.registry)
        self.waiting = Gauge(
            "agent_engine_queued",
            "Due queued tasks of each pool, the same at every worker",
            ["pool"],
            registry=self.registry,
        )
        self.loop_errors = Counter(
            "agent_engine_loop_errors_total", "Failures of a loop that were survived", ["loop"], registry=self.registry
        )

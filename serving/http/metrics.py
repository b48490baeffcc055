"""The metrics for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """Counters of one server, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter("sentibench_requests", "Requests", ["path", "status"], registry=registry)
        self.seconds = Histogram(
            "sentibench_request_seconds", "Time to answer", ["path"], registry=registry,
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
        )  # fmt: skip
        self.batches = Histogram(
            "sentibench_batch_texts", "Texts that went through the model at once", ["name"], registry=registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
        )  # fmt: skip
        self.queued = Gauge("sentibench_queued_texts", "Texts that wait for the model", ["name"], registry=registry)
        self.model = Gauge("sentibench_model", "1 for the model that answers", ["name", "hash"], registry=registry)
        self.swaps = Counter("sentibench_model_swaps", "New models, by outcome", ["name", "outcome"], registry=registry)
        self.labels = Counter("sentibench_predictions", "Predictions", ["name", "label"], registry=registry)

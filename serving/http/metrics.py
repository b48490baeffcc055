"""The metrics for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """Counters of one server, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("sentibench_requests", "Requests", ["path", "status"], registry=self.registry)
        self.seconds = Histogram(
            "sentibench_request_seconds", "Time to answer", ["path"], registry=self.registry,
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
        )  # fmt: skip
        self.batches = Histogram(
            "sentibench_batch_texts", "Texts that went through the model at once", registry=self.registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
        )  # fmt: skip
        self.queued = Gauge("sentibench_queued_texts", "Texts that wait for the model", registry=self.registry)
        self.model = Gauge("sentibench_model", "1 for the model that answers", ["hash"], registry=self.registry)
        self.swaps = Counter("sentibench_model_swaps", "New models, by outcome", ["outcome"], registry=self.registry)
        self.labels = Counter("sentibench_predictions", "Predictions", ["label"], registry=self.registry)

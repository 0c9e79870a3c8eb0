"""Every Prometheus metric of the service, on the registry passed in.

The four names the product promises are kept to the letter (`embeddings_generated_total`,
`embedding_duration_seconds`, `gpu_memory_used_bytes`, `active_requests`); the rest begin with
`embedding_`, `http_` or `index_`; `process_` is the front process as the system sees it. Label
values come from closed sets (served names, routes, reasons), never from a request.
"""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from embedding_service.telemetry.index_metrics import IndexMetrics
from embedding_service.telemetry.waits import Waits

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Of requests, to be told by name; others share one: a client can invent as many as it likes."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_TOKENS = (16, 64, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
_RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Metrics:
    """All instruments as attributes; one instance for each registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._has_no_device = True
        # A `_created` series beside every counter and histogram doubles a scrape for nothing.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the only untyped one there
        self._count_requests(registry)
        self._count_work(registry)
        self._watch_queue(registry)
        self._watch_cache(registry)
        self._watch_models(registry)
        self.indexes = IndexMetrics(registry)
        self.waits = Waits()
        """Of all that waits for its turn here, for who decides how many processes there are."""
        ProcessCollector(registry=registry)

    def tell_device_memory(self, device: str, used: int) -> None:
        """Set what is in use on a GPU; the series that says there is none goes."""
        self.gpu_memory.labels(device=device).set(used)
        if self._has_no_device:
            self._has_no_device = False
            self.gpu_memory.remove("none")

    def _count_requests(self, registry: CollectorRegistry) -> None:
        self.active_requests = Gauge(
            "active_requests",
            "Requests being worked on now, probes and metrics excepted.",
            registry=registry,
        )
        self.http_requests = Counter(
            "http_requests_total",
            "Requests answered.",
            ["route", "method", "status"],
            registry=registry,
        )
        self.http_duration = Histogram(
            "http_request_duration_seconds",
            "Seconds from a request's first byte to its answer's last.",
            ["route"],
            registry=registry,
            buckets=_SECONDS,
        )
        self.refusals = Counter(
            "embedding_refusals_total",
            "Requests answered with an error, by its code (docs/errors.md).",
            ["reason"],
            registry=registry,
        )
        self.overloads = Counter(
            "embedding_overload_refusals_total",
            "Requests answered with 429 before any work, by why: queue_full, wait_too_long (beyond "
            "MAX_WAIT) or timeout_too_short (beyond what the request allows).",
            ["model", "reason"],
            registry=registry,
        )

    def _count_work(self, registry: CollectorRegistry) -> None:
        self.embeddings_generated = Counter(
            "embeddings_generated_total", "Vectors handed out.", ["model"], registry=registry
        )
        self.embedding_duration = Histogram(
            "embedding_duration_seconds",
            "Seconds from an accepted embedding request to its last vector.",
            ["model"],
            registry=registry,
            buckets=_SECONDS,
        )
        self.tokens = Counter(
            "embedding_tokens_total", "Tokens the model has read.", ["model"], registry=registry
        )
        self.shared_texts = Counter(
            "embedding_shared_texts_total",
            "Texts that got the vector of an identical one which was under way already.",
            ["model"],
            registry=registry,
        )
        self.truncations = Counter(
            "embedding_truncations_total",
            "Texts cut because they were longer than the model reads.",
            ["model"],
            registry=registry,
        )
        self.stage_duration = Histogram(
            "embedding_stage_duration_seconds",
            "Seconds of a request in one stage: tokenisation, queue, inference or encoding.",
            ["stage"],
            registry=registry,
            buckets=_SECONDS,
        )
        self.failures = Counter(
            "embedding_inference_failures_total",
            "Forwards that failed, by kind: error, crash, hang, out_of_memory or non_finite.",
            ["model", "kind"],
            registry=registry,
        )
        self.dropped = Counter(
            "embedding_dropped_texts_total",
            "Texts that left the queue unembedded: cancelled or deadline.",
            ["model", "reason"],
            registry=registry,
        )

    def _watch_queue(self, registry: CollectorRegistry) -> None:
        self.queue_texts = Gauge(
            "embedding_queue_texts", "Texts waiting now.", ["model", "traffic"], registry=registry
        )
        self.queue_tokens = Gauge(
            "embedding_queue_tokens", "Tokens waiting now.", ["model", "traffic"], registry=registry
        )
        self.queue_wait = Histogram(
            "embedding_queue_wait_seconds",
            "Seconds a text waited for its forward.",
            ["model", "traffic"],
            registry=registry,
            buckets=_SECONDS,
        )
        self.batch_texts = Histogram(
            "embedding_batch_texts",
            "Texts in one forward.",
            ["model"],
            registry=registry,
            buckets=_TEXTS,
        )
        self.batch_tokens = Histogram(
            "embedding_batch_tokens",
            "Tokens in one forward.",
            ["model"],
            registry=registry,
            buckets=_TOKENS,
        )
        self.batch_fill = Histogram(
            "embedding_batch_fill_ratio",
            "Share of the token budget that a forward used, 0 to 1.",
            ["model"],
            registry=registry,
            buckets=_RATIOS,
        )
        self.batch_budget = Gauge(
            "embedding_batch_budget_tokens",
            "Tokens one forward may have now: MAX_BATCH_TOKENS, or else what "
            "`embedding_batch_knee_tokens` tells once it is measured; halved when memory runs out.",
            ["model"],
            registry=registry,
        )
        self.batch_knee = Gauge(
            "embedding_batch_knee_tokens",
            "Tokens of the shortest forward that does 95 % of the most tokens a second: the budget "
            "as measured after the load; 0 until then, or where MAX_BATCH_TOKENS is set.",
            ["model"],
            registry=registry,
        )

    def _watch_cache(self, registry: CollectorRegistry) -> None:
        self.cache_lookups = Counter(
            "embedding_cache_lookups_total",
            "Texts looked up in the cache of vectors (EMBEDDING_CACHE_SIZE), by result: hit or "
            "miss.",
            ["model", "result"],
            registry=registry,
        )
        self.cache_evictions = Counter(
            "embedding_cache_evictions_total",
            "Vectors dropped from that cache, because room was needed for others.",
            registry=registry,
        )
        self.cache_bytes = Gauge(
            "embedding_cache_bytes", "Bytes of the vectors in that cache.", registry=registry
        )

    def _watch_models(self, registry: CollectorRegistry) -> None:
        self.model_info = Gauge(
            "embedding_model_info",
            "1 for every loaded model.",
            ["model", "reference", "fingerprint", "dimension", "backend", "device", "dtype"],
            registry=registry,
        )
        self.cpu_fallback = Gauge(
            "embedding_cpu_fallback",
            "1 while a model runs on the CPU although a GPU was wanted.",
            ["model"],
            registry=registry,
        )
        self.dtype_fallback = Gauge(
            "embedding_dtype_fallback",
            "1 while a model computes in float32 although bfloat16 was wanted.",
            ["model"],
            registry=registry,
        )
        self.workers = Gauge(
            "embedding_workers", "Worker processes that are ready.", ["model"], registry=registry
        )
        self.worker_restarts = Counter(
            "embedding_worker_restarts_total",
            "Worker processes replaced, by cause: crash or hang.",
            ["model", "cause"],
            registry=registry,
        )
        self.gpu_memory = Gauge(
            "gpu_memory_used_bytes",
            "Bytes of device memory in use, by device; one series of 0 without a GPU.",
            ["device"],
            registry=registry,
        )
        self.gpu_memory.labels(device="none").set(0)

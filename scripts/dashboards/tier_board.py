"""The dashboard of the embedding tier: texts in, vectors out."""

from typing import Final

from dashboards.board import Board, Kind, Panel, Row, Unit, Variable
from dashboards.traffic import build_traffic

_QUEUE: Final = Row(
    "The queue",
    (
        Panel(
            "Wait for the model, 95 %",
            "One text in twenty waits longer. Interactive goes before bulk (alert "
            "EmbeddingTierSlow from 2 s).",
            Unit.SECONDS,
            {
                "{{model}}, {{traffic}}": "histogram_quantile(0.95, sum by (model, traffic, le) "
                "(rate(embedding_queue_wait_seconds_bucket{@}[$__rate_interval])))"
            },
        ),
        Panel(
            "Tokens that wait",
            "What an autoscaler should go by: it grows before anybody is refused.",
            Unit.COUNT,
            {"{{model}}, {{traffic}}": "sum by (model, traffic) (embedding_queue_tokens{@})"},
            is_stacked=True,
        ),
        Panel(
            "Texts that wait",
            "The same in texts.",
            Unit.COUNT,
            {"{{model}}, {{traffic}}": "sum by (model, traffic) (embedding_queue_texts{@})"},
            is_stacked=True,
        ),
        Panel(
            "Texts that left the queue unembedded",
            "`deadline`: nobody waits for them any more; `cancelled`: the caller has gone.",
            Unit.PER_SECOND,
            {
                "{{model}}, {{reason}}": "sum by (model, reason) "
                "(rate(embedding_dropped_texts_total{@}[$__rate_interval]))"
            },
        ),
        Panel(
            "Requests refused before any work",
            "With 429, by why: the queue is full, or the wait would be longer than the server or "
            "the request allows.",
            Unit.PER_SECOND,
            {
                "{{model}}, {{reason}}": "sum by (model, reason) "
                "(rate(embedding_overload_refusals_total{@}[$__rate_interval]))"
            },
        ),
    ),
)

_SAVED: Final = Row(
    "Work that was saved",
    (
        Panel(
            "Texts that another's vector was for",
            "Share of texts that were being embedded already when they came.",
            Unit.SHARE,
            {
                "{{model}}": "sum by (model) (rate(embedding_shared_texts_total{@}"
                "[$__rate_interval])) / sum by (model) "
                "(rate(embeddings_generated_total{@}[$__rate_interval]))"
            },
        ),
        Panel(
            "Texts found in the cache",
            "Share of those looked up; nothing where EMBEDDING_CACHE_SIZE is 0.",
            Unit.SHARE,
            {
                "{{model}}": "sum by (model) (rate(embedding_cache_lookups_total"
                '{@,result="hit"}[$__rate_interval])) / sum by (model) '
                "(rate(embedding_cache_lookups_total{@}[$__rate_interval]))"
            },
        ),
        Panel(
            "Size of the cache",
            "Of its vectors.",
            Unit.BYTES,
            {"{{pod}}": "sum by (pod) (embedding_cache_bytes{@})"},
        ),
        Panel(
            "Vectors dropped from the cache",
            "For want of room. As many as are looked up: it is too small to be of use.",
            Unit.PER_SECOND,
            {
                "{{pod}}": "sum by (pod) "
                "(rate(embedding_cache_evictions_total{@}[$__rate_interval]))"
            },
        ),
    ),
)

_MODEL: Final = Row(
    "The model",
    (
        Panel(
            "Vectors",
            "Handed out, by model.",
            Unit.PER_SECOND,
            {"{{model}}": "sum by (model) (rate(embeddings_generated_total{@}[$__rate_interval]))"},
        ),
        Panel(
            "Time until the last vector, 95 %",
            "Of a request that was accepted: HTTP and refusals are not in it.",
            Unit.SECONDS,
            {
                "{{model}}": "histogram_quantile(0.95, sum by (model, le) "
                "(rate(embedding_duration_seconds_bucket{@}[$__rate_interval])))"
            },
        ),
        Panel(
            "Tokens",
            "Read by the models: the measure of their work.",
            Unit.PER_SECOND,
            {"{{model}}": "sum by (model) (rate(embedding_tokens_total{@}[$__rate_interval]))"},
        ),
        Panel(
            "Where the time goes, 95 %",
            "Of a request: tokenisation, queue, inference, encoding of the answer.",
            Unit.SECONDS,
            {
                "{{stage}}": "histogram_quantile(0.95, sum by (stage, le) "
                "(rate(embedding_stage_duration_seconds_bucket{@}[$__rate_interval])))"
            },
        ),
        Panel(
            "How full batches are",
            "Share of the token budget that a forward uses. Low with an empty queue is well; low "
            "with a full one is not.",
            Unit.SHARE,
            {
                "{{model}}": "sum by (model) (rate(embedding_batch_fill_ratio_sum{@}"
                "[$__rate_interval])) / sum by (model) "
                "(rate(embedding_batch_fill_ratio_count{@}[$__rate_interval]))"
            },
        ),
        Panel(
            "Texts in a batch",
            "On average.",
            Unit.COUNT,
            {
                "{{model}}": "sum by (model) (rate(embedding_batch_texts_sum{@}[$__rate_interval]))"
                " / sum by (model) (rate(embedding_batch_texts_count{@}[$__rate_interval]))"
            },
        ),
        Panel(
            "Tokens in a batch",
            "On average.",
            Unit.COUNT,
            {
                "{{model}}": "sum by (model) (rate(embedding_batch_tokens_sum{@}"
                "[$__rate_interval])) / sum by (model) "
                "(rate(embedding_batch_tokens_count{@}[$__rate_interval]))"
            },
        ),
        Panel(
            "Token budget of a forward",
            "Measured at the start, and halved each time that memory runs out.",
            Unit.COUNT,
            {
                "{{model}}, {{pod}}": "max by (model, pod) (embedding_batch_budget_tokens{@})",
                "{{model}}, {{pod}}: measured": "max by (model, pod) "
                "(embedding_batch_knee_tokens{@})",
            },
        ),
        Panel(
            "Texts that are cut",
            "Share of texts that are longer than the model reads; their ends are not in the "
            "vectors.",
            Unit.SHARE,
            {
                "{{model}}": "sum by (model) (rate(embedding_truncations_total{@}"
                "[$__rate_interval])) / sum by (model) "
                "(rate(embeddings_generated_total{@}[$__rate_interval]))"
            },
        ),
        Panel(
            "Forwards that fail",
            "By kind. `out_of_memory` is tried again with half as much; `non_finite` is a text or "
            "a model that gives NaN.",
            Unit.PER_SECOND,
            {
                "{{model}}, {{kind}}": "sum by (model, kind) "
                "(rate(embedding_inference_failures_total{@}[$__rate_interval]))"
            },
        ),
    ),
)

_MACHINE: Final = Row(
    "Pods and devices",
    (
        Panel(
            "Workers at work",
            "Processes that run a model; none at all is alert EmbeddingTierUnavailable.",
            Unit.COUNT,
            {"{{model}}, {{pod}}": "sum by (model, pod) (embedding_workers{@})"},
        ),
        Panel(
            "Workers replaced",
            "In an hour, by cause: crash or hang.",
            Unit.COUNT,
            {
                "{{pod}}, {{cause}}": "sum by (pod, cause) "
                "(increase(embedding_worker_restarts_total{@}[1h]))"
            },
        ),
        Panel(
            "Models in float32 that were to be in bfloat16",
            "Because it is no faster there, or not near enough: the log and /health say which.",
            Unit.COUNT,
            {"{{model}}, {{pod}}": "sum by (model, pod) (embedding_dtype_fallback{@})"},
        ),
        Panel(
            "GPU memory in use",
            "By device; 0 on `none` is a pod without a GPU.",
            Unit.BYTES,
            {"{{pod}}, {{device}}": "sum by (pod, device) (gpu_memory_used_bytes{@})"},
        ),
        Panel(
            "Requests at once",
            "That are being worked on now.",
            Unit.COUNT,
            {"{{pod}}": "sum by (pod) (active_requests{@})"},
            is_stacked=True,
        ),
        Panel(
            "CPU of the front process",
            "Cores in use for HTTP, tokenising and the queue; the workers' are not in it. One core "
            "is all that Python gives to most of it.",
            Unit.CORES,
            {"{{pod}}": "sum by (pod) (rate(process_cpu_seconds_total{@}[$__rate_interval]))"},
        ),
        Panel(
            "Memory of the front process",
            "The workers' is not in it.",
            Unit.BYTES,
            {"{{pod}}": "sum by (pod) (process_resident_memory_bytes{@})"},
        ),
        Panel(
            "Models",
            "What is loaded, and on what. One name with two fingerprints is alert "
            "EmbeddingTierMixedModels.",
            Unit.COUNT,
            {"": "embedding_model_info{@}"},
            kind=Kind.TABLE,
            columns=("pod", "model", "reference", "dimension", "device", "dtype", "fingerprint"),
            width=24,
        ),
    ),
)

TIER: Final = Board(
    uid="gpu-embedding-tier",
    title="gpu-embedding / embedding tier",
    description="Texts in, vectors out: load, waiting, failures, devices.",
    variables=(
        Variable("namespace", "Namespace", "label_values(embedding_workers, namespace)"),
        Variable("job", "Job", 'label_values(embedding_workers{namespace=~"$namespace"}, job)'),
    ),
    selector='namespace=~"$namespace", job=~"$job"',
    rows=(build_traffic("pod", "EmbeddingTierErrors"), _QUEUE, _MODEL, _SAVED, _MACHINE),
)

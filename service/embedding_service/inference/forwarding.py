"""One request through one loaded model: checked, tokenised, queued, collected."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import cast

from embedding_service.errors import FingerprintMismatch, InvalidRequest, Issue, Overloaded
from embedding_service.inference.admission import admit, predict_wait
from embedding_service.inference.estimates import estimate_all
from embedding_service.inference.loading import LoadedModel
from embedding_service.inference.models.prompts import choose_prompt
from embedding_service.inference.recalling import Recalled, recall, remember
from embedding_service.inference.requests import (
    EmbeddingRequest,
    Embeddings,
    Timings,
    TokenIds,
    TrafficClass,
)
from embedding_service.inference.texts import check_texts
from embedding_service.inference.tickets import Ticket
from embedding_service.inference.tokenisation import TokenLists
from embedding_service.inference.underway import Asked
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics
from embedding_service.vectors import Matrix, cut, normalise

DIMENSIONS_NOT_TRAINED = "dimensions-not-trained"
PROMPT_NOT_APPLIED = "prompt-not-applied"
"""Token ids go to the model as they are; the prompt that a text would get is not among them."""
_NO_TIME = Timings(0.0, 0.0, 0.0)


async def forward(
    model: LoadedModel,
    request: EmbeddingRequest,
    settings: Settings,
    metrics: Metrics,
    is_late: Callable[[], bool],
) -> Embeddings:
    """Embed the inputs of `request` with `model`. Raises as Embedder.embed.

    `is_late` tells, when the call is cancelled, whether it was by the request's deadline.
    """
    name = model.description.name
    prompt, warnings = _check(model, request)
    recalled = await recall(model, request, prompt)
    if recalled.is_complete:
        metrics.embeddings_generated.labels(model=name).inc(len(recalled.keys))
        return _build_answer(model, request, recalled, recalled.rows, warnings, _NO_TIME)
    estimate = estimate_all(request.inputs, model.description.max_length)
    if not request.offset:  # the rest of what was accepted is not refused half-way
        check_capacity(model, request, settings, metrics)
    started = monotonic()
    # Counted from here on: what is being tokenised will be waited for by whoever comes next.
    with model.crew.queue.expecting(request.traffic, estimate, request.caller):
        lists, prompt_length = await _tokenise(model, request, prompt, settings)
    queued = monotonic()
    ticket = Ticket(
        len(lists.ids),
        model.description.dimension,
        max_batch_texts=request.max_batch_texts,
        offset=request.offset,
    )
    recalled.deliver(ticket)
    asked = Asked(request.caller, request.traffic, prompt_length)
    entered = model.underway.enter(asked, lists.ids, ticket, recalled.found)
    model.crew.wake()
    try:
        await ticket.wait()
    except asyncio.CancelledError:
        model.crew.queue.note_dead()
        reason = "deadline" if is_late() else "cancelled"
        metrics.dropped.labels(model=name, reason=reason).inc(ticket.waiting)
        raise
    finally:
        model.underway.leave(entered.keys)
    remember(model, recalled, lists, ticket.matrix)
    finished = monotonic()
    began = ticket.started_at or finished
    metrics.queue_wait.labels(model=name, traffic=request.traffic.value).observe(began - queued)
    metrics.waits.add(began - queued)
    timings = Timings(queued - started, began - queued, finished - began)
    metrics.tokens.labels(model=name).inc(entered.tokens)
    metrics.shared_texts.labels(model=name).inc(entered.joined)
    _count(metrics, name, lists, timings, finished - started)
    return _build_answer(model, request, lists, ticket.matrix, warnings, timings)


def _check(model: LoadedModel, request: EmbeddingRequest) -> tuple[str, tuple[str, ...]]:
    """The prompt before its texts, and what is to be said of it. Raises as Embedder.embed."""
    facts = model.description
    if request.fingerprint not in {None, facts.fingerprint}:
        raise FingerprintMismatch(facts.name, str(request.fingerprint), facts.fingerprint)
    prompt = choose_prompt(
        facts.prompts, facts.default_prompt_name, request.input_type, request.prompt_name
    )
    warnings = _check_dimensions(model, request.dimensions)
    if prompt and _has_ids(request) and model.foreign_vocabulary is None:
        warnings = (*warnings, PROMPT_NOT_APPLIED)
    return prompt, warnings


def _build_answer(
    model: LoadedModel,
    request: EmbeddingRequest,
    read: TokenLists | Recalled,
    rows: Matrix,
    warnings: tuple[str, ...],
    timings: Timings,
) -> Embeddings:
    matrix = cut(rows, request.dimensions)
    return Embeddings(
        matrix=normalise(matrix) if request.normalise else matrix,
        model=model.description.name,
        fingerprint=model.description.fingerprint,
        token_counts=read.counts,
        truncated=read.truncated,
        warnings=warnings,
        timings=timings,
    )


def _check_dimensions(model: LoadedModel, dimensions: int | None) -> tuple[str, ...]:
    if dimensions is None:
        return ()
    most = model.description.dimension
    if not 1 <= dimensions <= most:
        raise InvalidRequest(
            f"dimensions must be from 1 to {most}, the dimension of {model.description.name}",
            [Issue(f"must be from 1 to {most}", path="dimensions")],
        )
    if dimensions == most or model.description.is_matryoshka:
        return ()
    return (DIMENSIONS_NOT_TRAINED,)


def _has_ids(request: EmbeddingRequest) -> bool:
    return bool(request.inputs) and not isinstance(request.inputs[0], str)


def check_capacity(
    model: LoadedModel, request: EmbeddingRequest, settings: Settings, metrics: Metrics
) -> None:
    """Refuse before any work is done. Raises Overloaded, Unavailable."""
    crew = model.crew
    crew.check_alive()
    queued = crew.queue.tokens_ahead(request.traffic, crew.budget.current, request.caller)
    ahead = queued + crew.tokens_in_flight
    try:
        admit(
            tokens=estimate_all(request.inputs, model.description.max_length),
            queued=crew.queue.tokens,
            wait=predict_wait(ahead, crew.rate.tokens_per_second, crew.workers),
            max_queue_tokens=settings.max_queue_tokens,
            max_wait=settings.max_wait,
            timeout=request.timeout,
        )
    except Overloaded as refusal:
        name = model.description.name
        metrics.overloads.labels(model=name, reason=refusal.reason).inc()
        raise


async def _tokenise(
    model: LoadedModel, request: EmbeddingRequest, prompt: str, settings: Settings
) -> tuple[TokenLists, int]:
    """Token ids of the inputs, and how many lead as the prompt's if pooling leaves them out."""
    inputs: Sequence[str] | Sequence[TokenIds] = request.inputs
    side = request.truncation_side
    if _has_ids(request):
        ids = cast(Sequence[TokenIds], inputs)
        if model.foreign_vocabulary is None:
            lists = await model.tokeniser.frame(ids, side)
            if not request.truncate:
                lists.refuse_truncated(model.description.max_length, request.offset)
            return lists, 0
        inputs = await asyncio.to_thread(model.foreign_vocabulary.decode, ids)
        check_texts(inputs, settings)
    texts = cast(Sequence[str], inputs)
    prompt_length = model.tokeniser.count_prompt(prompt) if model.leaves_prompt_out else 0
    is_bulk = request.traffic is TrafficClass.BULK
    lists = await model.tokeniser.encode(
        texts, prompt, side, is_bulk=is_bulk, wants_lengths=not request.truncate
    )
    if not request.truncate:
        lists.refuse_truncated(model.description.max_length, request.offset)
    return lists, prompt_length


def _count(
    metrics: Metrics, name: str, lists: TokenLists, timings: Timings, seconds: float
) -> None:
    metrics.embeddings_generated.labels(model=name).inc(len(lists.ids))
    metrics.embedding_duration.labels(model=name).observe(seconds)
    if lists.truncated:
        metrics.truncations.labels(model=name).inc(len(lists.truncated))
    for stage in ("tokenisation", "queue", "inference"):
        metrics.stage_duration.labels(stage=stage).observe(getattr(timings, stage))

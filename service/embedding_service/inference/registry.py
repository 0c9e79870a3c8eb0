"""Which models are served, which of them are loaded, and which one goes when memory is short."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Literal

import structlog

from embedding_service.errors import ModelNotServed, ModelUnavailable
from embedding_service.inference.description import ServedModel
from embedding_service.inference.loading import LoadedModel, Loader
from embedding_service.inference.threads import in_thread
from embedding_service.inference.workers.memory import resident_bytes
from embedding_service.references import Reference
from embedding_service.settings import ModelOptions
from embedding_service.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)

_REMEMBERED_FAILURE = 30.0
"""Seconds for which a failed load is answered from memory, so that nobody downloads in a loop."""


@dataclass(slots=True)
class _Place:
    """One served model and what has become of it."""

    reference: Reference
    loaded: LoadedModel | None = None
    loading: asyncio.Task[LoadedModel] | None = None
    failure: str | None = None
    failed_at: float = 0.0
    users: int = 0
    last_used: float = 0.0
    memory: int | None = None
    unloading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Registry:
    """The served models, loaded when first asked for."""

    def __init__(
        self,
        references: Sequence[Reference],
        options: Mapping[str, ModelOptions],
        loader: Loader,
        memory_budget: int,
        metrics: Metrics,
    ) -> None:
        self._places = {reference.name: _Place(reference) for reference in references}
        self._default = references[0].name
        self._options = options
        self._loader = loader
        self._budget = memory_budget
        self._metrics = metrics
        self._is_over_budget = False
        self._tidying: asyncio.Task[None] | None = None

    @property
    def default(self) -> str:
        """Name of the default model."""
        return self._default

    @property
    def default_model(self) -> LoadedModel | None:
        """The default model, if it is loaded."""
        return self._places[self._default].loaded

    @contextlib.asynccontextmanager
    async def use(self, name: str | None) -> AsyncIterator[LoadedModel]:
        """A loaded model that is not unloaded meanwhile; None is the default.

        Raises ModelNotServed, ModelUnavailable.
        """
        place = self._places.get(self._default if name is None else name)
        if place is None:
            raise ModelNotServed(str(name), list(self._places))
        place.users += 1
        try:
            yield place.loaded or await self._load(place)
        finally:
            place.users -= 1
            place.last_used = monotonic()
            if self._is_over_budget and place.users == 0 and self._tidying is None:
                self._tidying = asyncio.create_task(self._make_room(keep=None))

    def is_loading(self, name: str | None) -> bool:
        """Whether the model (None is the default) is being loaded now."""
        place = self._places.get(self._default if name is None else name)
        return place is not None and place.loading is not None

    def served(self) -> list[ServedModel]:
        """The served models, the default first."""
        return [self._describe(place) for place in self._places.values()]

    async def close(self) -> None:
        """Unload everything."""
        if self._tidying is not None:
            # Not cancelled: half an unloading would leave processes that nobody knows of.
            await asyncio.gather(self._tidying, return_exceptions=True)
        for place in self._places.values():
            if place.loading is not None:
                place.loading.cancel()
                await asyncio.gather(place.loading, return_exceptions=True)
            await self._unload(place)

    async def _load(self, place: _Place) -> LoadedModel:
        """Load once for however many ask; a caller that leaves does not stop the load."""
        if place.failure is not None and monotonic() - place.failed_at < _REMEMBERED_FAILURE:
            # A new one each time: a raised exception keeps what its caller held alive.
            raise ModelUnavailable(str(place.reference), place.failure)
        if place.loading is None:
            place.loading = asyncio.create_task(self._load_now(place))
            # Callers may all have left when it fails; the failure is kept in the place.
            place.loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            return await asyncio.shield(place.loading)
        except ModelUnavailable as failure:
            raise ModelUnavailable(str(place.reference), failure.message) from None

    async def _load_now(self, place: _Place) -> LoadedModel:
        name = place.reference.name
        _log.info("loading model", model=name, reference=str(place.reference))
        started = monotonic()
        try:
            async with place.unloading:
                model = await self._loader.load(
                    place.reference, self._options.get(name, ModelOptions())
                )
        except ModelUnavailable as failure:
            place.failure, place.failed_at = failure.message, monotonic()
            _log.error("model cannot be loaded", model=name, reason=failure.message)
            raise
        finally:
            place.loading = None
        place.loaded, place.failure, place.last_used = model, None, monotonic()
        self._tell(model, is_loaded=True)
        _log.info(
            "model loaded",
            model=name,
            seconds=round(monotonic() - started, 2),
            device=model.description.device,
            dimension=model.description.dimension,
            fingerprint=model.description.fingerprint,
        )
        await self._make_room(keep=place)
        return model

    async def _make_room(self, keep: _Place | None) -> None:
        """Unload the least recently used models until the rest fits into the budget.

        What is in use stays, and so does the default model; what is too much then goes later.
        """
        try:
            while await self._measure() > self._budget > 0:
                idle = [place for place in self._places.values() if self._is_idle(place)]
                if keep in idle:
                    idle.remove(keep)
                self._is_over_budget = not idle
                if not idle:
                    _log.warning("models need more than MODEL_MEMORY_BUDGET", budget=self._budget)
                    return
                await self._unload(min(idle, key=lambda place: place.last_used))
            self._is_over_budget = False
        finally:
            self._tidying = None

    def _is_idle(self, place: _Place) -> bool:
        is_default = place.reference.name == self._default
        return place.loaded is not None and place.users == 0 and not is_default

    async def _measure(self) -> int:
        """Memory of all loaded models together, noted for each."""
        for place in self._places.values():
            model = place.loaded
            if model is None:
                continue
            memory = await in_thread(partial(resident_bytes, model.crew.pids))
            if place.loaded is model:
                place.memory = None if memory is None else memory + model.crew.facts.device_bytes
        return sum(place.memory or 0 for place in self._places.values())

    async def _unload(self, place: _Place) -> None:
        model, place.loaded, place.memory = place.loaded, None, None
        if model is not None:
            _log.info("unloading model", model=place.reference.name)
            async with place.unloading:
                await model.crew.end()
            self._tell(model, is_loaded=False)

    def _tell(self, model: LoadedModel, *, is_loaded: bool) -> None:
        facts = model.description
        labels = (
            facts.name,
            facts.reference,
            facts.fingerprint,
            str(facts.dimension),
            facts.backend,
            facts.device,
            facts.dtype,
        )
        if is_loaded:
            self._metrics.model_info.labels(*labels).set(1)
            self._metrics.cpu_fallback.labels(model=facts.name).set(
                facts.fallback_reason is not None
            )
            self._metrics.dtype_fallback.labels(model=facts.name).set(
                facts.float32_because is not None
            )
        else:
            self._metrics.model_info.remove(*labels)
            self._metrics.cpu_fallback.remove(facts.name)
            self._metrics.dtype_fallback.remove(facts.name)

    def _describe(self, place: _Place) -> ServedModel:
        loaded = place.loaded
        state: Literal["unloaded", "loading", "loaded", "failed"]
        if loaded is not None:
            state = "loaded"
        elif place.loading is not None:
            state = "loading"
        else:
            state = "unloaded" if place.failure is None else "failed"
        return ServedModel(
            name=place.reference.name,
            reference=str(place.reference),
            is_default=place.reference.name == self._default,
            state=state,
            description=loaded.description if loaded else None,
            memory_bytes=place.memory,
            failure=place.failure,
        )

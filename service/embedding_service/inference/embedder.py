"""The front door of the room: texts in, vectors out, whatever model, device or worker does it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from time import monotonic

from embedding_service.errors import DeadlineExceeded, Unavailable
from embedding_service.inference.cache import RowCache
from embedding_service.inference.crew import Shared, Slots
from embedding_service.inference.description import Health, ModelDescription, ServedModel
from embedding_service.inference.gpus import has_nvidia_gpu
from embedding_service.inference.loading import (
    LoadedModel,
    Loader,
    count_tokenizer_threads,
    count_workers,
)
from embedding_service.inference.models.prompts import choose_prompt
from embedding_service.inference.registry import Registry
from embedding_service.inference.requests import EmbeddingRequest, Embeddings, Token, TokenIds
from embedding_service.inference.slices import embed_in_slices
from embedding_service.inference.splitting import forward_whole, slice_up
from embedding_service.inference.workers.hosts import Zygote
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics

_RETRY_AFTER_LOADING = 10.0
_BROKEN_AFTER = 60.0
"""Seconds of failing restarts after which only a new process can help."""


class Embedder:
    """Embeds with the served models; one for each process, bound to its event loop."""

    def __init__(self, settings: Settings, metrics: Metrics, zygote: Zygote) -> None:
        """It ends `zygote` when it is closed."""
        self._settings = settings
        self._metrics = metrics
        self._zygote = zygote
        threads = count_tokenizer_threads(settings)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="tokenise")
        size = settings.embedding_cache_size
        cache = RowCache(size, metrics) if size else None
        shared = Shared(self._zygote, Slots(cpu=count_workers(settings)), metrics, cache)
        self._registry = Registry(
            settings.references,
            settings.model_options,
            Loader(settings, settings.model_load_timeout, shared, self._threads),
            settings.model_memory_budget,
            metrics,
        )
        self._is_started = False

    async def start(self) -> None:
        """Load the default model. Raises ModelUnavailable."""
        async with self._registry.use(None):
            self._is_started = True

    async def close(self) -> None:
        """End every worker; what was not finished fails."""
        await self._registry.close()
        await self._zygote.end()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """Embed all inputs of `request`, in order.

        Cancelling the call takes its texts out of the queue.

        Raises:
            InvalidRequest: token ids out of range, a text too long with `truncate` false, bad
            dimensions or prompt. ModelNotServed: the model is not on the list. ModelUnavailable: it
            is, and cannot be loaded. FingerprintMismatch: it is another than the one wanted.
            Overloaded: the predicted wait is above MAX_WAIT, or the queue is full. Unavailable: no
            worker, or device memory exhausted by a single text. DeadlineExceeded: `timeout` seconds
            went by. InferenceFailed, NonFiniteOutput: the model could not do
            one of the texts.
        """
        seconds = request.timeout or self._settings.request_timeout
        async with self._use(request.model, seconds) as (model, scope):
            return await forward_whole(model, request, self._settings, self._metrics, scope.expired)

    @asynccontextmanager
    async def _use(
        self, name: str | None, seconds: float
    ) -> AsyncGenerator[tuple[LoadedModel, asyncio.Timeout], None]:
        """A loaded model, for `seconds` at most, its load included."""
        scope = asyncio.timeout(seconds)
        try:
            async with scope, self._registry.use(name) as model:
                yield model, scope
        except TimeoutError:
            if not scope.expired():
                raise
            if self._registry.is_loading(name):
                message = "the model is still being loaded; come back"
                raise Unavailable(message, _RETRY_AFTER_LOADING) from None
            raise DeadlineExceeded(seconds) from None

    async def stream(self, request: EmbeddingRequest) -> AsyncGenerator[Embeddings, None]:
        """Like `embed`, in consecutive slices as they are ready: neither side holds the whole.

        Refusals are raised before the first slice; a failure later ends the iteration with its
        error. The deadline is each slice's own.
        """
        async with self._registry.use(request.model) as model:  # not unloaded between two slices
            slices = slice_up(model, request)
            async with aclosing(embed_in_slices(slices, self.embed)) as parts:
                async for part in parts:
                    yield part

    async def describe(self, model: str | None = None) -> ModelDescription:
        """Load the model if need be and return its facts.

        Raises ModelNotServed, ModelUnavailable, Unavailable, DeadlineExceeded.
        """
        async with self._use(model, self._settings.request_timeout) as (loaded, _):
            return loaded.description

    async def tokenise(
        self,
        texts: Sequence[str],
        model: str | None = None,
        *,
        add_special_tokens: bool = True,
        prompt_name: str | None = None,
    ) -> list[list[Token]]:
        """Tokens of each text, the named prompt before it, uncut.

        Raises InvalidRequest for a prompt the model does not have, and as `describe`.
        """
        async with self._use(model, self._settings.request_timeout) as (loaded, _):
            facts = loaded.description
            prompt = choose_prompt(facts.prompts, facts.default_prompt_name, None, prompt_name)
            prompted = [prompt + text for text in texts]
            return await loaded.tokeniser.inspect(prompted, add_special_tokens=add_special_tokens)

    async def decode(
        self, ids: Sequence[TokenIds], model: str | None = None, *, skip_special_tokens: bool = True
    ) -> list[str]:
        """Text of each list of token ids. Raises TokenIdOutOfRange, and as `describe`."""
        async with self._use(model, self._settings.request_timeout) as (loaded, _):
            return await loaded.tokeniser.decode(ids, skip_special_tokens=skip_special_tokens)

    def served(self) -> list[ServedModel]:
        """The served models, the default first."""
        return self._registry.served()

    def health(self) -> Health:
        """State of the pipeline now; cheap, never waits."""
        model = self._registry.default_model
        crew = model.crew if model else None
        failing_since = crew.failing_since if crew else None
        is_broken = failing_since is not None and monotonic() - failing_since > _BROKEN_AFTER
        is_serving = crew is not None and crew.workers > 0
        if is_broken:
            detail = "no worker can be started; see the log"
        elif is_serving:
            detail = "serving"
        elif crew is None:
            detail = "the default model is being loaded"
        else:
            detail = "a worker is being replaced"
        return Health(
            is_started=self._is_started,
            is_serving=is_serving,
            is_broken=is_broken,
            default_model=self._registry.default,
            description=model.description if model else None,
            has_gpu=has_nvidia_gpu(),
            detail=detail,
            batch_tokens=crew.budget.current.tokens if crew else None,
            batch_tokens_from=crew.budget.source if crew else None,
            fault=None if is_serving and not is_broken else detail,
        )

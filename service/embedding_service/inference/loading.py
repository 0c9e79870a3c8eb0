"""From a reference to a model at work: files, device, workers, tokenizer, fingerprint."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Literal

import structlog

from embedding_service.errors import ModelUnavailable
from embedding_service.inference.backends.base import Facts, LoadFailed, LoadSpec
from embedding_service.inference.cache import RowCache
from embedding_service.inference.cores import usable_cores
from embedding_service.inference.crew import Crew, CrewSettings, Shared
from embedding_service.inference.description import ModelDescription
from embedding_service.inference.dividing import divide, divide_by_rule
from embedding_service.inference.divisions import Division
from embedding_service.inference.foreign_ids import ForeignVocabulary
from embedding_service.inference.models.fingerprint import (
    digest_files,
    fingerprint,
    fingerprint_of_hashing,
)
from embedding_service.inference.models.options import read_matryoshka
from embedding_service.inference.models.sources import locate
from embedding_service.inference.threads import in_thread
from embedding_service.inference.tokenisation import Tokeniser
from embedding_service.inference.underway import Underway
from embedding_service.inference.workers.control import NoProcess
from embedding_service.inference.workers.hosts import Host
from embedding_service.references import Reference, Source
from embedding_service.settings import EngineSettings, ModelOptions

_log = structlog.get_logger(__name__)

_MOST_TOKENIZER_THREADS = 4
_LEAST_RELOAD, _PATIENCE = 60.0, 5.0
"""A host that replaces a lost one may take a minute, or five times what the first one took."""
_LEAST_SLICE = 8_192
"""Tokens; a slice has its own costs."""
_CPU_BATCH_TOKENS, _GPU_BATCH_TOKENS = 2_048, 16_384


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that can embed now."""

    description: ModelDescription
    tokeniser: Tokeniser
    crew: Crew
    underway: Underway
    foreign_vocabulary: ForeignVocabulary | None
    """Set when token ids in requests are OpenAI's."""
    leaves_prompt_out: bool
    cache: RowCache | None = None

    @property
    def slice_tokens(self) -> int:
        """Tokens of one slice of a long request: two batches for every worker."""
        return max(_LEAST_SLICE, 2 * self.crew.budget.current.tokens * self.crew.workers)


class Loader:
    """Loads models by reference."""

    def __init__(
        self,
        settings: EngineSettings,
        load_timeout: float,
        shared: Shared,
        threads: ThreadPoolExecutor,
    ) -> None:
        self._settings = settings
        self._timeout = load_timeout
        self._shared = shared
        self._threads = threads

    async def load(self, reference: Reference, options: ModelOptions) -> LoadedModel:
        """Load a model and start its workers.

        Raises ModelUnavailable; leaves nothing behind if it does.
        """
        scope = asyncio.timeout(self._timeout)
        try:
            async with scope:
                return await self._load(reference, options)
        except TimeoutError:
            if not scope.expired():
                raise
            raise ModelUnavailable(
                str(reference),
                f"model {reference} was not loaded within {self._timeout:g} s; raise "
                f"MODEL_LOAD_TIMEOUT, or fetch it before: `gpu-embedding models fetch {reference}`",
            ) from None
        except OSError as error:
            raise ModelUnavailable(
                str(reference), f"the files of model {reference} cannot be read ({error.strerror})"
            ) from error

    async def _load(self, reference: Reference, options: ModelOptions) -> LoadedModel:
        vocabulary = None
        if options.token_ids != "model":  # noqa: S105  not a password
            vocabulary = await in_thread(partial(ForeignVocabulary, options.token_ids))
        folder = None
        if reference.source is not Source.HASHING:
            folder = await in_thread(partial(locate, reference))
        started = monotonic()
        host, spec, fallback, digest = await self._open(reference, folder, options)
        try:
            division = await self._divide(host, digest)
        except BaseException:
            await host.end()
            raise
        host.threads = division.threads
        settings = self._crew_settings(spec.device, division.workers, monotonic() - started)
        spec = replace(spec, threads=division.threads)
        crew = Crew(reference.name, host, spec, settings, self._shared)
        try:
            await crew.start()
            threads = count_tokenizer_threads(self._settings)
            build = partial(Tokeniser, host.facts, self._threads, threads)
            tokeniser = await in_thread(build)
        except (NoProcess, LoadFailed) as error:
            await crew.end()
            raise ModelUnavailable(
                str(reference),
                f"the workers of model {reference} die at start ({error}); see the log",
            ) from error
        except BaseException:
            await crew.end()
            raise
        _tell_path(reference.name, host.facts)
        description = _describe(reference, host.facts, digest, fallback)
        if options.is_matryoshka is not None:
            description = replace(description, is_matryoshka=options.is_matryoshka)
        elif folder is not None:
            description = replace(description, is_matryoshka=read_matryoshka(folder))
        return LoadedModel(
            description,
            tokeniser,
            crew,
            Underway(crew.queue),
            vocabulary,
            host.facts.leaves_prompt_out,
            self._shared.cache,
        )

    async def _open(
        self, reference: Reference, folder: Path | None, options: ModelOptions
    ) -> tuple[Host, LoadSpec, str | None, str]:
        """As `_open_host`, and the model's fingerprint: its files are read while the host loads."""
        reading = asyncio.create_task(in_thread(partial(_digest_files, folder)))
        reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            host, spec, fallback = await self._open_host(reference, folder, options)
        except BaseException:
            reading.cancel()
            raise
        try:
            return host, spec, fallback, _fingerprint(host.facts, await reading, options)
        except BaseException:
            await host.end()
            raise

    async def _open_host(
        self, reference: Reference, folder: Path | None, options: ModelOptions
    ) -> tuple[Host, LoadSpec, str | None]:
        """A host on the wanted device, or on the CPU with the reason why."""
        spec = LoadSpec(
            backend="hashing" if folder is None else choose_backend(self._settings),
            target=reference.target if folder is None else str(folder),
            device="cpu" if folder is None or self._settings.device == "cpu" else "cuda:0",
            threads=self._settings.worker_threads or 1,
            max_length=options.max_length,
            trust_remote_code=options.trust_remote_code,
            must_pack=self._settings.backend == "packed",
            linears=self._settings.linears,
            dtype=options.dtype or self._settings.dtype,
        )
        fallback = None
        try:
            try:
                host = await self._shared.zygote.start_host(spec, self._timeout)
            except LoadFailed as failure:
                if failure.kind != "device" or self._settings.device == "cuda":
                    raise
                fallback = failure.message
                _log.warning("NO GPU: running on the CPU, many times slower", reason=fallback)
                spec = replace(spec, device="cpu")
                host = await self._shared.zygote.start_host(spec, self._timeout)
        except LoadFailed as failure:
            raise ModelUnavailable(
                str(reference), f"model {reference} cannot be loaded: {failure.message}"
            ) from failure
        except NoProcess as lost:
            raise ModelUnavailable(
                str(reference),
                f"the process that loaded model {reference} ended ({lost}); most often memory ran "
                "out: give more, or take a smaller model",
            ) from lost
        return host, spec, fallback

    async def _divide(self, host: Host, digest: str) -> Division:
        if host.facts.device != "cpu":
            return divide_by_rule(self._settings, usable_cores())
        return await divide(host, digest, self._settings)

    def _crew_settings(self, device: str, workers: int, load_seconds: float) -> CrewSettings:
        settings = self._settings
        return CrewSettings(
            workers=workers,
            max_batch_tokens=settings.max_batch_tokens or default_batch_tokens(device),
            is_calibrated=not settings.max_batch_tokens,
            max_batch_texts=settings.max_batch_texts,
            forward_timeout=settings.forward_timeout,
            reload_timeout=max(_LEAST_RELOAD, _PATIENCE * load_seconds),
        )


def default_batch_tokens(device: str) -> int:
    """Tokens in one forward where no setting says otherwise, and nothing was measured yet."""
    return _CPU_BATCH_TOKENS if device == "cpu" else _GPU_BATCH_TOKENS


def choose_backend(settings: EngineSettings) -> Literal["packed", "reference"]:
    """The code path of a model with weights; a model that cannot be packed takes the other one."""
    return "reference" if settings.backend == "reference" else "packed"


def count_workers(settings: EngineSettings) -> int:
    """Workers of a model on the CPU, unless measuring finds fewer with more threads faster."""
    return divide_by_rule(settings, usable_cores()).workers


def count_tokenizer_threads(settings: EngineSettings) -> int:
    """Threads that tokenise, for all models together."""
    return settings.tokenizer_threads or min(usable_cores(), _MOST_TOKENIZER_THREADS)


def _digest_files(folder: Path | None) -> dict[str, str]:
    return {} if folder is None else digest_files(folder)


def _fingerprint(facts: Facts, files: Mapping[str, str], options: ModelOptions) -> str:
    if facts.backend == "hashing":
        return fingerprint_of_hashing(facts.dimension, options.max_length)
    return fingerprint(
        files,
        max_length=facts.max_length,
        prompts=facts.prompts,
        default_prompt_name=facts.default_prompt_name,
    )


def _describe(
    reference: Reference, facts: Facts, digest: str, fallback: str | None
) -> ModelDescription:
    return ModelDescription(
        name=reference.name,
        reference=str(reference),
        fingerprint=digest,
        dimension=facts.dimension,
        max_length=facts.max_length,
        backend=facts.backend,
        architecture=facts.architecture,
        device=facts.device,
        device_name=facts.device_name,
        dtype=facts.dtype,
        pooling=facts.pooling,
        is_matryoshka=False,
        fallback_reason=fallback,
        prompts=facts.prompts,
        default_prompt_name=facts.default_prompt_name,
        versions=facts.versions,
        linears=facts.linears,
        unpacked_because=facts.unpacked_because,
        float32_because=facts.float32_because,
    )


def _tell_path(name: str, facts: Facts) -> None:
    """Say which code path was taken, and loudly if it is the slow one."""
    if facts.unpacked_because is not None:
        _log.warning(
            "NOT PACKED: running through sentence-transformers' own forward, slower where texts "
            "differ in length",
            model=name,
            reason=facts.unpacked_because,
        )
    elif facts.linears is not None:
        _log.info("packed forward", model=name, linears=facts.linears, dtype=facts.dtype)
    if facts.float32_because is not None:
        _log.warning("NOT BFLOAT16: computing in float32", model=name, reason=facts.float32_because)

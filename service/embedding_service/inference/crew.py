"""The workers of one model: hired, given batches, replaced when they die or hang."""

import asyncio
from contextvars import Context
from dataclasses import dataclass, replace
from time import monotonic

import structlog

from embedding_service.errors import Unavailable
from embedding_service.inference.admission import Rate
from embedding_service.inference.backends.base import Facts, LoadFailed, LoadSpec
from embedding_service.inference.batching import Batch
from embedding_service.inference.budget import BudgetGuard
from embedding_service.inference.cache import RowCache
from embedding_service.inference.calibration import Calibration
from embedding_service.inference.delivery import Delivery
from embedding_service.inference.outcomes import Failure
from embedding_service.inference.practice import Practice
from embedding_service.inference.queueing import Queue
from embedding_service.inference.workers.control import NoProcess, ProcessLost
from embedding_service.inference.workers.hosts import Host, Worker, Zygote
from embedding_service.inference.workers.link import Reply, WorkerLost
from embedding_service.inference.workers.wire import Status
from embedding_service.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
"""Seconds between attempts to replace a worker, doubled from one to the next."""
_RETRY_AFTER = 5.0
_NOBODY = "no worker of {} is alive, and none can be started; see the log"
_TRIAL = 5.0
"""Seconds after which a worker that only waited counts as sound."""


@dataclass(frozen=True, slots=True)
class CrewSettings:
    """What a crew has to know of the settings."""

    workers: int
    """On a CPU; a GPU has one."""
    max_batch_tokens: int
    is_calibrated: bool
    """Whether that is the most only, and less is taken where less is as fast."""
    max_batch_texts: int
    forward_timeout: float
    reload_timeout: float
    """Seconds a host may take that replaces a lost one."""


class Slots:
    """Turns at the devices, for the workers of all models: one on a GPU, one a core on the CPU."""

    def __init__(self, cpu: int) -> None:
        self._by_device = {"cpu": asyncio.Semaphore(cpu)}

    def __getitem__(self, device: str) -> asyncio.Semaphore:
        """Turns at `device`."""
        return self._by_device.setdefault(device, asyncio.Semaphore(1))


@dataclass(frozen=True, slots=True)
class Shared:
    """What the crews of all models have in common."""

    zygote: Zygote
    slots: Slots
    metrics: Metrics
    cache: RowCache | None = None
    """Set where rows are kept."""


class Crew:
    """All workers of one model, behind its queue."""

    def __init__(
        self,
        name: str,
        host: Host,
        spec: LoadSpec,
        settings: CrewSettings,
        shared: Shared,
    ) -> None:
        self.name = name
        self.queue = Queue()
        self.rate = Rate()
        most, texts = settings.max_batch_tokens, settings.max_batch_texts
        self.budget = BudgetGuard(most, texts, "default" if settings.is_calibrated else "setting")
        self.failing_since: float | None = None
        """When replacing a worker first failed (time.monotonic); None while it works."""
        self._delivery = Delivery(name, self.queue, shared.metrics)
        self._practice = Practice(
            Calibration(host.facts, most if settings.is_calibrated else 0, texts),
            self.budget,
            self.rate,
            self._delivery,
            settings.forward_timeout,
        )
        self._spec = spec
        self._zygote = shared.zygote
        self._slots = shared.slots
        self._settings = settings
        self._metrics = shared.metrics
        self._hosts = {spec.device: host}
        self._hiring: dict[str, asyncio.Lock] = {}
        self._workers: set[Worker] = set()
        self._changed = asyncio.Event()
        self._seats: list[asyncio.Task[None]] = []
        self._tokens_in_flight = 0
        self._is_ended = False

    async def start(self) -> None:
        """Hire the first worker, then fill every seat. Raises NoProcess, LoadFailed."""
        device = self._spec.device
        if device == "cpu":
            devices = [device] * self._settings.workers
        else:
            devices = [f"cuda:{number}" for number in range(self.facts.device_count)]
        first = await self._hire(device)
        self._seats = [
            # In a context of its own: its log lines are not those of the request that loaded it.
            asyncio.create_task(self._fill_seat(each, None if seat else first), context=Context())
            for seat, each in enumerate(devices)
        ]

    async def end(self) -> None:
        """End every worker and host; what still waits fails."""
        self._is_ended = True
        for seat in self._seats:
            seat.cancel()
        await asyncio.gather(*self._seats, return_exceptions=True)
        self._delivery.abandon("the model was unloaded; send the request again", retry_after=1.0)
        self._delivery.close()
        await asyncio.gather(*(host.end() for host in self._hosts.values()))
        self._metrics.workers.labels(model=self.name).set(0)

    @property
    def workers(self) -> int:
        """Workers that are alive."""
        return len(self._workers)

    @property
    def pids(self) -> set[int]:
        """Processes of this model; on a GPU a host is its own worker."""
        hosts = {host.pid for host in self._hosts.values()}
        return hosts | {worker.pid for worker in self._workers}

    @property
    def tokens_in_flight(self) -> int:
        """Tokens in forwards that run now."""
        return self._tokens_in_flight

    @property
    def facts(self) -> Facts:
        """Facts of the model, as its first host told them."""
        return self._hosts[self._spec.device].facts

    def check_alive(self) -> None:
        """Raise Unavailable while no worker is alive and replacing one fails."""
        if self.failing_since is not None and not self._workers:
            raise Unavailable(_NOBODY.format(self.name), _RETRY_AFTER)

    def wake(self) -> None:
        """Say that the queue has something."""
        self._changed.set()

    async def _fill_seat(self, device: str, worker: Worker | None) -> None:
        """Keep one worker on `device` at work, for ever."""
        pause = _FIRST_PAUSE
        while True:
            try:
                worker = worker or await self._hire(device)
                await self._employ(worker, device)
            except (NoProcess, LoadFailed) as error:
                self._note_failure(str(error))
                if not self._workers:
                    self._delivery.abandon(_NOBODY.format(self.name), _RETRY_AFTER)
            else:
                if worker.is_proven:
                    worker, pause = None, _FIRST_PAUSE
                    continue
                if pause > _FIRST_PAUSE:  # once may be chance
                    self._note_failure("workers die before they do anything")
            worker = None
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _employ(self, worker: Worker, device: str) -> None:
        """Have `worker` work until it is lost."""
        self._workers.add(worker)
        self._metrics.workers.labels(model=self.name).set(len(self._workers))
        worker.link.lost.add_done_callback(lambda _: self._changed.set())
        cause = Failure.CRASH
        trial = asyncio.get_running_loop().call_later(_TRIAL, self._note_proven, worker)
        try:
            cause = await self._keep_busy(worker, device)
        finally:
            trial.cancel()
            self._workers.discard(worker)
            self._metrics.workers.labels(model=self.name).set(len(self._workers))
            await asyncio.shield(worker.end())
        _log.warning("worker lost", model=self.name, pid=worker.pid, cause=cause.value)
        self._metrics.worker_restarts.labels(model=self.name, cause=cause.value).inc()

    def _note_proven(self, worker: Worker) -> None:
        worker.is_proven = True
        self.failing_since = None

    def _note_failure(self, reason: str) -> None:
        _log.error("no worker to be had", model=self.name, reason=reason)
        if self.failing_since is None and not any(each.is_proven for each in self._workers):
            self.failing_since = monotonic()

    async def _hire(self, device: str) -> Worker:
        """A worker on `device`, from its host or, if that is lost, from a new one."""
        async with self._hiring.setdefault(device, asyncio.Lock()):
            if self._is_ended:
                raise ProcessLost("the model is being unloaded")
            host = self._hosts.get(device)
            if host is not None and not host.is_ended:
                try:
                    return await host.start_worker()
                except ProcessLost:
                    await host.end()
            spec = replace(self._spec, device=device)
            host = await self._zygote.start_host(spec, self._settings.reload_timeout)
            self._hosts[device] = host
            return await host.start_worker()

    async def _keep_busy(self, worker: Worker, device: str) -> Failure:
        """Give `worker` batches until it is lost; returns how."""
        while not worker.link.lost.done():
            if self.queue.is_empty and not self._practice.has_more:
                self._changed.clear()
                await self._changed.wait()
                continue
            async with self._slots[device]:
                if worker.link.lost.done():
                    break
                # Taken only now: while the device was busy the batch could still grow.
                batch = self.queue.take(self.budget.current)
                if batch is not None:
                    failure = await self._forward(worker, batch, device)
                elif self._practice.has_more:
                    failure = await self._practice.run_next(worker.link)
                else:
                    continue
            if failure is not None:
                return failure
            self._note_proven(worker)
        return Failure.CRASH

    async def _forward(self, worker: Worker, batch: Batch, device: str) -> Failure | None:
        """Have one batch embedded and its rows delivered; tells if that cost the worker."""
        tokens = batch.tokens
        self._tokens_in_flight += tokens
        try:
            self._delivery.start(batch, self.budget.current)
            async with asyncio.timeout(self._settings.forward_timeout):
                reply = await worker.link.run(batch.to_tokens(self._settings.max_batch_texts))
            self._settle(batch, reply, device)
        except WorkerLost:
            return self._lose(batch, Failure.CRASH)
        except TimeoutError:
            return self._lose(batch, Failure.HANG)
        except asyncio.CancelledError:
            self.queue.try_again([batch])
            raise
        except Exception:  # noqa: BLE001  see the next line
            # A bug of ours must not leave callers waiting, nor the seat empty.
            _log.exception("a batch was lost", model=self.name)
            self._delivery.give_up(batch)
        finally:
            self._tokens_in_flight -= tokens
            self._changed.set()
        return None

    def _settle(self, batch: Batch, reply: Reply, device: str) -> None:
        """Deliver what the worker answered, and learn from it."""
        if reply.device_memory:
            self._metrics.tell_device_memory(device, reply.device_memory)
        if reply.status is Status.DONE and reply.matrix is not None:
            fullness = batch.tokens / self.budget.current.tokens
            self.rate.observe(batch.tokens, reply.seconds, fullness)
            self.budget.recover(monotonic())
            self._delivery.deliver(batch, reply.matrix)
        elif reply.status is Status.OUT_OF_MEMORY:
            self.budget.shrink(batch.tokens, monotonic())
            self._delivery.fail(batch, Failure.OUT_OF_MEMORY, reply.message)
        else:
            self._delivery.fail(batch, Failure.ERROR, reply.message)

    def _lose(self, batch: Batch, failure: Failure) -> Failure:
        self._delivery.fail(batch, failure, "")
        return failure

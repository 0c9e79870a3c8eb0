"""The workers of one model: hired, given batches, replaced when they die or hang."""

import asyncio
from dataclasses import dataclass, replace
from time import monotonic

import structlog

from embedding_service.errors import Unavailable
from embedding_service.inference.admission import Rate
from embedding_service.inference.backends.base import Facts, LoadFailed, LoadSpec
from embedding_service.inference.batching import Batch, Queue
from embedding_service.inference.budget import BudgetGuard
from embedding_service.inference.delivery import Delivery
from embedding_service.inference.outcomes import Failure
from embedding_service.inference.workers.hosts import Host, ProcessLost, Worker, Zygote
from embedding_service.inference.workers.link import WorkerLost
from embedding_service.inference.workers.wire import Status
from embedding_service.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
"""Seconds between attempts to replace a worker, doubled from one to the next."""
_RETRY_AFTER = 5.0


@dataclass(frozen=True, slots=True)
class CrewSettings:
    """What a crew has to know of the settings."""

    workers: int
    """On a CPU; a GPU has one."""
    max_batch_tokens: int
    max_batch_texts: int
    forward_timeout: float


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
        self.budget = BudgetGuard(settings.max_batch_tokens, settings.max_batch_texts)
        self.failing_since: float | None = None
        """When replacing a worker first failed (time.monotonic); None while it works."""
        self._delivery = Delivery(name, self.queue, shared.metrics)
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

    async def start(self) -> None:
        """Hire the first worker, then fill every seat. Raises ProcessLost, LoadFailed."""
        device = self._spec.device
        if device == "cpu":
            devices = [device] * self._settings.workers
        else:
            devices = [f"cuda:{number}" for number in range(self._hosts[device].facts.device_count)]
        first = await self._hire(device)
        self._seats = [
            asyncio.create_task(self._fill_seat(each, None if seat else first))
            for seat, each in enumerate(devices)
        ]
        for task in self._seats:
            task.add_done_callback(self._note_empty_seat)
        self._note_hired(first)

    async def end(self) -> None:
        """End every worker and host; what still waits fails."""
        for seat in self._seats:
            seat.cancel()
        await asyncio.gather(*self._seats, return_exceptions=True)
        self._delivery.abandon(Unavailable("the model was unloaded; try again", retry_after=1.0))
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

    def wake(self) -> None:
        """Say that the queue has something."""
        self._changed.set()

    async def _fill_seat(self, device: str, worker: Worker | None) -> None:
        """Keep one worker on `device` at work, for ever."""
        pause = _FIRST_PAUSE
        while True:
            if worker is None:
                worker = await self._hire_patiently(device)
            forwards = await self._employ(worker, device)
            worker = None
            if forwards:
                pause = _FIRST_PAUSE
            else:  # it died before it did anything: the next one may too
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _employ(self, worker: Worker, device: str) -> int:
        """Have `worker` work until it is lost; returns how many forwards it did."""
        cause, forwards = Failure.CRASH, 0
        try:
            cause, forwards = await self._keep_busy(worker, device)
        finally:
            self._workers.discard(worker)
            self._metrics.workers.labels(model=self.name).set(len(self._workers))
            await asyncio.shield(worker.end())
        _log.warning("worker lost", model=self.name, pid=worker.pid, cause=cause.value)
        self._metrics.worker_restarts.labels(model=self.name, cause=cause.value).inc()
        return forwards

    async def _hire_patiently(self, device: str) -> Worker:
        """A worker on `device`, however long it takes to get one."""
        pause = _FIRST_PAUSE
        while True:
            try:
                worker = await self._hire(device)
            except (ProcessLost, LoadFailed) as error:
                self._note_failure(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._note_hired(worker)
                return worker

    def _note_hired(self, worker: Worker) -> None:
        self.failing_since = None
        self._workers.add(worker)
        self._metrics.workers.labels(model=self.name).set(len(self._workers))
        worker.link.lost.add_done_callback(lambda _: self._changed.set())

    def _note_failure(self, error: BaseException) -> None:
        if self.failing_since is None:
            self.failing_since = monotonic()
        _log.error("no worker to be had", model=self.name, reason=str(error))
        if not self._workers:
            message = f"no worker of {self.name} is alive, and none can be started; see the log"
            self._delivery.abandon(Unavailable(message, _RETRY_AFTER))

    def _note_empty_seat(self, seat: asyncio.Task[None]) -> None:
        """A seat is left by `end` only; anything else is a bug, and must show in the probes."""
        if not seat.cancelled() and (error := seat.exception()) is not None:
            self._note_failure(error)

    async def _hire(self, device: str) -> Worker:
        """A worker on `device`, from its host or from a new one."""
        async with self._hiring.setdefault(device, asyncio.Lock()):
            host = self._hosts.get(device)
            if host is not None and not host.is_ended:
                try:
                    return await host.start_worker()
                except ProcessLost:
                    await host.end()
            host = await self._zygote.start_host(replace(self._spec, device=device))
            self._hosts[device] = host
            return await host.start_worker()

    async def _keep_busy(self, worker: Worker, device: str) -> tuple[Failure, int]:
        """Give `worker` batches until it is lost; return how, and after how many forwards."""
        forwards = 0
        while not worker.link.lost.done():
            if self.queue.is_empty:
                self._changed.clear()
                await self._changed.wait()
                continue
            async with self._slots[device]:
                if worker.link.lost.done():
                    break
                # Taken only now: while the device was busy the batch could still grow.
                batch = self.queue.take(self.budget.current)
                if batch is None:
                    continue
                failure = await self._forward(worker, batch, device)
            if failure is not None:
                return failure, forwards
            forwards += 1
        return Failure.CRASH, forwards

    async def _forward(self, worker: Worker, batch: Batch, device: str) -> Failure | None:
        """Have one batch embedded and its rows delivered; tells if that cost the worker."""
        self._delivery.start(batch, self.budget.current)
        tokens = batch.tokens
        self._tokens_in_flight += tokens
        try:
            async with asyncio.timeout(self._settings.forward_timeout):
                reply = await worker.link.run(batch.to_tokens(self._settings.max_batch_texts))
        except WorkerLost:
            return self._lose(batch, Failure.CRASH)
        except TimeoutError:
            return self._lose(batch, Failure.HANG)
        except asyncio.CancelledError:
            self.queue.try_again([batch])
            raise
        finally:
            self._tokens_in_flight -= tokens
        if reply.device_memory:
            self._metrics.gpu_memory.labels(device=device).set(reply.device_memory)
        if reply.status is Status.DONE and reply.matrix is not None:
            self.rate.observe(tokens, reply.seconds)
            self.budget.recover(monotonic())
            self._delivery.deliver(batch, reply.matrix)
        elif reply.status is Status.OUT_OF_MEMORY:
            self.budget.shrink(tokens, monotonic())
            self._delivery.fail(batch, Failure.OUT_OF_MEMORY, reply.message)
        else:
            self._delivery.fail(batch, Failure.ERROR, reply.message)
        self._changed.set()
        return None

    def _lose(self, batch: Batch, failure: Failure) -> Failure:
        self._delivery.fail(batch, failure, "")
        self._changed.set()
        return failure

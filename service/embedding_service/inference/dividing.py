"""Finds how many workers and threads a model is fastest with, once for each machine and model.

On two cores there is nothing to find: two workers of one thread each did 1.3 to 2 times what one of
two threads did (MiniLM on an idle EPYC, one text and eight at a time), and 2.7 times where others
wanted the cores too. On more cores, which may share caches and execution units, it is measured; the
second start remembers.
"""

from collections.abc import Sequence
from time import monotonic

import structlog

from embedding_service.inference.cores import usable_cores
from embedding_service.inference.divisions import Division, Memory, candidates, name_cpu
from embedding_service.inference.workers.control import NoProcess
from embedding_service.inference.workers.hosts import Host
from embedding_service.settings import EngineSettings

_log = structlog.get_logger(__name__)

MOST_WORKERS = 16
_FEWEST_CORES = 3
_WORSE = 0.95
"""A division that does less than this share of the best one ends the search: fewer workers with
more threads still would be slower yet."""


def divide_by_rule(settings: EngineSettings, cores: int) -> Division:
    """What the settings say, and where they are silent a worker for each core."""
    threads = settings.worker_threads or 1
    return Division(settings.workers or max(1, min(cores // threads, MOST_WORKERS)), threads)


def is_to_be_measured(settings: EngineSettings, cores: int) -> bool:
    """Whether nobody has chosen, and there is a choice."""
    return not settings.workers and not settings.worker_threads and cores >= _FEWEST_CORES


async def divide(host: Host, fingerprint: str, settings: EngineSettings) -> Division:
    """The division for the model of `host`, on the CPU; measures for a second or two if need be."""
    cores = usable_cores()
    rule = divide_by_rule(settings, cores)
    if host.facts.backend == "hashing" or not is_to_be_measured(settings, cores):
        return rule
    memory = Memory(settings.calibration_dir)
    subject = {
        "cpu": name_cpu(),
        "cores": cores,
        "torch": host.facts.versions.get("torch"),
        "fingerprint": fingerprint,
        "forward": [host.facts.backend, host.facts.linears, host.facts.dtype],
    }
    if (known := memory.recall(subject)) is not None:
        return known
    started = monotonic()
    try:
        best = await _search(host, list(candidates(cores, MOST_WORKERS)))
    except NoProcess:  # whoever starts the workers will see it too, and say so
        return rule
    if best is None:
        return rule
    memory.keep(subject, best)
    _log.info(
        "workers calibrated",
        workers=best.workers,
        threads=best.threads,
        cores=cores,
        seconds=round(monotonic() - started, 2),
    )
    return best


async def _search(host: Host, divisions: Sequence[Division]) -> Division | None:
    """The fastest; None where nothing could be measured."""
    best, most = None, 0.0
    for division in divisions:
        rate = await host.measure(division.workers, division.threads)
        if rate < _WORSE * most:
            break
        if rate > most:
            best, most = division, rate
    return best

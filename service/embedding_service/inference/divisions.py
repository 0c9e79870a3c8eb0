"""How the cores of a CPU are divided among a model's workers, and what is remembered of it."""

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

_CPU = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Division:
    """So many workers with so many threads each."""

    workers: int
    threads: int


def candidates(cores: int, most_workers: int) -> Iterator[Division]:
    """From a worker for each core to one for all of them, by halves."""
    threads = 1
    while threads < 2 * cores:
        threads = min(threads, cores)
        workers = cores // threads
        if workers <= most_workers:
            yield Division(workers, threads)
        threads *= 2


class Memory:
    """Divisions by what they were measured for: a file each, in a folder that may be lost."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, subject: Mapping[str, object]) -> Division | None:
        """What was found best for `subject`; None where that is not known."""
        try:
            return Division(**json.loads(self._path(subject).read_bytes())["division"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, subject: Mapping[str, object], division: Division) -> None:
        """Remember; where the folder cannot be written, the next start measures anew."""
        path = self._path(subject)
        told = json.dumps({"subject": subject, "division": asdict(division)}, indent=1)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
                file.write(told)
            Path(file.name).replace(path)

    def _path(self, subject: Mapping[str, object]) -> Path:
        digest = hashlib.sha256(json.dumps(subject, sort_keys=True).encode()).hexdigest()
        return self._folder / "divisions" / f"{digest[:32]}.json"


def name_cpu(cpu: Path = _CPU) -> str:
    """The processor's name; empty where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in cpu.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return ""

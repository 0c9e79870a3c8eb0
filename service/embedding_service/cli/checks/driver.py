"""The NVIDIA driver, as its own tool sees it."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from embedding_service.cli.checks.finding import Finding, Level
from embedding_service.settings import Settings

_COMMAND = (
    "nvidia-smi",
    "--query-gpu=name,driver_version,memory.total",
    "--format=csv,noheader,nounits",
)
_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device, as the driver tells it."""

    name: str
    driver: str
    memory: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Driver:
    """What the driver said."""

    gpus: tuple[Gpu, ...] = ()
    failure: str | None = None


def ask_driver(command: Sequence[str] = _COMMAND) -> Driver:
    """Run nvidia-smi."""
    try:
        done = subprocess.run(  # noqa: S603  a fixed command
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except FileNotFoundError:
        return Driver(failure=f"{command[0]} is not installed")
    except (OSError, subprocess.TimeoutExpired) as error:
        return Driver(failure=f"{command[0]} does not work: {error}")
    if done.returncode:
        told = (done.stdout + done.stderr).strip().splitlines()
        return Driver(failure=told[0] if told else f"{command[0]} ended with {done.returncode}")
    return Driver(gpus=parse_gpus(done.stdout))


def parse_gpus(text: str) -> tuple[Gpu, ...]:
    """Read nvidia-smi's lines of name, driver version and MiB; a line that is none is left out."""
    rows = [[part.strip() for part in line.split(",")] for line in text.splitlines()]
    return tuple(
        Gpu(row[0], row[1], int(row[2]) * 2**20)
        for row in rows
        if len(row) == 3 and row[2].isdigit()
    )


def judge_driver(driver: Driver, settings: Settings) -> Finding:
    """Whether there is a GPU for who wants one."""
    if driver.gpus:
        names = ", ".join(gpu.name for gpu in driver.gpus)
        return Finding("driver", Level.OK, f"{driver.gpus[0].driver}: {names}")
    message = driver.failure or "nvidia-smi lists no GPU"
    if settings.device == "cpu":
        return Finding("driver", Level.OK, f"{message}; none is wanted (DEVICE=cpu)")
    return Finding(
        "driver",
        Level.FAILED if settings.device == "cuda" else Level.WARNING,
        f"no GPU: {message}",
        "On the host, install NVIDIA's driver until `nvidia-smi` lists the GPU. In Docker, install "
        "the NVIDIA Container Toolkit and run with --gpus all. In Kubernetes, request "
        "nvidia.com/gpu. Without a GPU the CPU does the work, many times slower",
    )

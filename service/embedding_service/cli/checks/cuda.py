"""torch and CUDA, asked in a process of their own: a crash of torch must not end doctor."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from embedding_service.cli.checks.driver import Driver
from embedding_service.cli.checks.finding import Finding, Level, in_gibibytes
from embedding_service.settings import Settings

_PROBE = """
import json, torch
cuda = torch.cuda
devices, failure = [], None
try:
    for i in range(cuda.device_count() if cuda.is_available() else 0):
        free, total = cuda.mem_get_info(i)
        devices.append({"name": cuda.get_device_name(i), "free": free, "total": total})
        (torch.ones(1, device=f"cuda:{i}") + 1).cpu()
except Exception as error:
    failure = str(error).splitlines()[0]
print(json.dumps({"version": torch.__version__, "cuda": torch.version.cuda,
                  "devices": devices, "failure": failure}))
"""
_COMMAND = (sys.executable, "-c", _PROBE)
_TIMEOUT = 180.0
"""Seconds; from a cold disk torch takes long to import."""
_LITTLE_MEMORY = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU, as torch sees it."""

    name: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Torch:
    """What torch said."""

    version: str | None = None
    """None when it cannot be imported."""
    cuda: str | None = None
    """The CUDA it was built for."""
    devices: tuple[Device, ...] = ()
    failure: str | None = None


def ask_torch(command: Sequence[str] = _COMMAND) -> Torch:
    """Import torch elsewhere, and compute something on every GPU it sees."""
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Torch(failure=str(error))
    try:
        facts = json.loads(done.stdout.strip().splitlines()[-1])
        devices = tuple(Device(**device) for device in facts.pop("devices"))
        return Torch(devices=devices, **facts)
    except (IndexError, ValueError, TypeError, KeyError):
        told = done.stderr.strip().splitlines()
        return Torch(failure=told[-1] if told else f"Python ended with {done.returncode}")


def judge_torch(torch: Torch) -> Finding:
    """Whether torch can be imported at all."""
    if torch.version is None:
        return Finding(
            "torch",
            Level.FAILED,
            f"cannot be imported: {torch.failure}",
            "Install it with `pip install 'gpu-embedding[gpu]'`, or [cpu] where no GPU is",
        )
    built_for = f"built for CUDA {torch.cuda}" if torch.cuda else "built for the CPU alone"
    return Finding("torch", Level.OK, f"{torch.version}, {built_for}")


def judge_cuda(torch: Torch, driver: Driver, settings: Settings) -> Finding:
    """Whether torch can compute on a GPU."""
    if settings.device == "cpu":
        return Finding("CUDA", Level.OK, "not wanted (DEVICE=cpu)")
    if torch.devices and torch.failure is None:
        names = ", ".join(device.name for device in torch.devices)
        return Finding("CUDA", Level.OK, f"torch computes on {names}")
    level = Level.FAILED if settings.device == "cuda" else Level.WARNING
    if torch.devices:
        return Finding(
            "CUDA",
            level,
            f"torch sees the GPU and cannot compute on it: {torch.failure}",
            "Update the driver, and take a torch that was built for this generation of GPUs",
        )
    if not driver.gpus:
        return Finding("CUDA", level, "torch.cuda.is_available() is false: there is no GPU to see")
    if torch.cuda is None:
        return Finding(
            "CUDA",
            level,
            "there is a GPU, and this torch was built without CUDA",
            "Install `gpu-embedding[gpu]` instead of [cpu]",
        )
    visible = settings.cuda_visible_devices
    return Finding(
        "CUDA",
        level,
        "there is a GPU, and torch.cuda.is_available() is false"
        + (f": {torch.failure}" if torch.failure else ""),
        f"See that CUDA_VISIBLE_DEVICES ({visible or 'unset'}) names GPUs that nvidia-smi lists, "
        f"and that the driver ({driver.gpus[0].driver}) is new enough for CUDA {torch.cuda}",
    )


def judge_memory(torch: Torch) -> Finding | None:
    """Whether there is room on the GPUs; None without one."""
    if not torch.devices:
        return None
    told = "; ".join(
        f"{device.name}: {in_gibibytes(device.free)} free of {in_gibibytes(device.total)}"
        for device in torch.devices
    )
    if min(device.free for device in torch.devices) >= _LITTLE_MEMORY:
        return Finding("device memory", Level.OK, told)
    return Finding(
        "device memory",
        Level.WARNING,
        told,
        "End what else uses the GPU (nvidia-smi lists it), lower MAX_BATCH_TOKENS, or take a "
        "smaller model such as all-MiniLM-L6-v2. When memory runs out, the server empties CUDA's "
        "cache and halves its batches by itself",
    )

"""Whether there is an NVIDIA GPU, asked of the system: the front has no torch to ask."""

from pathlib import Path

_DEVICES = Path("/dev")


def has_nvidia_gpu(devices: Path = _DEVICES) -> bool:
    """Tell by the driver's device files; `dxg` is the GPU of WSL 2. It need not work for torch."""
    return any(devices.glob("nvidia[0-9]*")) or (devices / "dxg").exists()

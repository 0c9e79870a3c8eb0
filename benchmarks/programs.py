"""Programs of a benchmark: started with no setting but those they are given, and ended with it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import benchmarks
import embedding_service

_STOP_SECONDS: Final = 120.0
_KEPT: Final = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
"""Variables that a process of ours inherits: no setting is among them."""
_PACKAGES: Final = (
    Path(embedding_service.__file__).parents[1],
    Path(benchmarks.__file__).parents[1],
)


def build_environment(**variables: str) -> dict[str, str]:
    """For a process of ours: it finds our packages, and no setting but `variables`."""
    inherited = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return inherited | {"PYTHONPATH": os.pathsep.join(map(str, _PACKAGES))} | variables


@cache
def mortal() -> Sequence[str]:
    """What goes before a command that is to end with us, even when we are killed (Linux).

    The kernel sends SIGTERM when the thread that started it ends, so start it from the main one.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it as Kubernetes does, in the end by force."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def find_port() -> int:
    """One that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

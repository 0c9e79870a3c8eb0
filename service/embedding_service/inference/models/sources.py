"""From a model reference to a folder on this machine."""

import importlib
from pathlib import Path

from embedding_service.errors import ModelUnavailable
from embedding_service.inference.models.damage import find_damage, find_missing
from embedding_service.references import Reference, Source


def locate(reference: Reference) -> Path:
    """The folder that holds the model, complete and undamaged; downloads it if need be.

    Blocks for as long as a download takes: call it in a thread. What is already on this machine
    is found without asking the network.

    Raises:
        ModelUnavailable: with what was tried and how to mend it.
        ValueError: for `hashing:DIM`, which has no folder.
    """
    match reference.source:
        case Source.FOLDER:
            return _find_folder(reference)
        case Source.PACKAGE:
            return _ask_package(reference)
        case Source.HUB:
            return _find_on_hub(reference)
        case Source.HASHING:
            raise ValueError(f"{reference} has no folder")


def find_local(reference: Reference) -> Path | None:
    """The model's folder if a sound one is on this machine already. Asks no network."""
    try:
        if reference.source is not Source.HUB:
            return locate(reference)
        from embedding_service.inference.models import hub  # noqa: PLC0415  after .env is read

        folder = hub.find_cached(reference)
    except (ModelUnavailable, ValueError):
        return None
    return None if folder is None or find_damage(folder) else folder


def _find_folder(reference: Reference) -> Path:
    folder = Path(reference.target)
    if not folder.is_dir():
        raise ModelUnavailable(
            str(reference),
            f"model {reference}: there is no folder {folder.absolute()}. "
            "Correct the path, or mount the folder where this process can see it",
        )
    return _check(reference, folder, f"Copy the model to {folder} again")


def _ask_package(reference: Reference) -> Path:
    name = reference.target
    try:
        package = importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        raise ModelUnavailable(
            str(reference),
            f"model {reference}: the Python package {missing} is not installed. "
            f"Install it (for example `pip install {missing.replace('_', '-')}`)",
        ) from error
    try:
        folder = Path(package.get_model_path())
    except Exception as error:
        # Foreign code: whatever it raises, a person must look at that package.
        raise ModelUnavailable(
            str(reference),
            f"model {reference}: {name}.get_model_path() gives no folder "
            f"({type(error).__name__}: {error}). Use a package that ships a model folder",
        ) from error
    return _check(reference, folder, f"Reinstall the package {name}")


def _find_on_hub(reference: Reference) -> Path:
    from embedding_service.inference.models import hub  # noqa: PLC0415  after .env is read

    folder = hub.find_cached(reference) or hub.fetch(reference)
    stale = hub.repository_folder(reference)
    return _check(
        reference, folder, f"Delete {stale}, then run `gpu-embedding models fetch {reference}`"
    )


def _check(reference: Reference, folder: Path, remedy: str) -> Path:
    if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        raise ModelUnavailable(
            str(reference),
            f"model {reference}: {folder} has neither modules.json nor config.json, so it is no "
            "sentence-transformers model. Give the folder that holds one of them",
        )
    faults = [f"{name}: is missing" for name in find_missing(folder)] + find_damage(folder)
    if faults:
        raise ModelUnavailable(
            str(reference),
            f"model {reference}: {folder} is damaged: {'; '.join(faults)}. {remedy}",
        )
    return folder

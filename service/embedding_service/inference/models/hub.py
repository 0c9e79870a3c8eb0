"""The model hub and its cache on this machine.

Imported late, by `sources` alone: huggingface_hub reads HF_HOME, HF_HUB_OFFLINE and HF_TOKEN when
it is imported, and `.env` must have been read before.
"""

from pathlib import Path

import httpx
from huggingface_hub import HfApi, constants, get_cached_repo_tree, snapshot_download
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from embedding_service.errors import ModelUnavailable
from embedding_service.inference.models.damage import find_missing
from embedding_service.inference.models.files import wanted_from_hub
from embedding_service.inference.models.hub_names import hub_id
from embedding_service.references import Reference

_TIMEOUT = 10.0
"""Seconds for the first question to the hub. It is asked once, so this bounds a start offline."""


def cache_folder() -> Path:
    """Where the hub's files are kept: HF_HUB_CACHE, else below HF_HOME."""
    return Path(constants.HF_HUB_CACHE)


def repository_folder(reference: Reference) -> Path:
    """The part of the cache that belongs to one model; safe to delete, a fetch fills it again."""
    return cache_folder() / f"models--{hub_id(reference.target).replace('/', '--')}"


def find_cached(reference: Reference) -> Path | None:
    """The model's folder in the cache if all of it is there. Asks nobody."""
    repository = hub_id(reference.target)
    try:
        folder = snapshot_download(
            repository,
            revision=reference.revision,
            allow_patterns=_wanted_by_cache(repository, reference.revision),
            local_files_only=True,
        )
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return None if find_missing(Path(folder)) else Path(folder)


def fetch(reference: Reference) -> Path:
    """Download what is missing of the model. Raises ModelUnavailable."""
    repository = hub_id(reference.target)
    try:
        # snapshot_download would ask several times over; what this asks first fails at once.
        facts = HfApi().model_info(repository, revision=reference.revision, timeout=_TIMEOUT)
        folder = snapshot_download(
            repository,
            revision=reference.revision,
            allow_patterns=wanted_from_hub(file.rfilename for file in facts.siblings or ()),
        )
    except (httpx.HTTPError, OSError, HFValidationError) as error:
        raise ModelUnavailable(
            str(reference),
            f"model {reference}: looked for {repository!r} in {cache_folder()} "
            f"and on {constants.ENDPOINT}: {_explain(reference, repository, error)}",
        ) from error
    return Path(folder)


def _wanted_by_cache(repository: str, revision: str | None) -> list[str] | None:
    """Names to expect; None when another program fetched the files one by one and left no list."""
    try:
        tree = get_cached_repo_tree(repository, revision=revision)
    except CachedRepoTreeNotFoundError:
        return None
    return wanted_from_hub(entry.path for entry in tree)


def _explain(reference: Reference, repository: str, error: Exception) -> str:
    match error:
        case GatedRepoError():
            return (
                "its owner lets only approved users have it. Ask for access on "
                f"{constants.ENDPOINT}/{repository}, then set HF_TOKEN to a token of that account"
            )
        case RepositoryNotFoundError():
            return (
                "the hub has no such model, or keeps it private. Check the spelling, "
                "or set HF_TOKEN to a token that may read it"
            )
        case RevisionNotFoundError():
            return (
                f"it has no revision {reference.revision!r}. "
                "Give a branch, a tag or a commit that exists"
            )
        case HFValidationError():
            return "that is no name the hub can have. Give it as org/model"
        case _:
            return _explain_outage(reference, error)


def _explain_outage(reference: Reference, error: Exception) -> str:
    otherwise = (
        "Or fetch it where the hub can be reached "
        f"(`gpu-embedding models fetch {reference}`) and bring {cache_folder()} along, "
        "or name a folder (./model) or an installed package (package:NAME) instead"
    )
    match error:
        case OfflineModeIsEnabled():
            return (
                "it is not in the cache, and HF_HUB_OFFLINE forbids asking the hub. "
                f"Unset HF_HUB_OFFLINE. {otherwise}"
            )
        case HfHubHTTPError():
            return f"the hub answered {error.response.status_code}. Try again later. {otherwise}"
        case httpx.HTTPError():
            return (
                "it is not in the cache, and the hub cannot be reached "
                f"({type(error).__name__}: {error}). Check the network. {otherwise}"
            )
        case _:
            return (
                f"the download failed ({error}). "
                f"Check the space on the disk and the permissions of {cache_folder()}"
            )

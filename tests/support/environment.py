"""The environment that tests run in: none of our variables, no proxy, no hub."""

import os
from collections.abc import Iterator, Mapping

from embedding_service.settings import GROUPS

_OURS = frozenset(name.upper() for group in GROUPS for name in group.model_fields)
_EXAMPLES = frozenset({"APPLICATION_URL", "EMBEDDING_SERVICE_URL", "USE_GPU_EMBEDDINGS"})
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
_PREFIXES = ("FAQ_", "HF_", "LANGCHAIN_", "LANGSMITH_", "OPENAI_", "OTEL_", "TIKTOKEN_")


def foreign_names(environment: Mapping[str, str]) -> Iterator[str]:
    """Names in `environment` that would change what a test sees."""
    for name in environment:
        upper = name.upper()
        if upper in _OURS | _EXAMPLES or upper.startswith(_PREFIXES) or upper.endswith("_PROXY"):
            yield name


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without what `foreign_names` lists, with `settings` on top."""
    left = set(os.environ) - set(foreign_names(os.environ))
    return {name: os.environ[name] for name in sorted(left)} | _QUIET | settings


def tool_environment(**settings: str) -> dict[str, str]:
    """For what is no part of the product: without coverage, which makes importing torch slower.

    With one thread, because the rest of a test run has the other cores.
    """
    environment = clean_environment(**({"OMP_NUM_THREADS": "1"} | settings))
    covering = set(coverage_names(environment))
    return {name: value for name, value in environment.items() if name not in covering}


def coverage_names(environment: Mapping[str, str]) -> Iterator[str]:
    """Names in `environment` that have a new process measured."""
    return (name for name in environment if name.startswith("COVERAGE_"))

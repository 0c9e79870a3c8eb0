"""Who is measured, and how each is started."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.serving.models import Model
from benchmarks.serving.stage.dialects import NAIVE, speak_openai
from benchmarks.serving.stage.server import Plan

OURS: Final = "ours"
INFINITY: Final = "infinity"
RAW: Final = "raw"
NAIVES: Final = ("naive_1", "naive_2")
TITLES: Final[Mapping[str, str]] = {
    OURS: "this",
    "naive_1": "naive, 1 thread",
    "naive_2": "naive, 2 threads",
    INFINITY: "infinity-emb",
    RAW: "the raw model, no HTTP",
}

ROOT: Final = Path(__file__).resolve().parents[3]
INFINITY_BIN: Final = ROOT / ".venv-infinity" / "bin"
_NAIVE: Final = "benchmarks.serving.peers.naive"


def plan_ours(model: Model, name: str = OURS, **settings: str) -> Plan:
    """This checkout's server, without indexes, which nobody else here has."""
    variables = {
        "DATABASE_URL": "none",
        "EMBEDDING_MODEL": model.reference,
        "LOG_FORMAT": "json",
        "SERVICE_HOST": "127.0.0.1",
        "SERVICE_PORT": "{port}",
    }
    command = [sys.executable, "-m", "embedding_service", "serve"]
    dialect = speak_openai("/v1/embeddings", model.name)
    return Plan(name, command, dialect, variables | settings)


def plan_naive(model: Model, threads: int) -> Plan:
    """FastAPI over `encode`."""
    command = [sys.executable, "-m", _NAIVE, str(model.folder), str(threads), "{port}"]
    return Plan(f"naive_{threads}", command, NAIVE, {})


def plan_infinity(model: Model) -> Plan:
    """infinity-emb as it comes, but for its telemetry."""
    command = [
        str(INFINITY_BIN / "infinity_emb"),
        *("v2", "--model-id", str(model.folder), "--served-model-name", model.name),
        *("--device", "cpu", "--host", "127.0.0.1", "--port", "{port}"),
    ]
    variables = {"DO_NOT_TRACK": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0"}
    return Plan(INFINITY, command, speak_openai("/embeddings", model.name), variables)


def has_infinity() -> bool:
    """Whether its environment is there."""
    return (INFINITY_BIN / "infinity_emb").exists()

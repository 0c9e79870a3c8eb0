"""The server that is fuzzed: small bounds, so that they are met."""

from collections.abc import Iterator

import pytest

import fuzz_bodies
from live_server import LiveServer, running_server


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One for each test process. A fault of its own, once answered, stays in its log."""
    settings = {
        "EMBEDDING_MODEL": fuzz_bodies.MODEL,
        "ALLOWED_MODELS": f"{fuzz_bodies.OTHER_MODEL}=hashing:8",
        "MAX_TEXTS": str(fuzz_bodies.MAX_TEXTS),
        "MAX_TEXT_CHARS": str(fuzz_bodies.MAX_TEXT_CHARS),
        "MAX_BODY_SIZE": str(fuzz_bodies.MAX_BODY_SIZE),
        "WORKERS": "1",
    }
    with running_server(tmp_path_factory.mktemp("fuzzed"), **settings) as server:
        yield server

"""The server that is fuzzed, and the seed of a run."""

import random
import sys
from collections.abc import Callable, Iterator

import pytest

import fuzz_bodies
from fuzz_runs import Length
from live_server import LiveServer, running_server


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One for each test process, with small bounds, so that they are met."""
    settings = {
        "EMBEDDING_MODEL": fuzz_bodies.MODEL,
        "ALLOWED_MODELS": f"{fuzz_bodies.OTHER_MODEL}=hashing:8",
        "MAX_TEXTS": str(fuzz_bodies.MAX_TEXTS),
        "MAX_TEXT_CHARS": str(fuzz_bodies.MAX_TEXT_CHARS),
        "MAX_BODY_SIZE": str(fuzz_bodies.MAX_BODY_SIZE),
        "VERSION_WAIT": "0.1",
        "WORKERS": "1",
    }
    with running_server(tmp_path_factory.mktemp("fuzzed"), **settings) as server:
        yield server


@pytest.fixture
def seed(
    length: Length, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> int | None:
    """Where a random run starts; --hypothesis-seed gives one again."""
    if not length.is_random:
        return None
    given = pytestconfig.getoption("--hypothesis-seed")
    chosen = int(given) if given else random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"the same cases again: --hypothesis-seed={chosen}\n")
    record_property("seed", chosen)
    return chosen

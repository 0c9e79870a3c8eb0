from collections.abc import Iterator

import pytest

from batch_server import BatchServer, running_batch_server


@pytest.fixture
def batch_server() -> Iterator[BatchServer]:
    with running_batch_server() as server:
        yield server

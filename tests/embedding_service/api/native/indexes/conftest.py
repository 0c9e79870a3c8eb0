"""The API under test, with indexes behind it."""

import pytest

from apis import Api, give_indexes
from fake_retrieval import FakeRetrieval


@pytest.fixture
def retrieval(api: Api) -> FakeRetrieval:
    """The indexes behind `api`."""
    return give_indexes(api)

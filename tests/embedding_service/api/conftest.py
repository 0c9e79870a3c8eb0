"""The API under test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio

from apis import Api, OpenApi, build_app, build_fake_api, connect
from embedders import open_metered
from embedding_service.api.auth import Authenticator


@pytest.fixture
async def open_api() -> AsyncIterator[OpenApi]:
    """Make an API over a fake, with settings by name."""
    async with AsyncExitStack() as stack:

        def make(authenticator: Authenticator | None = None, **settings: Any) -> Api:
            api = build_fake_api(authenticator, **settings)
            stack.push_async_callback(api.http.aclose)
            return api

        yield make


@pytest.fixture
def api(open_api: OpenApi) -> Api:
    """The API over a fake, with default settings."""
    return open_api()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real_http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over a real embedder of hashed vectors, in the module's own loop."""
    async with open_metered(allowed_models=("other=hashing:4",)) as embedder:
        app, _, _ = build_app(embedder)
        async with connect(app) as http:
            yield http

"""A server of one index under test, at the operator's port."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from databases import postgresql_url
from object_stores import s3_place
from operator_port import Pod, running_pod

__all__ = ["postgresql_url", "s3_place"]


@pytest.fixture
async def pod(tmp_path: Path) -> AsyncIterator[Pod]:
    """With twenty documents."""
    async with running_pod(tmp_path / "pod") as pod:
        await pod.service.put(range(20))
        yield pod

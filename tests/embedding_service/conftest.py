import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import postgresql_url

__all__ = ["postgresql_url"]


@pytest.fixture
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in; what `.env` puts into the environment is taken out again."""
    before = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in os.environ.keys() - before.keys():
        del os.environ[name]

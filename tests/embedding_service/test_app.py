"""Settings that only together make sense, or do not; and what is loaded for them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from embedding_service.app import build_application, build_operator_keys
from embedding_service.environment import BadSettings, child_environment
from embedding_service.settings import Settings
from operator_port import Signer, write_keys


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    write_keys(tmp_path / "keys.json", [Signer()])
    return tmp_path / "keys.json"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"admin_port": 8002}, "ADMIN_KEYS_FILE: set INDEX_NAME"),
        ({"index_name": "books"}, "ADMIN_KEYS_FILE: set ADMIN_PORT"),
        ({"index_name": "books", "admin_port": 1, "database_url": "none"}, "ADMIN_KEYS_FILE: "),
    ],
)
async def test_an_operator_has_one_index_and_a_port(
    keys: Path, other: dict[str, Any], told: str
) -> None:
    given = {"embedding_model": "hashing:8", "data_dir": keys.parent, **other}
    with pytest.raises(BadSettings, match=told):
        build_application(Settings(admin_keys_file=keys, **given))


@pytest.mark.parametrize(
    "other",
    [
        {"index_aliases_file": "aliases"},
        {"index_snapshot_file": "snapshot"},
        {"bootstrap_aws_endpoint": "https://s3.example.org"},
    ],
)
def test_what_is_of_one_index_is_no_setting_of_many(other: dict[str, Any]) -> None:
    (name,) = other
    with pytest.raises(BadSettings, match=f"{name.upper()}: set INDEX_NAME"):
        build_operator_keys(Settings(**other))
    assert build_operator_keys(Settings(index_name="books", **other)) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"index_recall": 0.5}, "INDEX_RECALL is 0.5; use 0.8 to 0.995"),
        ({"index_hnsw_m": 16}, "INDEX_HNSW_M is of engine hnsw, not of auto; leave it out"),
        ({"index_engine": "flat", "index_exact_rows": 2_000}, "INDEX_EXACT_ROWS is of engine auto"),
        (
            {"index_engine": "hnsw", "index_hnsw_m": 64, "index_hnsw_ef_construction": 100},
            "INDEX_HNSW_EF_CONSTRUCTION is 100; use at least 128, twice INDEX_HNSW_M, which is 64",
        ),
    ],
)
async def test_parameters_that_are_not_the_engines_are_told_by_their_settings(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    settings = Settings(embedding_model="hashing:8", data_dir=tmp_path, index_name="a", **given)
    with pytest.raises(BadSettings, match=told):
        build_application(settings)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"bootstrap_aws_access_key_id_file": "id"}, "set it together"),
        ({"bootstrap_aws_secret_access_key_file": "secret"}, "set it together"),
        ({"bootstrap_aws_endpoint": "s3.example.org"}, "use http"),
    ],
)
def test_the_other_store_needs_both_keys_and_an_address(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Settings(**given)


def test_a_server_without_a_database_loads_nothing_that_indexes_need() -> None:
    program = """
import asyncio, sys
from embedding_service.app import build_application
from embedding_service.server import Settings

async def build():
    build_application(Settings(embedding_model="hashing:8", database_url="none"))

asyncio.run(build())
print(*{"alembic", "faiss", "obstore", "psycopg", "pyarrow", "sqlalchemy"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=child_environment(), check=True, capture_output=True
    )
    assert done.stdout.split() == []

"""The add-ons' database and object store, as Secrets of a namespace name them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from obstore.store import S3Store

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace

S3_ENDPOINT = "http://s3.add-ons:8333"
BUCKET = "indexes"


def new_database(kubectl: Kubectl) -> str:
    """The URL of an empty database of the add-on's PostgreSQL."""
    name = f"test_{uuid4().hex[:12]}"
    psql = ("psql", "--host=127.0.0.1", "--username=postgres", "--quiet")
    where = ("--namespace=add-ons", "deployment/postgres", "--")
    command = (*psql, "-c", f"CREATE DATABASE {name}")
    kubectl("exec", *where, "env", "PGPASSWORD=test-password", *command)
    return f"postgresql+psycopg://postgres:test-password@postgres.add-ons:5432/{name}"


@contextmanager
def open_bucket(kubectl: Kubectl) -> Iterator[S3Store]:
    """BUCKET, through the API server."""
    with Namespace("add-ons", kubectl).http("service/s3", 8333) as http:
        yield S3Store(
            BUCKET,
            endpoint=str(http.base_url).rstrip("/"),
            access_key_id="test",
            secret_access_key="test-secret",  # noqa: S106  of the add-on
            region="us-east-1",
            client_options={"allow_http": True},
        )


def build_secrets(database: str) -> list[dict[str, Any]]:
    """`products-db` with an address, `s3` with keys."""
    return [
        _build("products-db", uri=database),
        _build("s3", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test-secret"),  # noqa: S106
    ]


def build_storage() -> dict[str, Any]:
    """What a spec says to use both."""
    bucket = {"bucket": BUCKET, "endpoint": S3_ENDPOINT, "secret": {"name": "s3"}}
    return {
        "database": {"type": "PostgreSQL", "postgresql": {"secret": {"name": "products-db"}}},
        "storage": {"type": "S3", "s3": bucket},
    }


def _build(name: str, **content: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": content,
    }

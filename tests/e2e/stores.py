"""The add-ons' database and object store, as Secrets of a namespace name them."""

from typing import Any
from uuid import uuid4

from tests.cluster.kubectl import Kubectl

S3_ENDPOINT = "http://s3.add-ons:8333"


def new_database(kubectl: Kubectl) -> str:
    """The URL of an empty database of the add-on's PostgreSQL."""
    name = f"test_{uuid4().hex[:12]}"
    psql = ("psql", "--host=127.0.0.1", "--username=postgres", "--quiet")
    where = ("--namespace=add-ons", "deployment/postgres", "--")
    command = (*psql, "-c", f"CREATE DATABASE {name}")
    kubectl("exec", *where, "env", "PGPASSWORD=test-password", *command)
    return f"postgresql+psycopg://postgres:test-password@postgres.add-ons:5432/{name}"


def build_secrets(database: str) -> list[dict[str, Any]]:
    """`products-db` with an address, `s3` with keys."""
    return [
        _build("products-db", uri=database),
        _build("s3", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test-secret"),  # noqa: S106
    ]


def build_storage() -> dict[str, Any]:
    """What a spec says to use both."""
    bucket = {"bucket": "indexes", "endpoint": S3_ENDPOINT, "secret": {"name": "s3"}}
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

"""The add-ons' database and object store, as Secrets of a namespace name them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import obstore
from obstore.store import S3Store

from tests.cluster import addons
from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.manifests import build_settings
from waiting import wait_until

ADD_ONS = "add-ons"
S3_ENDPOINT = "http://s3.add-ons:8333"
BUCKET = addons.BUCKET


def new_database(kubectl: Kubectl) -> str:
    """The URL of an empty database of the add-on's PostgreSQL."""
    name = f"test_{uuid4().hex[:12]}"
    query(kubectl, f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://postgres:test-password@postgres.add-ons:5432/{name}"


def query(kubectl: Kubectl, *statements: str) -> None:
    """Have the add-on's PostgreSQL do something, each in a transaction of its own."""
    psql = ("psql", "--host=127.0.0.1", "--username=postgres", "--quiet")
    where = (f"--namespace={ADD_ONS}", "deployment/postgres", "--")
    words = [word for each in statements for word in ("-c", each)]
    kubectl("exec", *where, "env", "PGPASSWORD=test-password", *psql, *words)


@contextmanager
def stopped(kubectl: Kubectl, name: str) -> Iterator[None]:
    """`postgres` or `s3` answers nobody during the block; what it has stays."""
    add_ons = Namespace(ADD_ONS, kubectl)
    selector = f"--selector=app={name}"
    try:
        add_ons.run("scale", f"deployment/{name}", "--replicas=0")
        add_ons.run("delete", "pods", selector, "--grace-period=1")  # not when all have hung up
        wait_until(lambda: not add_ons.get("pods", selector)["items"], 60, f"{name} has ended")
        yield
    finally:
        add_ons.run("scale", f"deployment/{name}", "--replicas=1")
        add_ons.roll_out(f"deployment/{name}")


@contextmanager
def narrowed_rights(kubectl: Kubectl, *actions: str) -> Iterator[None]:
    """The key to S3 is good for these `actions` alone (`Read`, `List`) during the block."""
    add_ons = Namespace(ADD_ONS, kubectl)
    rights = json.loads(add_ons.get("configmap", "s3")["data"]["s3.json"])
    (identity,) = rights["identities"]
    narrowed = {"identities": [{**identity, "actions": list(actions)}]}
    try:
        _give_rights(add_ons, narrowed)
        yield
    finally:
        _give_rights(add_ons, rights)


def _give_rights(add_ons: Namespace, rights: dict[str, Any]) -> None:
    add_ons.apply(build_settings("s3", **{"s3.json": json.dumps(rights)}))
    add_ons.run("rollout", "restart", "deployment/s3")  # it reads them once
    add_ons.roll_out("deployment/s3")


@contextmanager
def open_bucket(kubectl: Kubectl) -> Iterator[S3Store]:
    """BUCKET, through the API server."""
    with Namespace(ADD_ONS, kubectl).http("service/s3", 8333) as http:
        yield S3Store(
            BUCKET,
            endpoint=str(http.base_url).rstrip("/"),
            access_key_id="test",
            secret_access_key="test-secret",  # noqa: S106  of the add-on
            region="us-east-1",
            client_options={"allow_http": True},
        )


def list_files(bucket: S3Store, folder: str) -> dict[str, int]:
    """Names of what lies below a folder of the bucket, with their sizes."""
    pages = obstore.list(bucket, folder)
    return {each["path"]: each["size"] for page in pages for each in page}


def damage(bucket: S3Store, names: Sequence[str]) -> dict[str, bytes]:
    """Turn a bit round in the middle of each file; what they were."""
    whole = {name: bytes(obstore.get(bucket, name).bytes()) for name in names}
    for name, content in whole.items():
        middle = len(content) // 2
        damaged = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        obstore.put(bucket, name, damaged)
    return whole


def find_folder(uri: str) -> str:
    """The folder of the bucket that an index has, by the address of one of its snapshots."""
    return uri.removeprefix(f"s3://{BUCKET}/").rpartition("/")[0]


def build_secrets(database: str) -> list[dict[str, Any]]:
    """`products-db` with an address, `s3` with keys."""
    return [
        build_secret("products-db", uri=database),
        build_secret("s3", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test-secret"),  # noqa: S106
    ]


def build_storage() -> dict[str, Any]:
    """What a spec says to use both."""
    bucket = {"bucket": BUCKET, "endpoint": S3_ENDPOINT, "secret": {"name": "s3"}}
    return {
        "database": {"type": "PostgreSQL", "postgresql": {"secret": {"name": "products-db"}}},
        "storage": {"type": "S3", "s3": bucket},
    }


def build_secret(name: str, **content: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": content,
    }

"""The operator as a process of its own, against an API server alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.api_server.rights import RELEASE, Account, install, list_forbidden
from tests.cluster.api_servers import ApiServer, free_port
from tests.cluster.waiting import wait_until

DEFAULTS = """
model: mini
encoder: {url: "http://tier:8001"}
images: {index: "registry/index:1", server: "registry/server:1"}
"""
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
AGENTS = ("gpu-embedding-operator", "kopf")
"""What the operator, and the framework in it, call themselves."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One that runs."""

    process: subprocess.Popen[bytes]
    address: str
    """Of its metrics."""


@contextmanager
def running_operator(
    server: ApiServer,
    folder: Path,
    namespaces: str = "",
    account: Account | None = None,
    log_level: str = "warning",
    **settings: str,
) -> Iterator[Operator]:
    """Run it until the block ends, which begins once it answers. Raises AssertionError at the end
    if it did what it has no right to."""
    account = account or install(server, folder)
    mark = count_lines(server)
    defaults = folder / "defaults.yaml"
    defaults.write_text(DEFAULTS, encoding="utf-8")
    port = free_port()
    environment = {
        **os.environ,
        "KUBECONFIG": str(account.kubeconfig),
        "OPERATOR_NAMESPACE": account.namespace,
        "OPERATOR_RELEASE": RELEASE,
        "DEFAULTS_FILE": str(defaults),
        "WATCH_NAMESPACES": namespaces,
        "HEALTH_PORT": str(port),
        "LOG_LEVEL": log_level,
        **settings,
    }
    address = f"http://127.0.0.1:{port}"
    with (folder / "operator.log").open("wb") as log:
        command = [sys.executable, "-m", "embedding_operator"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_until(
                lambda: answers(process, address),
                "the operator does not answer",
                60,
                f"see {folder}/operator.log",
            )
            yield Operator(process, address)
        finally:
            process.terminate()
            process.wait(30)
    assert list_forbidden(server, account, mark) == []


def answers(process: subprocess.Popen[bytes], address: str) -> bool:
    """Whether it says that it is well. Raises AssertionError once it has ended."""
    assert process.poll() is None, "the operator has ended; see its log"
    try:
        return httpx.get(f"{address}/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def list_writes(server: ApiServer, namespace: str, after: int = 0) -> list[str]:
    """What operators wrote in a namespace, from a line of the audit log on."""
    return [
        f"{each['verb']} {each['requestURI']}" for each in _read_writes(server, namespace, after)
    ]


def list_writers(server: ApiServer, namespace: str, path: str) -> set[str]:
    """Accounts of the operators that wrote what has `path` in its address."""
    writes = _read_writes(server, namespace)
    return {each["user"]["username"] for each in writes if path in each["requestURI"]}


def _read_writes(server: ApiServer, namespace: str, after: int = 0) -> list[dict[str, Any]]:
    lines = server.audit.read_text(encoding="utf-8").splitlines()[after:]
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines if line]
    return [
        each
        for each in entries
        if each["verb"] in WRITES
        and f"/namespaces/{namespace}/" in each["requestURI"]
        and each.get("userAgent", "").startswith(AGENTS)
    ]


def count_lines(server: ApiServer) -> int:
    """Of the audit log, until now."""
    return len(server.audit.read_text(encoding="utf-8").splitlines())

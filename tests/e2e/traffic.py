"""People who use an index or a tier while something is done to it, and what they were told."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.cluster import Namespace
from tests.e2e.manifests import PORT, build_idler, build_pod

PROGRAM = Path(__file__).with_name("traffic_clients.py")


@dataclass(frozen=True, slots=True)
class Told:
    """What all clients were told, until now."""

    ids: Sequence[str]
    """Of an index's documents that were acknowledged, and of no other."""
    answered: Mapping[str, int]
    """Requests, by client."""
    failures: Mapping[str, int]
    """By client and status, or kind of error."""
    examples: Sequence[str]
    outages: Sequence[tuple[str, float]]
    """Clients, and the seconds for which they had no answer, where those were more than one."""
    lag: float
    """Seconds; how old a write was, at worst, that a read without `min_version` had not seen."""

    @property
    def count(self) -> int:
        """Requests that were answered."""
        return sum(self.answered.values())


ASK = """
import sys, urllib.request
told = urllib.request.urlopen(sys.argv[1], data=b"" if len(sys.argv) > 2 else None)
print(told.read().decode())
"""
"""Inside the pod: a way there that breaks is none of what is tested."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Clients that are at work."""

    namespace: Namespace
    pod: str

    def tell(self) -> Told:
        return self._ask("/")

    def stop(self) -> Told:
        """Let them end what they do."""
        return self._ask("/stop", "POST")

    def _ask(self, path: str, *method: str) -> Told:
        address = f"http://127.0.0.1:{PORT}{path}"
        said = self.namespace.execute(self.pod, "python3", "-c", ASK, address, *method)
        return Told(**json.loads(said))


@contextmanager
def traffic(namespace: Namespace, index: str, host: str | None = None) -> Iterator[Traffic]:
    """Clients that write and read, through the Service, and through the Ingress of `host` too."""
    ways = [{"name": "service", "url": f"http://{index}:{PORT}", "host": f"{index}:{PORT}"}]
    if host is not None:
        ways.append(
            {"name": "ingress", "url": f"http://{os.environ['TEST_INGRESS']}", "host": host}
        )
    with _clients(namespace, f"clients-of-{index}", {"index": index, "ways": ways}) as found:
        yield found


@contextmanager
def embedding(namespace: Namespace, url: str) -> Iterator[Traffic]:
    """Clients who have texts embedded by the tier at `url`, through its Service."""
    ways = [{"name": "service", "url": url, "host": url.partition("//")[2]}]
    with _clients(namespace, "clients-of-the-tier", {"index": None, "ways": ways}) as found:
        yield found


@contextmanager
def _clients(namespace: Namespace, name: str, wanted: Mapping[str, Any]) -> Iterator[Traffic]:
    spec = {**build_idler("python3", "/programs/traffic_clients.py", json.dumps(wanted))}
    spec["volumes"] = [{"name": "programs", "configMap": {"name": name}}]
    spec["containers"][0]["volumeMounts"] = [{"name": "programs", "mountPath": "/programs"}]
    programs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {PROGRAM.name: PROGRAM.read_text(encoding="utf-8")},
    }
    namespace.apply(programs, build_pod(name, spec))
    namespace.wait_for("Ready", f"pod/{name}")
    yield Traffic(namespace, name)
    namespace.run("delete", f"pod/{name}", f"configmap/{name}")

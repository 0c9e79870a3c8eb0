"""The API server, as a test speaks to it: over HTTP, in a namespace of its own."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from embedding_operator.names import INDEXES, SNAPSHOTS, Kind
from tests.cluster.api_servers import ApiServer
from waiting import wait_until

KINDS = {kind.kind: kind for kind in (INDEXES, SNAPSHOTS)}
Manifest = Mapping[str, Any]


class Refused(Exception):
    """The API server said no; `message` is what a person is told."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Api:
    """All that a test makes is in `namespace`, which is this test's alone. Each call may raise
    Refused."""

    http: httpx.Client
    namespace: str

    def create(self, manifest: Manifest, *, fields: str = "Strict") -> Manifest:
        """`fields` is what becomes of unknown ones: Strict, Warn or Ignore."""
        address = self._address(KINDS[manifest["kind"]])
        return self._send("POST", address, manifest, params={"fieldValidation": fields})

    def get(self, kind: Kind, name: str, part: str = "") -> Manifest:
        """`part` is a subresource, such as `/scale`."""
        return self._send("GET", self._address(kind, name, part))

    def respec(self, made: Manifest, spec: Manifest) -> Manifest:
        """Put `spec` in the place of the whole one."""
        change = [{"op": "replace", "path": "/spec", "value": spec}]
        return self._change(made, change, "application/json-patch+json")

    def merge(self, made: Manifest, change: Manifest, part: str = "") -> Manifest:
        """Change some fields (RFC 7386)."""
        return self._change(made, change, "application/merge-patch+json", part)

    def apply(
        self, made: Manifest, owned: Manifest, manager: str, part: str = "/status"
    ) -> Manifest:
        """Apply on the server's side what `manager` owns, and take nothing from others."""
        whole = {
            "apiVersion": made["apiVersion"],
            "kind": made["kind"],
            "metadata": {"name": made["metadata"]["name"]},
            **owned,
        }
        kind = "application/apply-patch+yaml"
        return self._change(made, whole, kind, part, params={"fieldManager": manager})

    def _change(
        self,
        made: Manifest,
        change: object,
        content_type: str,
        part: str = "",
        params: Mapping[str, str] | None = None,
    ) -> Manifest:
        address = self._address(KINDS[made["kind"]], made["metadata"]["name"], part)
        headers = {"Content-Type": content_type}
        return self._send("PATCH", address, change, headers=headers, params=params)

    def _address(self, kind: Kind, name: str = "", part: str = "") -> str:
        folder = f"{kind.path}/namespaces/{self.namespace}/{kind.plural}"
        return f"{folder}/{name}{part}" if name else folder

    def _send(
        self,
        method: str,
        address: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Manifest:
        headers = {"Content-Type": "application/json", **(headers or {})}
        content = None if body is None else json.dumps(body)
        answer = self.http.request(method, address, content=content, headers=headers, params=params)
        said: Manifest = answer.json()
        if answer.is_error:
            raise Refused(answer.status_code, said["message"])
        return said


def connect(server: ApiServer) -> httpx.Client:
    """An administrator's client."""
    return httpx.Client(**authenticate(server), timeout=30)


def authenticate(server: ApiServer) -> dict[str, Any]:
    """What makes a client of httpx an administrator's."""
    known = json.loads(server.kubeconfig.read_text(encoding="utf-8"))
    trusted = ssl.create_default_context(cafile=server.folder / "credentials" / "authority.crt")
    token = known["users"][0]["user"]["token"]
    return {
        "base_url": server.url,
        "verify": trusted,
        "headers": {"Authorization": f"Bearer {token}"},
    }


def new_namespace(http: httpx.Client) -> Api:
    """Nobody removes it: it goes away with its server."""
    made = http.post("/api/v1/namespaces", json={"metadata": {"generateName": "t-"}})
    return Api(http, made.raise_for_status().json()["metadata"]["name"])


def take_all(http: httpx.Client) -> None:
    """Remove every object of our kinds, whoever holds it up. Raises httpx.HTTPStatusError."""
    for kind in KINDS.values():
        for meta in (each["metadata"] for each in _list_all(http, kind)):
            address = f"{kind.path}/namespaces/{meta['namespace']}/{kind.plural}/{meta['name']}"
            if meta.get("finalizers"):
                kept = {"Content-Type": "application/merge-patch+json"}
                change = {"metadata": {"finalizers": None}}
                http.patch(address, json=change, headers=kept).raise_for_status()
            http.delete(address)  # 404 where it had been told to go, and was held up


def _list_all(http: httpx.Client, kind: Kind) -> list[Manifest]:
    """In every namespace. A server that has begun just now says 429 until it has read them."""

    def ask() -> httpx.Response | None:
        answer = http.get(f"{kind.path}/{kind.plural}")
        return None if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else answer

    answer = wait_until(ask, 30, f"{kind.plural} can be listed")
    items: list[Manifest] = answer.raise_for_status().json()["items"]
    return items

"""An API server in memory: versions, uids, generations, field managers of a status, preconditions.

Watching is a callback; what it is told to refuse it refuses. It knows nothing of what kinds mean.
"""

import copy
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from embedding_indexes import NOW
from embedding_operator.cluster import Cluster
from embedding_operator.errors import Conflicting, Missing, OperatorError
from embedding_operator.names import Kind
from embedding_operator.resources.objects import Manifest
from embedding_operator.resources.times import write_time

Key = tuple[Kind, str, str]
Watcher = Callable[[Kind, str, dict[str, Any]], None]
Writes = list[tuple[str, str, str]]


@dataclass
class FakeCluster(Cluster):
    """`writes` has verb, kind and name of each write that came through."""

    objects: dict[Key, dict[str, Any]] = field(default_factory=dict)
    writes: Writes = field(default_factory=list)
    watcher: Watcher | None = None
    refuse: Callable[[str, Kind, str], OperatorError | None] = lambda *_: None
    """By verb, kind and name; asked before each call."""
    unknown: set[Kind] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    """Fields of a status that the definition does not have."""
    _version: int = 0
    _managed: dict[tuple[Key, str], dict[str, Any]] = field(default_factory=dict)

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        return [body for (each, _, _), body in self.objects.items() if each is kind]

    def add(self, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
        """As a person does, or a test for a controller."""
        metadata = body["metadata"]
        key = (kind, metadata["namespace"], metadata["name"])
        return self._store("ADDED" if key not in self.objects else "MODIFIED", key, body)

    def remove(self, kind: Kind, namespace: str, name: str) -> None:
        """As `add`."""
        self._remove((kind, namespace, name))

    async def knows(self, kind: Kind) -> bool:
        self._ask("knows", kind, "")
        return kind not in self.unknown

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        self._ask("get", kind, name)
        return copy.deepcopy(self._find((kind, namespace, name)))

    async def list(
        self, kind: Kind, namespace: str | None, selector: str = "", fields: str = ""
    ) -> AsyncIterator[Manifest]:
        self._ask("list", kind, "")
        for body in list(self.of(kind)):
            if namespace in (None, body["metadata"]["namespace"]) and _has(body, selector):
                yield copy.deepcopy(body)

    async def apply(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        metadata = manifest["metadata"]
        key = (kind, metadata["namespace"], metadata["name"])
        self._ask("apply", kind, key[2])
        there = self.objects.get(key)
        kept = copy.deepcopy(dict(manifest))
        kept = {name: _fill(value) for name, value in kept.items()}
        if there is not None:
            kept["metadata"] = {**there["metadata"], **kept["metadata"]}
            kept["status"] = there.get("status")
        self.writes.append(("apply", kind.kind, key[2]))
        return copy.deepcopy(self._store("MODIFIED" if there else "ADDED", key, kept))

    async def apply_status(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        metadata = manifest["metadata"]
        told = manifest["status"].items()
        status = {name: value for name, value in told if name not in self.dropped}
        key = (kind, metadata["namespace"], metadata["name"])
        self._ask("status", kind, key[2])
        there = self._find(key)
        if there["metadata"]["uid"] != metadata["uid"]:
            raise Conflicting("the uid differs", 409)
        mine = self._managed.get((key, manager), {})
        others = {
            name: value for name, value in (there.get("status") or {}).items() if name not in mine
        }
        clash = [name for name in status if name in others and others[name] != status[name]]
        if clash and not is_forced:
            raise Conflicting(f"another has {clash}", 409)
        self._managed[key, manager] = status
        self.writes.append(("status", kind.kind, key[2]))
        return self._store("MODIFIED", key, {**there, "status": {**others, **status}})

    async def create(self, kind: Kind, manifest: Manifest, manager: str) -> Manifest:
        metadata = manifest["metadata"]
        key = (kind, metadata["namespace"], metadata["name"])
        self._ask("create", kind, key[2])
        if key in self.objects:
            raise Conflicting("there is one", 409, "AlreadyExists")
        self.writes.append(("create", kind.kind, key[2]))
        return copy.deepcopy(self._store("ADDED", key, copy.deepcopy(dict(manifest))))

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        self._ask("patch", kind, name)
        key = (kind, namespace, name)
        there, metadata = self._find(key), patch["metadata"]
        if metadata["resourceVersion"] != there["metadata"]["resourceVersion"]:
            raise Conflicting("it has changed", 409)
        self.writes.append(("patch", kind.kind, name))
        changed = _merge(there, patch)
        if there["metadata"].get("deletionTimestamp") and not metadata.get("finalizers"):
            return self._remove(key)
        return self._store("MODIFIED", key, changed)

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        self._ask("delete", kind, name)
        key = (kind, namespace, name)
        if key in self.objects and self.objects[key]["metadata"]["uid"] == uid:
            self.writes.append(("delete", kind.kind, name))
            self._remove(key)

    def _ask(self, verb: str, kind: Kind, name: str) -> None:
        if (error := self.refuse(verb, kind, name)) is not None:
            raise error

    def _find(self, key: Key) -> dict[str, Any]:
        if key not in self.objects:
            raise Missing("there is none", 404)
        return self.objects[key]

    def _remove(self, key: Key) -> dict[str, Any]:
        body = self.objects.pop(key)
        self._version += 1
        self._tell(key[0], "DELETED", body)
        return body

    def _store(self, event: str, key: Key, body: dict[str, Any]) -> dict[str, Any]:
        self._version += 1
        there = self.objects.get(key, {})
        before = there.get("metadata", {})
        is_same = there.get("spec") == body.get("spec")
        generation = before.get("generation", 0) + (0 if before and is_same else 1)
        made = {"uid": f"uid-{self._version}", "creationTimestamp": write_time(NOW)}
        metadata = {**made, **before, **body["metadata"]}
        metadata |= {"resourceVersion": str(self._version), "generation": generation}
        self.objects[key] = {**body, "metadata": metadata}
        self._tell(key[0], event, self.objects[key])
        return self.objects[key]

    def _tell(self, kind: Kind, event: str, body: dict[str, Any]) -> None:
        if self.watcher is not None:
            self.watcher(kind, event, copy.deepcopy(body))


def _has(body: dict[str, Any], selector: str) -> bool:
    name, _, value = selector.partition("=")
    return not name or (body["metadata"].get("labels") or {}).get(name) == value


def _fill(value: Any) -> Any:
    """What is empty is left away, and something is added, as API servers do."""
    if isinstance(value, dict):
        return {name: _fill(each) for name, each in value.items() if each not in ("", [])}
    return [_fill(each) for each in value] if isinstance(value, list) else value


def ours(writes: Writes) -> Iterator[tuple[str, str, str]]:
    """Writes but those of statuses and events."""
    for write in writes:
        if write[0] != "status" and write[1] != "Event":
            yield write


def _merge(there: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, Mapping):
        return patch
    known = there if isinstance(there, Mapping) else {}
    merged = {**known, **{key: _merge(known.get(key), value) for key, value in patch.items()}}
    return {key: value for key, value in merged.items() if value is not None}

"""Objects as the API server told of them last: filled from lists, kept by watching.

A list is the truth of its moment; an event may come late, twice or never. So an object is replaced
only by a newer one, and lists come again from time to time (controller.py). What came while a list
was read may be newer than the list; a uid that was deleted never comes back.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from embedding_operator.children.metadata import INDEX
from embedding_operator.names import INDEXES, SNAPSHOTS, Kind
from embedding_operator.resources.objects import Manifest

IndexKey = tuple[str, str]
"""Namespace and name of an index."""
ObjectKey = tuple[str, str]


class Cache:
    """By kind, namespace and name; and by the index that objects belong to."""

    def __init__(self) -> None:
        self._objects: dict[Kind, dict[ObjectKey, Manifest]] = {}
        self._owned: dict[tuple[Kind, IndexKey], set[ObjectKey]] = {}
        self._arrived: dict[Kind, set[ObjectKey]] = {}
        self._ended: dict[Kind, set[str]] = {}
        """Since the last list was begun: what was put, and uids of what was dropped."""

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        """One object."""
        return self._objects.get(kind, {}).get((namespace, name))

    def all(self, kind: Kind) -> Iterable[Manifest]:
        """All of a kind."""
        return self._objects.get(kind, {}).values()

    def owned(self, kind: Kind, index: IndexKey) -> Iterator[Manifest]:
        """Those of one index."""
        objects = self._objects.get(kind, {})
        for key in sorted(self._owned.get((kind, index), ())):
            yield objects[key]

    def put(self, kind: Kind, body: Mapping[str, Any]) -> Manifest | None:
        """Keep an object, unless a newer one is kept; returns the one that was."""
        key = _key(body)
        objects = self._objects.setdefault(kind, {})
        earlier = objects.get(key)
        if body["metadata"].get("uid") in self._ended.get(kind, ()):
            return earlier
        self._arrived.setdefault(kind, set()).add(key)
        if earlier is not None and not _is_newer(body, earlier):
            return earlier
        objects[key] = _trim(body)
        if earlier is not None:
            self._disown(kind, earlier)
        if (index := index_of(kind, body)) is not None:
            self._owned.setdefault((kind, index), set()).add(key)
        return earlier

    def drop(self, kind: Kind, body: Mapping[str, Any]) -> None:
        """Forget an object that is gone; another of its name stays."""
        key, uid = _key(body), body["metadata"].get("uid")
        self._ended.setdefault(kind, set()).add(uid)
        there = self._objects.get(kind, {}).get(key)
        if there is not None and there["metadata"].get("uid") == uid:
            del self._objects[kind][key]
            self._disown(kind, there)

    def begin(self, kind: Kind) -> None:
        """A list of a kind is about to be read: what comes from now on may be newer than it."""
        self._arrived[kind] = set()
        self._ended[kind] = set()

    def replace(self, kind: Kind, bodies: Iterable[Mapping[str, Any]]) -> set[IndexKey]:
        """Take a whole list, read since `begin`, for the truth of its moment.

        Returns the indexes for which something was new.
        """
        news: set[IndexKey] = set()
        arrived = frozenset(self._arrived.get(kind, ()))
        listed: set[ObjectKey] = set()
        for body in bodies:
            key = _key(body)
            listed.add(key)
            earlier = self.put(kind, body)
            if self.get(kind, *key) is not earlier:
                touched = [body] if earlier is None else [body, earlier]
                news.update(filter(None, (index_of(kind, each) for each in touched)))
        for key, body in list(self._objects.get(kind, {}).items()):
            if key not in listed and key not in arrived:
                self.drop(kind, body)
                news.update(filter(None, [index_of(kind, body)]))
        return news

    def _disown(self, kind: Kind, body: Manifest) -> None:
        index = index_of(kind, body)
        if index is None:
            return
        keys = self._owned.get((kind, index), set())
        keys.discard(_key(body))
        if not keys:
            self._owned.pop((kind, index), None)


def index_of(kind: Kind, body: Mapping[str, Any]) -> IndexKey | None:
    """The index that an object belongs to; None where it says none."""
    metadata = body["metadata"]
    if kind is INDEXES:
        return metadata["namespace"], metadata["name"]
    if kind is SNAPSHOTS:
        name = ((body.get("spec") or {}).get("indexRef") or {}).get("name")
    else:
        name = (metadata.get("labels") or {}).get(INDEX)
    return (metadata["namespace"], name) if name else None


def _key(body: Mapping[str, Any]) -> ObjectKey:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _version(body: Mapping[str, Any]) -> str:
    return str(body["metadata"].get("resourceVersion", ""))


def _created(body: Mapping[str, Any]) -> str:
    return str(body["metadata"].get("creationTimestamp"))


def _is_newer(body: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    mine, other = _version(body), _version(earlier)
    if mine.isdigit() and other.isdigit():  # etcd's revisions, also of different objects (KEP 5504)
        return int(mine) > int(other)
    if body["metadata"].get("uid") != earlier["metadata"].get("uid"):
        return _created(body) >= _created(earlier)
    return mine != other


def _trim(body: Mapping[str, Any]) -> Manifest:
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    return {**body, "metadata": metadata}

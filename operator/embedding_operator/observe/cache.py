"""Objects as the API server told of them last: filled from lists, kept by watching.

A list is the truth of its moment; an event may come late, twice or never. So an object is replaced
only by a newer one, and lists come again from time to time (controller.py). What came while a list
was read may be newer than the list; a uid that was deleted never comes back.

Thousands of objects are kept, most of them alike: what they have in common is kept once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from embedding_operator.children.metadata import INDEX
from embedding_operator.names import INDEXES, SNAPSHOTS, Kind
from embedding_operator.observe.sharing import share
from embedding_operator.resources.objects import Manifest

IndexKey = tuple[str, str]
"""Namespace and name of an index."""
ObjectKey = tuple[str, str]


class Cache:
    """By kind, namespace and name; and by the index that objects belong to."""

    def __init__(self) -> None:
        self._objects: dict[Kind, dict[str, dict[str, Manifest]]] = {}
        self._owned: dict[tuple[Kind, IndexKey], set[ObjectKey]] = {}
        self._newest: dict[Kind, Manifest] = {}
        """The one that was kept last: the next is likely to be much like it."""
        self._listed: dict[Kind, set[ObjectKey]] = {}
        self._arrived: dict[Kind, set[ObjectKey]] = {}
        self._ended: dict[Kind, set[str]] = {}
        """Since the last list was begun: what it had, what was put, uids of what was dropped."""

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        """One object."""
        return self._objects.get(kind, {}).get(namespace, {}).get(name)

    def all(self, kind: Kind) -> Iterator[Manifest]:
        """All of a kind."""
        for there in self._objects.get(kind, {}).values():
            yield from there.values()

    def within(self, kind: Kind, namespace: str) -> Iterable[Manifest]:
        """All of a kind in one namespace."""
        return self._objects.get(kind, {}).get(namespace, {}).values()

    def owned(self, kind: Kind, index: IndexKey) -> Iterator[Manifest]:
        """Those of one index."""
        objects = self._objects.get(kind, {})
        for namespace, name in sorted(self._owned.get((kind, index), ())):
            yield objects[namespace][name]

    def put(self, kind: Kind, body: Mapping[str, Any]) -> Manifest | None:
        """Keep an object, unless a newer one is kept; returns the one that was."""
        namespace, name = key = _key(body)
        there = self._objects.setdefault(kind, {}).setdefault(namespace, {})
        earlier = there.get(name)
        if body["metadata"].get("uid") in self._ended.get(kind, ()):
            return earlier
        self._arrived.setdefault(kind, set()).add(key)
        if earlier is not None and not _is_newer(body, earlier):
            return earlier
        there[name] = self._newest[kind] = share(_trim(body), earlier or self._newest.get(kind))
        if earlier is not None:
            self._disown(kind, earlier)
        if (index := index_of(kind, body)) is not None:
            self._owned.setdefault((kind, index), set()).add(key)
        return earlier

    def drop(self, kind: Kind, body: Mapping[str, Any]) -> None:
        """Forget an object that is gone; another of its name stays."""
        (namespace, name), uid = _key(body), body["metadata"].get("uid")
        self._ended.setdefault(kind, set()).add(uid)
        there = self._objects.get(kind, {}).get(namespace, {})
        kept = there.get(name)
        if kept is not None and kept["metadata"].get("uid") == uid:
            del there[name]
            if not there:
                del self._objects[kind][namespace]
            self._disown(kind, kept)

    def begin(self, kind: Kind) -> None:
        """A list of a kind is about to be read: what comes from now on may be newer than it."""
        self._listed[kind] = set()
        self._arrived[kind] = set()
        self._ended[kind] = set()

    def take(self, kind: Kind, body: Mapping[str, Any]) -> set[IndexKey]:
        """Keep one object of a list that is being read; the indexes for which it is new.

        One after the other, so that a whole list is never held beside what is kept.
        """
        key = _key(body)
        self._listed[kind].add(key)
        earlier = self.put(kind, body)
        if self.get(kind, *key) is earlier:
            return set()
        touched = [body] if earlier is None else [body, earlier]
        return set(filter(None, (index_of(kind, each) for each in touched)))

    def end(self, kind: Kind) -> set[IndexKey]:
        """A whole list was taken since `begin`: it is the truth of its moment.

        What it does not have is dropped; returns the indexes that this is new for.
        """
        news: set[IndexKey] = set()
        known = self._listed[kind] | self._arrived[kind]
        for body in [each for each in self.all(kind) if _key(each) not in known]:
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

"""Clients that write groups of documents over HTTP, and what must be there when they have ended.

A group is put or removed as a whole, always, so that a write that was done by halves shows.
"""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from live_server import LiveServer
from waiting import wait_until

NAME = "groups"
_DIMENSION = 4
_GROUPS = 5
_SIZE = 3
_SECONDS = 60.0
_QUERIES = 3


@dataclass(frozen=True, slots=True)
class Write:
    """A group that was put, or removed."""

    tag: str
    group: int
    vectors: Sequence[Sequence[float]]
    """No vectors are a removal."""

    @property
    def ids(self) -> list[str]:
        """Of the group's documents."""
        return [f"{self.group}-{member}" for member in range(_SIZE)]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What all writers together did."""

    answered: dict[int, Write] = field(default_factory=dict)
    """By the version they were answered with."""
    unanswered: list[Write] = field(default_factory=list)
    """What may be there or not."""

    def last_of(self, group: int) -> tuple[int, Write | None]:
        """The newest write of a group that was answered, and its version."""
        versions = [version for version, write in self.answered.items() if write.group == group]
        newest = max(versions, default=0)
        return newest, self.answered.get(newest)


class Writer:
    """Writes to one server, one group after the other, in a thread of its own."""

    def __init__(self, name: str, server: LiveServer, ledger: Ledger) -> None:
        self._name = name
        self._server = server
        self._ledger = ledger
        self._is_ending = threading.Event()
        self._chance = random.Random(name)  # noqa: S311  the same every time
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.answers = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_ending.set()
        self._thread.join(2 * _SECONDS)

    def wait_for_more(self, answers: int = 5) -> None:
        """Return when so many more writes have been answered."""
        enough = self.answers + answers
        what = f"{self._name} has {enough} answers"
        wait_until(lambda: self.answers >= enough, _SECONDS, what)

    def _run(self) -> None:
        number = 0
        with self._server.http(_SECONDS) as http:
            while not self._is_ending.is_set():
                write = self._draw(number := number + 1)
                try:
                    answer = send(http, write)
                except httpx.TransportError:  # the server was killed
                    self._ledger.unanswered.append(write)
                    return
                if answer.status_code != httpx.codes.OK:
                    self._ledger.unanswered.append(write)
                elif answer.json()["count"]:
                    assert (
                        self._ledger.answered.setdefault(answer.json()["version"], write) is write
                    )
                    self.answers += 1

    def _draw(self, number: int) -> Write:
        tag, group = f"{self._name} {number}", self._chance.randrange(_GROUPS)
        if self._chance.random() < 0.2:
            return Write(tag, group, ())
        vectors = [[self._chance.gauss() for _ in range(_DIMENSION)] for _ in range(_SIZE)]
        return Write(tag, group, np.array(vectors, dtype=np.float32).tolist())


@contextmanager
def writing(writers: Sequence[Writer]) -> Iterator[None]:
    """Have them write; they have ended when the block has."""
    with ExitStack() as stack:
        for writer in writers:
            writer.start()
            stack.callback(writer.stop)
        yield


def create(http: httpx.Client) -> None:
    """Make the index that is written to."""
    new = {"name": NAME, "model": None, "dimension": _DIMENSION, "metric": "dot"}
    http.post("/api/v1/indexes", json=new).raise_for_status()


def send(http: httpx.Client, write: Write) -> httpx.Response:
    """One write."""
    if not write.vectors:
        return http.post(f"/api/v1/indexes/{NAME}/documents/delete", json={"ids": write.ids})
    documents = [
        {"id": id_, "text": write.tag, "metadata": {"tag": write.tag}, "vector": vector}
        for id_, vector in zip(write.ids, write.vectors, strict=True)
    ]
    return http.post(f"/api/v1/indexes/{NAME}/documents", json={"documents": documents})


def check(servers: Sequence[LiveServer], ledger: Ledger) -> None:
    """Every server has what was answered, whole, and finds all of it and nothing else."""
    with ExitStack() as stack:
        https = [stack.enter_context(server.http()) for server in servers]
        listings = [list_documents(http) for http in https]
        assert all(listing == listings[0] for listing in listings)
        for group in range(_GROUPS):
            _check_group(listings[0], ledger, group)
        head = https[0].get(f"/api/v1/indexes/{NAME}").json()["version"]
        for query in np.random.default_rng(1).standard_normal((_QUERIES, _DIMENSION)):
            searched = {"vector": query.tolist(), "top_k": 100, "min_version": head}
            answers = [
                http.post(f"/api/v1/indexes/{NAME}/search", json=searched).raise_for_status().json()
                for http in https
            ]
            assert all(answer["results"] == answers[0]["results"] for answer in answers)
            _check_search(listings[0], query.astype(np.float32), answers[0]["results"])


def list_documents(http: httpx.Client) -> dict[str, dict[str, Any]]:
    """All documents, by id."""
    answer = http.get(f"/api/v1/indexes/{NAME}/documents?limit=1000&include=vector")
    answer.raise_for_status()
    return {document["id"]: document for document in answer.json()["documents"]}


def _check_group(documents: dict[str, dict[str, Any]], ledger: Ledger, group: int) -> None:
    answered, expected = ledger.last_of(group)
    possible = [write for write in ledger.unanswered if write.group == group]
    there = [documents[id_] for id_ in Write("", group, ()).ids if id_ in documents]
    if not there:
        assert expected is None or not expected.vectors or not all(w.vectors for w in possible)
        return
    version = there[-1]["version"]
    assert version >= answered
    if version > answered:  # written by somebody who was not told so
        (expected,) = [write for write in possible if write.tag == there[0]["text"]]
    assert expected is not None
    assert [document["id"] for document in there] == expected.ids
    assert {document["text"] for document in there} == {expected.tag}
    assert [document["metadata"] for document in there] == [{"tag": expected.tag}] * _SIZE
    first = version - _SIZE + 1
    assert [document["version"] for document in there] == list(range(first, version + 1))
    np.testing.assert_array_equal(
        np.array([document["vector"] for document in there], dtype=np.float32),
        np.array(expected.vectors, dtype=np.float32),
    )


def _check_search(
    documents: dict[str, dict[str, Any]], query: Any, results: list[dict[str, Any]]
) -> None:
    scores = {
        id_: float(np.array(document["vector"], np.float32).astype(np.float64) @ query)
        for id_, document in documents.items()
    }
    expected = sorted(scores, key=lambda id_: -scores[id_])
    assert [result["id"] for result in results] == expected
    found = [result["score"] for result in results]
    np.testing.assert_allclose(found, [scores[id_] for id_ in expected], rtol=1e-5, atol=1e-6)

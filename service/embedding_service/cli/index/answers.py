"""What a server says of indexes: the shapes of its answers, and its refusals."""

from typing import Any, TypedDict, cast

import httpx
import orjson

from embedding_service.cli.complaints import Complaint


class IndexFacts(TypedDict):
    """One index, as it is now."""

    name: str
    uid: str
    model: str | None
    fingerprint: str | None
    dimension: int
    metric: str
    engine: str
    engine_parameters: dict[str, int | float | None]
    fields: dict[str, str]
    aliases: list[str]
    documents: int
    size_bytes: int
    version: int
    lag: int
    memory_bytes: int
    unbuilt: int
    created_at: str


class Written(TypedDict):
    """Documents that were added or removed."""

    ids: list[str]
    count: int
    version: int


class Hit(TypedDict):
    """One document found."""

    id: str
    score: float
    text: str | None
    metadata: dict[str, Any] | None


class Found(TypedDict):
    """What one query found, best first."""

    results: list[Hit]
    count: int
    exact: bool
    version: int
    scanned: int


class StoredDocument(TypedDict):
    """One document, with its vector."""

    id: str
    text: str | None
    metadata: dict[str, Any] | None
    version: int
    vector: list[float]


class Page(TypedDict):
    """Some documents, oldest first."""

    documents: list[StoredDocument]
    cursor: str | None
    """To go on from here; None at the end."""


class JobFacts(TypedDict):
    """Long work, as it is now."""

    id: str
    index: str
    kind: str
    state: str
    progress: float
    """0 to 1."""
    error: str | None
    detail: dict[str, Any]


class SnapshotFacts(TypedDict):
    """One snapshot; all but `fault` is null where it cannot be read."""

    id: str
    created: str
    version: int
    count: int
    size_bytes: int
    readable: bool
    fault: str | None


class Refused(Complaint):
    """The server will not do it as it was asked."""

    def __init__(
        self, message: str, code: str | None = None, issues: list[tuple[str, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.issues = issues or []
        """Where in the request something is wrong, and what."""


class TooMuch(Refused):
    """The same documents might do in two requests."""


def read_problem(answer: httpx.Response) -> Refused:
    """A refusal as the server worded it; whoever answers otherwise is told by status."""
    try:
        problem = orjson.loads(answer.content)
        issues = [(str(each["path"]), str(each["message"])) for each in problem.get("errors", [])]
        return Refused(str(problem["detail"]), problem.get("code"), issues)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refused(f"answered with status {answer.status_code}")


def read_object(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of a good answer; {} where it has no content. Raises Complaint."""
    try:
        content = orjson.loads(answer.content or b"{}")
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise Complaint(f"{answer.url}: that server is no gpu-embedding")
    return cast("dict[str, Any]", content)

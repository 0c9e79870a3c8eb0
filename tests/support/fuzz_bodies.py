"""Requests that are nearly right: a good body for each route, and what a bad client makes of it."""

import gzip
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from error_shapes import Dialect

CANARY = "a canary, 77"
"""In most texts; it must not come back in an error, nor stand in a log."""
MODEL = "hashing:32"
OTHER_MODEL = "small"
MAX_TEXTS = 32
MAX_TEXT_CHARS = 2_000
MAX_BODY_SIZE = 65_536

ROUTES: dict[Dialect, tuple[str, ...]] = {
    "native": (
        "/api/v1/embeddings/generate",
        "/api/v1/embeddings/batch",
        "/api/v1/index/add",
        "/api/v1/similarity/search",
        "/api/v1/indexes/default/documents",
        "/api/v1/indexes/default/documents/delete",
        "/api/v1/indexes/default/search",
    ),
    "openai": ("/v1/embeddings",),
    "tei": ("/embed", "/", "/similarity", "/tokenize", "/decode"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One request."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    chunks: tuple[int, ...]


_RAW = "@raw@"
"""Stands in a body for one of _LITERALS, which json would not write."""
_LITERALS = (
    "NaN", "Infinity", "-Infinity", "1e400", "-0", "-0.0", "01", "0x10", "1_000", "+1", ".5", "5.",
    "9" * 400, "-" + "9" * 5_000, "0." + "1" * 5_000, "1E+2", "true", "tru", "None", "undefined",
    "'a'", '"', '"a', '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\\x41"', '"\\uZZZZ"', '"\t"',
    '"a\nb"', "[" * 5_000, "[" * 5_000 + "]" * 5_000, '{"a":' * 5_000, "[1,]", '{"a":1,}', "{a: 1}",
    '{"a": 1, "a": [2]}', "/* */ 1", "1 // one", "", " ", "1 2", "[]", "{}", "[[]]", "[[[1]]]",
)  # fmt: skip

_anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=12)  # lone surrogates among them
    | st.sampled_from([_RAW, CANARY, "", " ", "\0", "\ud800", "\u200b", "query", "float"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["input", "a", "", "\ud800"]) | st.text(), inner, max_size=3
        )
    ),
    max_leaves=6,
)

_text = (
    st.just(CANARY)
    | st.text(min_size=1, max_size=40).map(lambda text: f"{CANARY}{text}")
    | st.sampled_from([1, 2, 300, MAX_TEXT_CHARS, MAX_TEXT_CHARS + 1]).map("x".__mul__)
)
_texts = (
    _text
    | st.lists(_text, min_size=1, max_size=4)
    | st.integers(0, 2 * MAX_TEXTS).map([CANARY].__mul__)
)
_id = st.integers(0, 257) | st.sampled_from([0, 1, 257, 258, -1, 2**31, 2**63, 2**64])
_id_list = st.lists(_id, max_size=6)
_ids = _id_list | st.lists(_id_list, max_size=4)
_model = st.sampled_from([MODEL, OTHER_MODEL, None, None, "nonesuch", ""])
_boolean = st.sampled_from([True, False, True, False, None])
_dimensions = st.sampled_from([1, 2, 7, 8, None, None, 0, 33, -1, 2**64])
_prompt = st.sampled_from([None, None, None, "query", "", CANARY])
_direction = st.sampled_from(["Left", "Right", "left", "right", "up", None])
_format = st.sampled_from(["float", "base64", "float", "base64", "int8", None])
_EMBED = {
    "truncate": _boolean,
    "truncation_direction": _direction,
    "prompt_name": _prompt,
}
_GENERATE = {
    "model_name": _model,
    "normalize": _boolean,
    "input_type": st.sampled_from(["query", "document", None, None, "other"]),
    "dimensions": _dimensions,
    "truncate": _boolean,
    "encoding_format": _format,
}
_FIELDS: dict[str, tuple[dict[str, SearchStrategy[Any]], dict[str, SearchStrategy[Any]]]] = {
    "/api/v1/embeddings/generate": ({"texts": _texts}, _GENERATE),
    "/api/v1/embeddings/batch": (
        {"texts": _texts},
        {**_GENERATE, "batch_size": st.sampled_from([1, 3, 256, 0, -1, 2**64])},
    ),
    "/v1/embeddings": (
        {"input": _texts | _ids},
        {
            "model": _model,
            "encoding_format": _format,
            "dimensions": _dimensions,
            "user": st.none() | st.just(CANARY),
        },
    ),
    "/embed": (
        {"inputs": _texts | _ids},
        {**_EMBED, "normalize": _boolean, "dimensions": _dimensions},
    ),
    "/similarity": (
        {"inputs": st.fixed_dictionaries({"source_sentence": _text, "sentences": _texts})},
        {"parameters": st.none() | st.fixed_dictionaries({}, optional=_EMBED)},
    ),
    "/tokenize": ({"inputs": _texts}, {"add_special_tokens": _boolean, "prompt_name": _prompt}),
    "/decode": ({"ids": _ids}, {"skip_special_tokens": _boolean}),
}
_FIELDS["/"] = _FIELDS["/embed"]
_ID = st.sampled_from(["a", "a/b", "é", "", "\0", "\ud800", "x" * 513, 7]) | st.text(max_size=9)
_VECTOR = st.lists(st.floats(-1, 1), min_size=31, max_size=33) | st.sampled_from(["", "AAAA", "é"])
_CONDITION = st.none() | st.dictionaries(st.sampled_from(["lang", "and", "not"]), _anything)
_DOCUMENT = st.fixed_dictionaries(
    {"text": _text}, optional={"id": _ID, "vector": _VECTOR, "metadata": _anything}
)
_ADD: dict[str, SearchStrategy[Any]] = {"documents": st.lists(_DOCUMENT, max_size=3)}
_SEARCH: dict[str, SearchStrategy[Any]] = {
    "top_k": st.sampled_from([1, 10, 0, -1, 1_001, 2**64]),
    "threshold": st.floats(-2, 2) | st.none(),
    "filter": _CONDITION,
    "include": st.lists(st.sampled_from(["text", "metadata", "vector", "all"]), max_size=3),
    "exact": _boolean,
    "min_version": st.sampled_from([0, 1, 2**63, -1]),
    "cursor": st.none() | st.text(max_size=12),
    "vector": _VECTOR,
}
_FIELDS["/api/v1/index/add"] = (_ADD, {"atomic": _boolean})
_FIELDS["/api/v1/indexes/default/documents"] = _FIELDS["/api/v1/index/add"]
_FIELDS["/api/v1/indexes/default/documents/delete"] = (
    {"ids": st.lists(_ID, max_size=3)},
    {"filter": _CONDITION},
)
_FIELDS["/api/v1/similarity/search"] = ({"query_text": _text}, _SEARCH)
_FIELDS["/api/v1/indexes/default/search"] = _FIELDS["/api/v1/similarity/search"]


@st.composite
def _near_values(draw: st.DrawFn, path: str) -> Any:
    """A value as the route takes it, one time in two with a place where anything stands."""
    required, optional = _FIELDS[path]
    body: dict[str, Any] = draw(st.fixed_dictionaries(required, optional=optional))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        match draw(st.sampled_from(["replace", "nest", "remove", "add", "wrap"])):
            case "replace":
                body[draw(st.sampled_from(sorted(required | optional)))] = draw(_anything)
            case "nest":
                name = next(iter(required))
                body[name] = [body.get(name), draw(_anything)]
            case "remove":
                body.pop(draw(st.sampled_from(sorted(required | optional))), None)
            case "add":
                body[draw(st.text(st.characters(), max_size=8))] = draw(_anything)
            case _:
                return [body]
    return body


@st.composite
def _written(draw: st.DrawFn, value: Any) -> bytes:
    """The value as JSON, more or less."""
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    while f'"{_RAW}"' in text:
        text = text.replace(f'"{_RAW}"', draw(st.sampled_from(_LITERALS)), 1)
    if isinstance(value, dict) and draw(st.integers(0, 9)) == 0:  # one of its names twice
        name = draw(st.sampled_from(sorted(value) or ["inputs"]))
        again = f"{json.dumps(name)}: {json.dumps(draw(_anything))}"
        text = f"{{{again}, {text[1:]}" if draw(st.booleans()) else f"{text[:-1]}, {again}}}"
    return text.encode("utf-8", "surrogatepass")


@st.composite
def _damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """Cut, stuffed, turned, repeated or packed."""
    at = draw(st.integers(0, len(body)))
    stuffing = draw(st.binary(min_size=1, max_size=4))
    padding = MAX_BODY_SIZE - len(body) + draw(st.integers(-9, 9))
    damages = (
        body[:at],
        body[:at] + stuffing + body[at:],
        body[:at] + stuffing + body[at + len(stuffing) :],
        body + body,
        b"\xef\xbb\xbf" + body,
        body.decode("utf-8", "replace").encode("utf-16"),
        gzip.compress(body, mtime=0),
        body + b" " * padding,
    )
    return draw(st.sampled_from(damages))


_value = st.one_of(_anything.flatmap(_written), st.binary(max_size=60))
_media_type = st.sampled_from(
    [
        "application/json", "application/json; charset=utf-8", 'APPLICATION/JSON;charset="UTF-8"',
        "application/vnd.api+json", "application/json; charset=utf-16", "application/json;;;=",
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "+json", ";", "",
    ]
)  # fmt: skip
_odd_header = st.tuples(
    st.sampled_from(
        ["Accept", "Accept-Encoding", "Content-Encoding", "X-Request-ID", "traceparent", "Cookie",
         "Authorization", "Origin", "Forwarded", "X-Forwarded-For", "Range", "If-None-Match"]
    ),
    st.sampled_from(
        ["", "gzip", "identity", "application/x-ndjson", "*/*", "Bearer x", "null", "bytes=0-1",
         "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "\xff\xfe", "a" * 5_000]
    )
    | st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")),
)  # fmt: skip


@st.composite
def cases(draw: st.DrawFn, dialect: Dialect) -> Case:
    """Requests to the routes of a dialect: good ones, nearly good ones, and a few of pure noise."""
    path = draw(st.sampled_from(ROUTES[dialect]))
    body = draw(_near_values(path).flatmap(_written) if draw(st.integers(0, 9)) else _value)
    if draw(st.integers(0, 5)) == 0:
        body = draw(_damaged(body))
    is_odd = draw(st.integers(0, 4)) == 0
    headers = [("Content-Type", draw(_media_type) if is_odd else "application/json")]
    if path.endswith("/batch") and draw(st.booleans()):
        headers.append(("Accept", "application/x-ndjson"))
    if is_odd:
        headers += draw(st.lists(_odd_header, max_size=3))
    chunks = draw(st.lists(st.integers(1, 400), max_size=3))
    return Case(path, tuple(headers), body, tuple(chunks))

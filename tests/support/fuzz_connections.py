"""What a client that knows no HTTP, or knows it too well, may put on a connection."""

from dataclasses import dataclass

from hypothesis import strategies as st

from fuzz_bodies import CANARY

_METHODS = ("POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PRI",
            "post", "", "P OST", "PROPFIND", "M-SEARCH", "A" * 300)  # fmt: skip
_TARGETS = (
    "/embed", "/api/v1/embeddings/generate", "/v1/embeddings", "/", "/metrics", "/health", "/docs",
    "/docs/static/../../etc/passwd", "/docs/static/%2e%2e/%2e%2e/etc/passwd", "/v1/models/%ff%00",
    "/v1/models/hashing:32", "/v1/models/a/b/c", "/v1", "/v1/", "/embed/", "//embed", "/%65mbed",
    "/embed?a=1&a=%zz", "/embed#part", "/%", "/%00", "/\xff\xfe", "*", "http://localhost/embed",
    "http://[::1", "localhost:1", "", "/" + "a" * 20_000, "/?" + "a=1&" * 5_000, "/a b",
)  # fmt: skip
_VERSIONS = ("HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "http/1.1", "")
_LINES = (
    "Host: localhost", "Host: localhost", "Host:", "Host: a\r\nHost: b", "Connection: close",
    "Connection: keep-alive", "Connection: Upgrade\r\nUpgrade: websocket", "Upgrade: h2c",
    "Content-Type: application/json", "Content-Type: application/json", "Content-Type:",
    "Content-Length: 0", "Content-Length: -1", "Content-Length: +5", "Content-Length: 1e3",
    "Content-Length: 20", "Content-Length: 99999999999999999999", "Content-Length: 5, 5",
    "Content-Length: 20\r\nContent-Length: 21", "Content-Length: \xb2", "Content-Length: 1000",
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked\r\nContent-Length: 4", "Transfer-Encoding: xchunked",
    "Expect: 100-continue", "Expect: nonsense", "Trailer: X", "TE: trailers", "no colon at all",
    ": no name", "X-A : space", "X-A: \x00", "X-A: \x7f\x80\xff", " folded", "X-\xe4: umlaut",
    "X-Long: " + "a" * 100_000, "\r\n".join(f"X-{n}: {n}" for n in range(2_000)),
    f"Authorization: Bearer {CANARY}", "X-Request-ID: a\tb", "traceparent: 00-x", "Range: bytes=0-",
)  # fmt: skip
_ENDS = ("\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\n\n", "\r\n", "", "\r\r\n")
_BODIES = (
    b'{"inputs":"a canary, 77"}', b'{"texts":["a canary, 77"]}', b'{"input":"a canary, 77"}', b"",
    b'14\r\n{"inputs":"good day"}\r\n0\r\n\r\n', b"ffffffffffffffffff\r\n", b"zz\r\n\r\n",
    b'5;ext="a"\r\n{"inp\r\n0\r\nX-T: 1\r\n\r\n', b"0\r\n\r\nGET /livez HTTP/1.1\r\n\r\n",
    b"-1\r\n",
)  # fmt: skip
_MEANT_TO_BE_RIGHT = (
    b"POST /embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 21\r\n\r\n{"inputs":"good day"}'
)


@dataclass(frozen=True, slots=True)
class Stream:
    """What is sent on one connection, piece by piece, before the client says that it is done."""

    pieces: tuple[bytes, ...]


@st.composite
def _composed(draw: st.DrawFn) -> bytes:
    """A request put together from parts, each right or wrong by itself."""
    first = " ".join(draw(st.sampled_from(part)) for part in (_METHODS, _TARGETS, _VERSIONS))
    lines = [first, *draw(st.lists(st.sampled_from(_LINES), max_size=6))]
    head = "\r\n".join(lines) + draw(st.sampled_from(_ENDS))
    return head.encode("latin-1") + draw(st.sampled_from(_BODIES))


@st.composite
def _broken(draw: st.DrawFn) -> bytes:
    """A request that was right until a few of its bytes were lost, doubled or changed."""
    data = bytearray(_MEANT_TO_BE_RIGHT)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data) - 1))
        length = draw(st.integers(0, 12))
        data[at : at + length] = draw(st.binary(max_size=6))
        data = data or bytearray(b"\0")
    return bytes(data)


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """One request or several, in one piece or several, whole or cut off."""
    requests = st.one_of(_composed(), _broken(), st.just(_MEANT_TO_BE_RIGHT), st.binary())
    data = b"".join(draw(st.lists(requests, min_size=1, max_size=3)))
    data = data[: draw(st.integers(0, len(data)) | st.just(len(data)))]
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=3)))
    return Stream(
        tuple(data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b)
    )

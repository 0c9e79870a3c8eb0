"""Tokens of the operator: what is good, and everything that is not."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from embedding_service.api.operating.tokens import OperatorKeys
from embedding_service.api.refusals import NotAuthenticated
from embedding_service.environment import BadSettings
from operator_port import UID, Signer, write_keys

SIGNER, STRANGER = Signer(), Signer()


class Clock:
    """Time that moves when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    write_keys(path, [SIGNER])
    return path


@pytest.fixture
def keys(path: Path) -> OperatorKeys:
    return OperatorKeys(path, UID)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def claims(**other: object) -> dict[str, Any]:
    now = int(time.time())
    return {"aud": UID, "iat": now, "exp": now + 30, **other}


def test_a_token_of_the_operator_is_good_in_any_spelling_of_the_scheme(keys: OperatorKeys) -> None:
    for scheme in ("Bearer", "bearer", "BEARER "):
        keys.check(f"{scheme} {SIGNER.sign()}")


@pytest.mark.parametrize(
    ("claim", "is_good"),
    [
        ({"exp": 60, "iat": 0}, True),
        ({"exp": -5, "iat": -60}, True),  # clocks differ by some seconds
        ({"exp": 60, "iat": 5}, True),
        ({"exp": 61, "iat": 0}, False),
        ({"exp": -60, "iat": -100}, False),
        ({"exp": 120, "iat": 90}, False),
        ({"nbf": 90}, False),
        ({"exp": "soon"}, False),
        ({"exp": float("inf")}, False),
        ({"exp": float("nan")}, False),
        ({"iat": float("nan")}, False),
        ({"iat": None}, False),
        ({"exp": None}, False),
        ({"aud": "shop/12345"}, False),
        ({"aud": "shop"}, False),
        ({"aud": ""}, False),
        ({"aud": None}, False),
        ({"aud": [UID, "other"]}, False),
        ({"aud": [UID]}, False),
    ],
)
def test_it_is_for_this_index_and_a_minute(
    keys: OperatorKeys, claim: dict[str, Any], is_good: bool
) -> None:
    now = int(time.time())
    moved = {name: now + each if isinstance(each, int) else each for name, each in claim.items()}
    given = {name: value for name, value in claims(**moved).items() if value is not None}
    token = jwt.encode(given, SIGNER.key, "EdDSA", headers={"kid": SIGNER.kid})
    if is_good:
        keys.check(f"Bearer {token}")
        return
    with pytest.raises(NotAuthenticated, match="not good here") as caught:
        keys.check(f"Bearer {token}")
    assert caught.value.was_given


def hmac_with_the_public_key() -> str:
    secret = SIGNER.public["x"] * 2
    return jwt.encode(claims(), secret, "HS256", headers={"kid": SIGNER.kid})


def unsigned(algorithm: str) -> str:
    return f"{part({'alg': algorithm, 'kid': SIGNER.kid})}.{part(claims())}."


def of_another_body() -> str:
    head, _, signature = SIGNER.sign().split(".")
    return f"{head}.{part(claims(aud='shop/9'))}.{signature}"


def deep() -> str:
    head = base64.urlsafe_b64encode(b"[" * 10_000).rstrip(b"=").decode()
    return f"{head}.{part(claims())}.x"


BAD: list[Callable[[], str]] = [
    STRANGER.sign,  # another key under a known name
    Signer("second").sign,
    lambda: jwt.encode(claims(), SIGNER.key, "EdDSA"),
    lambda: jwt.encode(claims(), SIGNER.key, "EdDSA", headers={"kid": "", "crit": ["x"]}),
    hmac_with_the_public_key,
    lambda: unsigned("none"),
    lambda: unsigned("EdDSA"),
    of_another_body,
    deep,
    lambda: f"{part({'alg': 'EdDSA', 'kid': {'a': 1}})}.{part(claims())}.x",
    lambda: f"{part([1])}.{part(claims())}.x",
    lambda: SIGNER.sign()[:-2],
    lambda: "a.b.c",
    lambda: "....",
    lambda: "é",
]


@pytest.mark.parametrize("make", BAD)
def test_nothing_else_is_good(keys: OperatorKeys, make: Callable[[], str]) -> None:
    with pytest.raises(NotAuthenticated, match="not good here"):
        keys.check(f"Bearer {make()}")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic YTpi", "x"])
def test_without_a_token_one_is_asked_for(keys: OperatorKeys, header: str | None) -> None:
    with pytest.raises(NotAuthenticated, match="a token is needed") as caught:
        keys.check(header)
    assert not caught.value.was_given


@given(header=st.text(max_size=200), is_token=st.booleans())
def test_garbage_is_refused_and_breaks_nothing(header: str, is_token: bool) -> None:
    keys = OperatorKeys.__new__(OperatorKeys)
    keys._audience = UID
    keys._file = type("File", (), {"value": {}})()  # no disk for each
    with pytest.raises(NotAuthenticated):
        keys.check(f"Bearer {header}" if is_token else header)


def test_keys_are_rotated_by_two_at_a_time(path: Path) -> None:
    clock, second = Clock(), Signer("second")
    keys = OperatorKeys(path, UID, clock)
    write_keys(path, [SIGNER, second])
    clock.now += 1
    for signer in (SIGNER, second):
        keys.check(f"Bearer {signer.sign()}")
    write_keys(path, [second])
    clock.now += 1
    keys.check(f"Bearer {second.sign()}")
    with pytest.raises(NotAuthenticated):
        keys.check(f"Bearer {SIGNER.sign()}")


def test_a_bad_new_file_leaves_the_old_keys(path: Path) -> None:
    clock = Clock()
    keys = OperatorKeys(path, UID, clock)
    path.write_text("{}")
    clock.now += 1
    with capture_logs() as logs:
        keys.check(f"Bearer {SIGNER.sign()}")
    assert [entry["log_level"] for entry in logs] == ["error"]


GOOD = SIGNER.public


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("?", "Invalid JSON"),
        ({"keys": []}, "at least 1 item"),
        ({"keys": [GOOD | {"crv": "X25519"}]}, "Ed25519"),
        ({"keys": [GOOD | {"kty": "oct"}]}, "OKP"),
        ({"keys": [GOOD | {"kid": ""}]}, "kid"),
        ({"keys": [GOOD | {"x": "AAAA"}]}, "keys.json"),
        ({"keys": [GOOD | {"x": "?"}]}, "keys.json"),
        ({"keys": [GOOD | {"d": GOOD["x"]}]}, "keys.0.d"),
        ({"keys": [GOOD, GOOD]}, "two keys have one kid"),
    ],
)
def test_a_file_of_no_public_keys_is_a_bad_setting(path: Path, content: object, told: str) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else orjson.dumps(content))
    with pytest.raises(BadSettings, match=told) as caught:
        OperatorKeys(path, UID)
    assert str(caught.value).startswith(f"ADMIN_KEYS_FILE: {path}: ")
    assert GOOD["x"] not in str(caught.value)


def test_a_missing_file_is_a_bad_setting(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="No such file"):
        OperatorKeys(tmp_path / "nowhere", UID)

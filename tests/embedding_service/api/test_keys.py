"""The file of API keys."""

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.api.keys import BadKeysFile, KeyRing, digest_of, load_keys, new_key
from embedding_service.environment import BadSettings

DIGEST = "0" * 64


class Clock:
    """Time that moves when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(f'[keys.first]\nsha256 = "{DIGEST}"\nrate = 5\nconcurrency = 2\n')
    return path


def rewrite(path: Path, text: str) -> None:
    """As a mounted Secret changes: another file takes its place."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_a_key_is_read_with_its_bounds(path: Path) -> None:
    key = load_keys(path)["first"]
    assert (key.sha256, key.rate, key.concurrency) == (DIGEST, 5, 2)


def test_bounds_are_optional(path: Path) -> None:
    path.write_text(f'[keys.first]\nsha256 = "{DIGEST}"\n')
    key = load_keys(path)["first"]
    assert (key.rate, key.concurrency) == (None, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = ?", "line 1"),
        ("", "keys: Field required"),
        ("[keys]", "at least 1 item"),
        ('[keys.a]\nsha256 = "short"', "keys.a.sha256"),
        (f'[keys.a]\nsha256 = "{"A" * 64}"', "keys.a.sha256"),
        ("[keys.a]", "keys.a.sha256: Field required"),
        (f'[keys.a]\nsha256 = "{DIGEST}"\nrate = 0', "keys.a.rate"),
        (f'[keys.a]\nsha256 = "{DIGEST}"\nrate = 0.5', "keys.a.rate"),
        (f'[keys.a]\nsha256 = "{DIGEST}"\nquota = 1', "keys.a.quota"),
        (f'[keys."a b"]\nsha256 = "{DIGEST}"', "keys.a b"),
        (f'[key.a]\nsha256 = "{DIGEST}"', "key: Extra inputs"),
    ],
)
def test_a_bad_file_is_told_with_the_place(path: Path, text: str, told: str) -> None:
    path.write_text(text)
    with pytest.raises(BadKeysFile, match=re.escape(told)) as caught:
        load_keys(path)
    assert str(caught.value).startswith(f"API_KEYS_FILE: {path}: ")


def test_every_fault_is_told_at_once(path: Path) -> None:
    path.write_text('[keys.a]\nrate = 0\n[keys.b]\nsha256 = "no"')
    with pytest.raises(BadKeysFile) as caught:
        load_keys(path)
    assert len(str(caught.value).splitlines()) == 3


def test_a_missing_file_is_a_bad_setting(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="No such file"):
        KeyRing(tmp_path / "nowhere.toml")


def test_a_changed_file_is_read_again(path: Path, clock: Clock) -> None:
    ring = KeyRing(path, clock)
    rewrite(path, f'[keys.second]\nsha256 = "{DIGEST}"\n')
    clock.now += 1
    assert set(ring.keys) == {"second"}


def test_the_file_is_looked_at_once_a_second_at_most(path: Path, clock: Clock) -> None:
    ring = KeyRing(path, clock)
    rewrite(path, f'[keys.second]\nsha256 = "{DIGEST}"\n')
    clock.now += 0.9
    assert set(ring.keys) == {"first"}


def test_an_unchanged_file_is_not_read_again(path: Path, clock: Clock) -> None:
    ring = KeyRing(path, clock)
    before = ring.keys
    clock.now += 10
    assert ring.keys is before


@pytest.mark.parametrize("text", ["[keys", ""])
def test_a_bad_new_file_leaves_the_old_keys_and_is_told_once(
    path: Path, clock: Clock, text: str
) -> None:
    ring = KeyRing(path, clock)
    rewrite(path, text)
    with capture_logs() as logs:
        for _ in range(3):
            clock.now += 1
            assert set(ring.keys) == {"first"}
    assert [entry["log_level"] for entry in logs] == ["error"]


def test_a_removed_file_leaves_the_old_keys(path: Path, clock: Clock) -> None:
    ring = KeyRing(path, clock)
    path.unlink()
    clock.now += 1
    with capture_logs() as logs:
        assert set(ring.keys) == {"first"}
    assert [entry["log_level"] for entry in logs] == ["error"]


def test_a_file_mended_after_a_fault_is_read(path: Path, clock: Clock) -> None:
    ring = KeyRing(path, clock)
    rewrite(path, "[keys")
    clock.now += 1
    with capture_logs():
        assert set(ring.keys) == {"first"}
    rewrite(path, f'[keys.second]\nsha256 = "{DIGEST}"\n')
    clock.now += 1
    assert set(ring.keys) == {"second"}


def test_a_new_key_fits_the_file(path: Path) -> None:
    secret, lines = new_key("mine")
    path.write_text(lines)
    assert load_keys(path)["mine"].sha256 == digest_of(secret)
    assert secret not in lines


def test_no_two_keys_are_the_same() -> None:
    assert len({new_key("mine")[0] for _ in range(100)}) == 100


@pytest.mark.parametrize("name", ["", "a b", "a.b", 'a"', "a" * 65])
def test_a_name_that_does_not_fit_the_file_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no name for a key"):
        new_key(name)

"""The operator's signing keys, as their Secret has them."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from embedding_operator import keyring as keyring_module
from embedding_operator.errors import BadConfiguration, Conflicting, OperatorError
from embedding_operator.keyring import (
    FORGOTTEN_AFTER,
    REPLACED_AFTER,
    USED_AFTER,
    Keyring,
    choose,
    plan_keys,
    read_keys,
)
from embedding_operator.names import SECRETS, Kind
from embedding_operator.tokens import SigningKey
from fake_cluster import FakeCluster

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OLD, NEW = SigningKey.new(NOW - timedelta(days=91)), SigningKey.new(NOW)
ENCRYPTED = OLD.private.private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
)


def secret(**entries: bytes) -> Mapping[str, object]:
    coded = {name: base64.b64encode(value).decode() for name, value in entries.items()}
    return {"data": {name.replace("_", "."): value for name, value in coded.items()}}


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def make_keyring(cluster: FakeCluster, clock: Clock | None = None) -> Keyring:
    return Keyring(cluster, "system", "keys", clock or Clock())


def test_the_newest_key_signs_once_pods_have_read_of_it_and_all_are_published() -> None:
    keys = [NEW, OLD]
    assert choose(keys, NOW).keys == (OLD, NEW)
    assert choose(keys, NOW + USED_AFTER).keys == (NEW, OLD)
    assert choose([NEW], NOW).keys == (NEW,)


def test_an_old_key_is_replaced_and_goes_when_no_token_of_it_is_good() -> None:
    (entry,) = plan_keys([OLD], NOW)
    assert entry != f"{OLD.id}.pem"
    assert plan_keys([NEW, OLD], NOW + USED_AFTER) == {}
    later = NOW + FORGOTTEN_AFTER + timedelta(seconds=1)
    assert plan_keys([NEW, OLD], later) == {f"{OLD.id}.pem": None}
    assert plan_keys([NEW], later) == {}


def test_a_key_whose_name_tells_no_time_is_an_old_one() -> None:
    assert SigningKey("mine", NEW.private).made < OLD.made


@pytest.mark.parametrize("made", [{}, {"data": None}, secret(note_txt=b"x")])
def test_a_secret_without_keys_has_none(made: Mapping[str, object]) -> None:
    assert read_keys(made) == []


@pytest.mark.parametrize("pem", [b"", b"no key", ENCRYPTED])
def test_a_key_that_cannot_be_read_is_named(pem: bytes) -> None:
    with pytest.raises(BadConfiguration, match=r"a\.pem"):
        read_keys(secret(a_pem=pem))


def test_an_entry_that_is_no_base64_is_named() -> None:
    with pytest.raises(BadConfiguration, match=r"a\.pem"):
        read_keys({"data": {"a.pem": "?"}})


async def test_the_first_start_makes_a_key_and_the_next_one_finds_it() -> None:
    cluster = FakeCluster()
    first, second = make_keyring(cluster), make_keyring(cluster)
    await first.look()
    await second.look()
    assert first.signer.publish() == second.signer.publish()
    assert cluster.writes == [("create", "Secret", "keys")]


async def test_of_two_first_starts_the_quicker_ones_key_counts() -> None:
    cluster, rival = FakeCluster(), FakeCluster()
    theirs, ours = make_keyring(rival), make_keyring(cluster)
    await theirs.look()

    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        if verb == "create":
            cluster.objects.update(rival.objects)
            return Conflicting("there is one", 409, "AlreadyExists")
        return None

    cluster.refuse = refuse
    await ours.look()
    assert ours.signer.publish() == theirs.signer.publish()


async def test_there_are_never_more_than_two_keys_and_pods_know_the_one_in_use() -> None:
    cluster, clock = FakeCluster(), Clock()
    keyring = make_keyring(cluster, clock)
    await keyring.look()
    known, used = {keyring.signer.keys[0].id}, set[str]()
    while clock.now < NOW + 2 * REPLACED_AFTER + timedelta(days=1):
        clock.now += timedelta(minutes=30)
        await keyring.look()
        keys = keyring.signer.keys
        assert keys[0].id in known
        assert len(keys) <= 2
        known, used = {key.id for key in keys}, used | {keys[0].id}
    assert len(used) == 3


async def test_a_secret_that_somebody_emptied_is_named() -> None:
    cluster = FakeCluster()
    cluster.add(SECRETS, {"metadata": {"namespace": "system", "name": "keys"}})
    with pytest.raises(BadConfiguration, match="system/keys"):
        await make_keyring(cluster).look()


async def test_keys_are_looked_at_before_they_are_used() -> None:
    with pytest.raises(RuntimeError):
        make_keyring(FakeCluster()).signer.publish()


async def test_what_keeps_it_from_its_keys_is_counted_and_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyring_module, "_LOOK_EVERY", 0)
    cluster, failures = FakeCluster(), asyncio.Semaphore(0)
    keyring = Keyring(cluster, "system", "keys", Clock(), failures.release)
    await keyring.look()
    cluster.objects[SECRETS, "system", "keys"]["data"] = {"a.pem": "?"}
    keeping = asyncio.create_task(keyring.keep())
    for _ in range(2):
        await failures.acquire()
    keeping.cancel()
    assert keyring.signer.keys

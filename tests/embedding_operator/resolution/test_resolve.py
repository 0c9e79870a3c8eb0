"""Defaults are read once, and what was read is enough for ever."""

from typing import Any

import pytest

from embedding_indexes import DEFAULTS, KEYS, SHARED, an_index
from embedding_operator.defaults import Defaults
from embedding_operator.resolution.resolve import resolve
from embedding_operator.resolution.wanted import SecretKeyRef, Wanted, want
from embedding_operator.resources.objects import EmbeddingIndex
from embedding_operator.resources.status import Resolved

RICH = Defaults.model_validate(
    {
        **DEFAULTS.model_dump(),
        "model": "rich",
        "encoder": {"url": "http://rich", "secret": "tier-key"},
        "database": {
            "type": "PostgreSQL",
            "secret": "main-database",
            "key": "url",
            "size": "3Gi",
            "storage_class_name": "fast",
        },
        "storage": {
            "type": "S3",
            "s3": {"bucket": "main", "prefix": "deep", "secret": {"name": "main-bucket"}},
        },
        "auth_secret": "main-keys",
    }
)


def want_of(spec: dict[str, Any], resolved: Resolved, defaults: Defaults = DEFAULTS) -> Wanted:
    return want_from(an_index(spec), resolved, defaults)


def want_from(
    index: EmbeddingIndex, resolved: Resolved | None = None, defaults: Defaults = DEFAULTS
) -> Wanted:
    return want(index, resolved or Resolved(), defaults, replicas=1, operator_keys=KEYS)


def rich(spec: dict[str, Any]) -> Wanted:
    return want_of(spec, resolve(an_index(spec).spec, RICH), RICH)


def test_what_was_resolved_stands_whatever_the_defaults_say_later() -> None:
    resolved = resolve(an_index().spec, RICH)
    then, now = want_of({}, resolved, RICH), want_of({}, resolved, DEFAULTS)
    assert (now.model, now.encoder, now.database) == (then.model, then.encoder, then.database)
    assert (now.address, now.storage, now.keys) == (then.address, then.storage, then.keys)


def test_what_was_resolved_outlives_being_written_and_read() -> None:
    resolved = resolve(an_index().spec, RICH)
    assert Resolved.model_validate(resolved.model_dump(by_alias=True)) == resolved


def test_images_and_peers_are_the_installations_of_today() -> None:
    resolved = resolve(an_index().spec, DEFAULTS)
    later = DEFAULTS.model_copy(
        update={"images": DEFAULTS.images.model_copy(update={"index": "2"})}
    )
    assert want_of({}, resolved, later).images.index == "2"


def test_the_smallest_index_is_a_file_on_a_volume_and_asks_the_tier() -> None:
    made = want_of({}, resolve(an_index().spec, DEFAULTS))
    assert (made.model, made.encoder.url) == ("minilm", "http://tier.embeddings.svc:8001")
    assert (made.address, made.keys, made.storage.s3, made.storage.volume) == (None,) * 4
    assert made.data is not None
    assert (made.data.size, made.data.storage_class) == ("10Gi", None)


def test_everything_may_come_from_the_defaults() -> None:
    made = rich({})
    assert made.address == SecretKeyRef("main-database", "url")
    assert made.storage.url == "s3://main/deep"
    assert (made.data, made.keys, made.encoder.secret) == (None, "main-keys", "tier-key")
    assert made.storage.is_shared


@pytest.mark.parametrize(
    ("spec", "seen"),
    [
        ({"model": "own"}, lambda made: made.model == "own"),
        (SHARED, lambda made: made.address == SecretKeyRef("database", "uri")),
        ({"storage": SHARED["storage"]}, lambda made: made.storage.url == "s3://snapshots"),
        ({"storage": {"type": "S3"}}, lambda made: made.storage.url == "s3://main/deep"),
        ({"storage": {"type": "Volume"}}, lambda made: made.storage.url is None),
        ({"auth": {"secret": {"name": "own"}}}, lambda made: made.keys == "own"),
        ({"auth": {"mode": "Keys"}}, lambda made: made.keys == "main-keys"),
        ({"auth": {"mode": "None"}}, lambda made: made.keys is None),
        ({"encoder": {"mode": "InPod"}}, lambda made: made.encoder.url is None),
        ({"encoder": {"secret": {"name": "s"}}}, lambda made: made.encoder.secret == "s"),  # noqa: S105
        ({"encoder": {"mode": "InPod"}}, lambda made: made.encoder.secret is None),
    ],
)
def test_what_the_spec_says_goes_before_the_defaults(spec: dict[str, Any], seen: Any) -> None:
    assert seen(rich(spec))


def test_a_key_of_the_tier_is_not_sent_to_another_address() -> None:
    made = rich({"encoder": {"url": "http://other"}})
    assert (made.encoder.url, made.encoder.secret) == ("http://other", None)


def test_a_volume_has_its_own_size_and_class_or_the_defaults() -> None:
    own = {"type": "SQLite", "sqlite": {"size": "1Gi", "storageClassName": "slow"}}
    sizes = [rich({"database": each}).data for each in ({"type": "SQLite"}, own)]
    assert [(each.size, each.storage_class) for each in sizes if each] == [
        ("3Gi", "fast"),
        ("1Gi", "slow"),
    ]


@pytest.mark.parametrize(("mode", "shared"), [("ReadWriteOnce", False), ("ReadWriteMany", True)])
def test_a_volume_for_snapshots_is_shared_if_many_may_write(mode: str, shared: bool) -> None:
    made = rich({"storage": {"type": "Volume", "volume": {"accessMode": mode}}})
    assert made.storage.is_shared is shared
    assert made.storage.url is None


def test_a_spec_alone_names_nobodys_rows() -> None:
    index = an_index({"bootstrap": {"retained": "old"}})
    assert want_from(index).key == f"team/{index.meta.uid}"


def test_a_volume_that_was_taken_over_keeps_the_name_of_its_rows() -> None:
    assert want_from(an_index(status={"dataUid": "old"})).key == "team/old"


@pytest.mark.parametrize(("spec", "snapshot"), [({}, None), ({"snapshot": "7"}, "7")])
def test_pods_begin_from_the_snapshot_that_is_named(
    spec: dict[str, str], snapshot: str | None
) -> None:
    assert rich({"reload": spec}).snapshot == snapshot
    assert rich({}).snapshot is None

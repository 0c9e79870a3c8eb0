"""An index that is to begin with a snapshot, while it cannot: who hears of what it waits for."""

from typing import Any

from controller_stage import Stage
from embedding_indexes import NAMESPACE, SHARED, index_body, snapshot_body
from embedding_operator.errors import PodFailure
from embedding_operator.names import INDEXES, SNAPSHOTS
from small_town import DOCS, Town

BY_NAME = {"bootstrap": {"snapshot": "docs-1"}}
BY_URI = {"bootstrap": {"uri": "s3://far/team/old/1", "secret": {"name": "far"}}}


async def test_a_pod_that_will_not_fill_an_index_is_told_of_until_one_does() -> None:
    town = Town()
    town.pods.no = PodFailure("10.0.0.1 answered 404: there is no snapshot 1", 404)
    town.build({**SHARED, **BY_URI})
    await town.settle()
    assert town.told("Degraded") == ("True", "SnapshotLoadFailed")
    assert "there is no snapshot 1" in town.status["message"]
    assert await town.turn() == 60
    town.pods.no = None
    assert await town.turn() == 2
    assert town.told("Degraded") == ("False", "AsExpected")
    await town.settle()
    assert town.status["bootstrap"]["done"]


async def test_a_snapshot_is_news_for_who_is_to_begin_with_it() -> None:
    stage = Stage()
    indexes: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
        ("copy", BY_NAME, {}, NAMESPACE),
        ("far", BY_NAME, {}, "others"),
        ("full", BY_NAME, {"bootstrap": {"done": True}}, NAMESPACE),
        ("other", {"bootstrap": {"snapshot": "docs-2"}}, {}, NAMESPACE),
        ("strange", {"bootstrap": "docs-1"}, {}, NAMESPACE),
    ]
    for name, spec, status, namespace in indexes:
        body = index_body(spec, status, name=name, uid=f"uid-of-{name}", namespace=namespace)
        stage.controller.note(INDEXES, None, body)
    changes = [("MODIFIED", "Running"), ("MODIFIED", "Completed"), ("DELETED", "Completed")]
    for version, (event, phase) in enumerate(changes):
        stage.due()
        body = snapshot_body("docs-1", {"phase": phase}, resourceVersion=f"{version + 1}")
        stage.controller.note(SNAPSHOTS, event, body)
        assert stage.due() - {DOCS} == {(NAMESPACE, "copy")}

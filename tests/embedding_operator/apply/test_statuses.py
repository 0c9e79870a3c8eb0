"""Statuses under a definition that is older than the operator."""

import pytest

from embedding_indexes import NAMESPACE, index_body
from embedding_operator.apply.statuses import find_undeclared, leave_out, write_status
from embedding_operator.errors import OperatorError, Unavailable
from embedding_operator.names import INDEXES, Kind
from fake_cluster import FakeCluster

REFUSAL = (
    "failed to create typed patch object (team/docs; gpu-embedding.io/v1alpha1, "
    "Kind=EmbeddingIndex): errors:\n  .status.resolved: field not declared in schema\n"
    '  .status.replicaStatuses[pod="docs-0.a"].lag: field not declared in schema'
)
PATHS = [("status", "resolved"), ("status", "replicaStatuses", "lag")]
STATUS = {
    "phase": "Running",
    "resolved": {"model": "mini"},
    "replicaStatuses": [{"pod": "docs-0.a", "lag": 0}, {"pod": "docs-1", "lag": 0}],
}
KNOWN = {"phase": "Running", "replicaStatuses": [{"pod": "docs-0.a"}, {"pod": "docs-1"}]}


def test_a_refusal_names_fields_that_are_left_out_of_every_entry() -> None:
    assert find_undeclared(REFUSAL) == PATHS
    assert leave_out({"status": STATUS}, PATHS) == {"status": KNOWN}
    assert leave_out({"status": KNOWN}, PATHS) == {"status": KNOWN}


@pytest.mark.parametrize("message", ["", "the API server does not answer", "spec.a: not declared"])
async def test_what_was_refused_for_another_reason_stays_refused(message: str) -> None:
    cluster = FakeCluster()
    made = cluster.add(INDEXES, index_body())
    cluster.refuse = lambda *_: Unavailable(message)
    with pytest.raises(Unavailable):
        await write_status(cluster, INDEXES, {**made, "status": STATUS}, "operator")


async def test_the_rest_is_written() -> None:
    cluster = FakeCluster()
    made = cluster.add(INDEXES, index_body())
    refusals: list[OperatorError] = [Unavailable(REFUSAL)]

    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        return refusals.pop() if refusals else None

    cluster.refuse = refuse
    await write_status(cluster, INDEXES, {**made, "status": STATUS}, "operator")
    assert cluster.objects[INDEXES, NAMESPACE, "docs"]["status"] == KNOWN

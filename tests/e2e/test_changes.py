"""What is changed of an index while people use it: its pods, and what its search is built from."""

import os
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, list_ids
from tests.e2e.installation import (
    build_index,
    build_snapshot,
    wait_for_condition,
    wait_for_snapshot,
)
from tests.e2e.manifests import PORT
from tests.e2e.stores import build_secrets, build_storage, new_database
from tests.e2e.traffic import Told, Traffic, traffic
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

Record: TypeAlias = Callable[[str, object], None]
TIMES = int(os.environ.get("CHANGES", "3"))
HOST = "changes.test"
OPEN = {"ingress": {"host": HOST}, "auth": {"mode": "None"}}


def test_rolling_updates_and_reloads_of_replicas_cost_nobody_an_answer(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl, record_property: Record
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    prepare(namespace, replicas=2, **build_storage(), **OPEN)
    with traffic(namespace, "docs", HOST) as clients:
        update(namespace, clients)
        reload(namespace, clients)
        told = clients.stop()
    check(namespace, told)
    record_property("answers", told.count)
    record_property("oldest_unseen_write_seconds", round(told.lag, 2))
    assert told.failures == {}, told.examples


def test_a_file_is_reloaded_unnoticed_and_updated_with_a_gap_that_loses_nothing(
    namespace: Namespace, operator: Namespace, record_property: Record
) -> None:
    prepare(namespace, **OPEN)
    with traffic(namespace, "docs", HOST) as clients:
        reload(namespace, clients)
        told = clients.tell()
        assert told.failures == {}, told.examples
        update(namespace, clients)
        told = clients.stop()
    check(namespace, told)
    record_property("longest_gap_seconds", max(seconds for _, seconds in told.outages))
    # Whoever comes through the Ingress is told to come again, and no other thing.
    through_ingress = {key for key in told.failures if key.startswith("ingress")}
    assert {key.rpartition(" ")[2] for key in through_ingress} <= {"503"}, told.examples


def prepare(namespace: Namespace, **spec: Any) -> None:
    """An index `docs`, with two documents and snapshots `docs-0` and `docs-1`."""
    namespace.apply(build_index("docs", **spec))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
    for number in range(2):
        namespace.apply(build_snapshot(f"docs-{number}", "docs"))
        wait_for_snapshot(namespace, f"docs-{number}")


def update(namespace: Namespace, clients: Traffic) -> None:
    """Have all pods replaced, again and again."""
    for number in range(TIMES):
        change(namespace, f'{{"podTemplate": {{"annotations": {{"update": "{number}"}}}}}}')
        wait_for_condition(namespace, "docs", "Progressing", "False", "UpToDate")
        tell(f"update {number}", clients)


def reload(namespace: Namespace, clients: Traffic) -> None:
    """Have all pods begin from a snapshot, now one, now the other."""
    for number in range(TIMES):
        name = f"docs-{number % 2}"
        wanted = namespace.get("embeddingindexsnapshot", name)["status"]["snapshotId"]
        change(namespace, f'{{"reload": {{"snapshot": "{wanted}"}}}}')

        def is_loaded(wanted: str = wanted) -> bool:
            status = namespace.get("embeddingindex", "docs")["status"]
            return bool(status.get("reload", {}).get("snapshot") == wanted)

        wait_until(is_loaded, 120, f"{name} is loaded")
        wait_for_condition(namespace, "docs", "Progressing", "False", "UpToDate")
        tell(f"reload {number}", clients)


def change(namespace: Namespace, spec: str) -> None:
    words = ("patch", "embeddingindex", "docs", "--type=merge")
    namespace.run(*words, f'--patch={{"spec": {spec}}}')


def tell(what: str, clients: Traffic) -> None:
    """For whoever reads along."""
    told = clients.tell()
    failures = sum(told.failures.values())
    sys.stderr.write(f"{what}: {told.count} answers, {failures} failures, lag {told.lag:.2f} s\n")


def check(namespace: Namespace, told: Told) -> None:
    """Everything that was acknowledged is there, once."""
    longest = sorted(told.outages, key=lambda each: -each[1])[:TIMES]
    sys.stderr.write(f"longest without an answer: {longest}; failures: {dict(told.failures)}\n")
    assert set(told.answered) == {
        f"{way} {what}"
        for way in ("service", "ingress")
        for what in ("writes", "reads its own", "reads", "reads anew")
    }
    with namespace.http("service/docs", PORT) as http:
        assert list_ids(http, "docs") == {*told.ids, *TEXTS}

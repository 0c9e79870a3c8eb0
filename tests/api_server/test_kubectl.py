"""What people see of our kinds in kubectl."""

import json
import subprocess

import pytest

from embedding_operator.names import INDEXES, SNAPSHOTS, Kind
from schemas import walk
from tests.api_server.api import Api
from tests.api_server.kinds import NAME, index, snapshot
from tests.cluster.kubectl import Kubectl
from tests.cluster.sites import ROOT

KINDS = pytest.mark.parametrize("kind", [INDEXES, SNAPSHOTS], ids=lambda kind: kind.kind)


@pytest.mark.parametrize("name", ["ei", "embidx", "embeddingindex", "embeddingindexes"])
def test_an_index_has_its_names(api: Api, kubectl: Kubectl, name: str) -> None:
    api.create(index())
    assert kubectl("get", name).splitlines()[0].split() == [
        *("NAME", "READY", "PHASE", "REPLICAS", "DOCUMENTS", "AGE"),
    ]


def test_an_index_that_serves_tells_so_in_its_row(api: Api, kubectl: Kubectl) -> None:
    made = api.create(index({"engine": {"type": "HNSW"}}))
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "AsExpected",
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-28T03:25:55Z",
    }
    status = {
        "conditions": [ready],
        "phase": "Running",
        "readyReplicas": 2,
        "documents": 1234,
        "message": "Well",
        "resolved": {"model": "small"},
    }
    api.merge(made, {"status": status}, "/status")
    head, row = kubectl("get", "ei", "--output=wide").splitlines()
    assert head.split()[6:] == ["MODEL", "ENGINE", "LASTSNAPSHOT", "MESSAGE"]
    words = row.split()
    assert words[:5] == [NAME, "True", "Running", "2", "1234"]
    assert [words[6], words[7], words[-1]] == ["small", "HNSW", "Well"]


def test_a_snapshot_tells_of_itself_in_its_row(api: Api, kubectl: Kubectl) -> None:
    made = api.create(snapshot())
    api.merge(made, {"status": {"phase": "Failed", "error": "Full"}}, "/status")
    head, row = kubectl("get", "eis", "--output=wide").splitlines()
    assert head.split() == [
        *("NAME", "INDEX", "PHASE", "DOCUMENTS", "SIZE", "AGE", "URI", "ERROR"),
    ]
    words = row.split()
    assert (words[1], words[2], words[-1]) == (NAME, "Failed", "Full")


def test_both_kinds_are_found_by_their_category(api: Api, kubectl: Kubectl) -> None:
    api.create(index())
    api.create(snapshot())
    found = kubectl("get", "embeddings", "--output=name").split()
    assert [line.partition(".")[0] for line in found] == [
        "embeddingindex",
        "embeddingindexsnapshot",
    ]


def test_an_index_is_among_all(api: Api, kubectl: Kubectl) -> None:
    api.create(index())
    assert f"embeddingindex.gpu-embedding.io/{NAME}" in kubectl("get", "all", "--output=name")


@KINDS
@pytest.mark.parametrize("part", ["spec", "status"])
def test_kubectl_explains_every_field(kubectl: Kubectl, kind: Kind, part: str) -> None:
    explained = kubectl("explain", f"{kind.plural}.{part}", "--recursive")
    shown = {line.split("\t")[0].strip() for line in explained.splitlines() if "\t" in line}
    assert shown >= {node.path[-1] for node in walk(kind, part) if node.is_field} - {part}


def test_kubectl_explains_what_an_index_is(kubectl: Kubectl) -> None:
    explained = " ".join(kubectl("explain", "ei.spec.replicas").split())
    assert "1 by default" in explained


@pytest.mark.parametrize("name", ["embeddingindexes.yaml", "embeddingindexsnapshots.yaml"])
def test_the_definitions_pass_the_strictest_check(kubectl: Kubectl, name: str) -> None:
    said = kubectl(
        "apply",
        "--server-side",
        "--validate=strict",
        "--dry-run=server",
        f"--filename={ROOT / 'crds' / name}",
    )
    assert said.endswith("serverside-applied (server dry run)\n")


@KINDS
def test_nothing_is_wrong_with_the_structure_of_a_schema(kubectl: Kubectl, kind: Kind) -> None:
    definition = f"{kind.plural}.{INDEXES.api.partition('/')[0]}"
    found = kubectl.get("crd", definition)["status"]["conditions"]
    assert {each["type"]: each["status"] for each in found} == {
        "NamesAccepted": "True",
        "Established": "True",
    }


def test_a_person_who_misspells_a_field_is_told(kubectl: Kubectl) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        kubectl("apply", "--filename=-", given=json.dumps(index({"replica": 2})))
    assert 'unknown field "spec.replica"' in refusal.value.stderr

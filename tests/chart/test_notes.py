"""What a release says once it is installed: the next commands for the values given."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.chart.helm import CHART, VALUES, Helm, give

CI = CHART / "ci"


def read_notes(helm: Helm, values: Path | dict[str, Any]) -> str:
    said = helm("install", "demo", CHART, "--namespace=search", "--dry-run=client", *give(values))
    return said.partition("\nNOTES:\n")[2]


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_there_are_notes_for_every_file_of_values(helm: Helm, values: Path) -> None:
    notes = read_notes(helm, values)
    assert notes.strip().startswith("gpu-embedding 0.1.0, release demo in namespace search")
    assert not re.search(r"<nil>|<no value>|map\[|%!", notes)
    assert "kubectl delete embeddingindexes" in notes
    assert max(map(len, notes.splitlines())) < 240


@pytest.mark.parametrize(
    ("values", "url"),
    [
        (CI / "default-values.yaml", "URL=http://localhost:8001"),
        (CI / "ingress-values.yaml", "URL=https://embed.example.com"),
        (CI / "httproute-values.yaml", "URL=http://embed.example.com"),
        (
            {"ingress.enabled": True, "ingress.hosts": ["a.test"], "ingress.path": "/embed/"},
            "URL=http://a.test/embed",
        ),
        ({"service.type": "LoadBalancer", "service.port": 80}, "{.status.loadBalancer.ingress[0]"),
        ({"service.type": "NodePort"}, "{.spec.ports[0].nodePort}"),
        ({"service.port": 80}, "port-forward service/demo-gpu-embedding-server 8001:80"),
    ],
    ids=str,
)
def test_the_address_is_the_one_that_works(
    helm: Helm, values: Path | dict[str, Any], url: str
) -> None:
    notes = read_notes(helm, values)
    assert url in notes
    assert "http://demo-gpu-embedding-server.search.svc:" in notes


def test_with_keys_it_tells_how_to_send_one_and_shows_none(helm: Helm) -> None:
    notes = read_notes(helm, CI / "auth-keys-values.yaml")
    assert '-H "Authorization: Bearer $KEY"' in notes
    assert "demo-gpu-embedding-server-keys" in notes
    assert "2bb80d537b1da3e3" not in notes


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({}, "auth.enabled is false"),
        ({}, "modelCache.type is emptyDir"),
        ({}, "model.revision is empty"),
        (CI / "auth-keys-values.yaml", "defaults.encoder.secret is empty"),
        (CI / "auth-keys-values.yaml", "tests.apiKey.existingSecret is empty"),
        ({"crds.keep": False}, "every EmbeddingIndex of the cluster goes"),
        ({"networkPolicy.enabled": False}, "networkPolicy.enabled is false"),
        ({"operator.replicaCount": 0}, "operator.replicaCount is 0"),
        ({"model.name": "hashing:64", "model.source": "image"}, "hashing:64 is no model"),
        ({"modelCache.type": "hostPath", "modelCache.hostPath": "/a"}, "user 10001 must be able"),
    ],
    ids=str,
)
def test_what_may_surprise_is_a_warning(
    helm: Helm, values: Path | dict[str, Any], warning: str
) -> None:
    assert warning in read_notes(helm, values).partition("WARNINGS")[2]


def test_who_has_thought_of_everything_is_not_warned(helm: Helm) -> None:
    values = {
        "auth.enabled": True,
        "auth.existingSecret": "keys",
        "defaults.encoder.secret": "key",
        "tests.apiKey.existingSecret": "key",
        "model.source": "image",
    }
    assert "WARNINGS" not in read_notes(helm, values)

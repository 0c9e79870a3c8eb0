"""The chart's first hour: what its README and its notes say to type, typed on a real cluster."""

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, TypeAlias

import httpx
import pytest

from tests.chart.helm import CHART, Helm, give
from tests.cluster.sites import ROOT
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.manifests import PORT
from tests.e2e.releases import DIMENSION, Release, build_values
from tests.e2e.stores import build_secret

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

Record: TypeAlias = Callable[[str, object], None]
GENERATE = "/api/v1/embeddings/generate"
BODY = {"texts": ["Hello world"]}


def test_what_the_readme_and_the_notes_say_leads_to_a_vector_and_an_index(
    vacancy: Release, record_property: Record
) -> None:
    begun = time.monotonic()
    notes = type_helm(vacancy.helm, "install gpu-embedding .*values-cpu.yaml", build_values())
    type_lines(notes, "rollout status deployment/")
    assert embed(vacancy, notes).status_code == httpx.codes.OK
    seconds = time.monotonic() - begun
    record_property("seconds_to_first_vector", round(seconds, 1))
    sys.stderr.write(f"helm install to first vector: {seconds:.1f} s\n")
    said = type_helm(vacancy.helm, "test gpu-embedding .*--logs")
    assert f"ok: 2 texts, {DIMENSION} dimensions, on cpu" in said
    check_index(vacancy, notes)
    check_keys(vacancy)


def type_helm(helm: Helm, pattern: str, values: Mapping[str, Any] | None = None) -> str:
    """Type a command of the README, with what the cluster at hand needs besides; what it prints."""
    text = (CHART / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (command,) = re.findall(rf"helm ({pattern})", text)
    words = [str(ROOT / each) if "charts/" in each else each for each in shlex.split(command)]
    return helm(*words, *give(values))


def type_lines(notes: str, *patterns: str) -> None:
    """Type lines of the notes, as they stand there."""
    for each in patterns:
        line = find_line(notes, each)
        subprocess.run(["sh", "-c", line], check=True, capture_output=True, timeout=900)


def find_line(notes: str, pattern: str) -> str:
    """The one that has such words."""
    (line,) = [each.strip() for each in notes.splitlines() if re.search(pattern, each)]
    return line


def embed(release: Release, notes: str, **headers: str) -> httpx.Response:
    """By the way that the notes show."""
    words = find_line(notes, "port-forward").split()
    way = words[words.index("port-forward") + 1]
    with release.namespace.http(way, PORT) as http:
        return http.post(GENERATE, json=BODY, headers=headers)


def check_index(release: Release, notes: str) -> None:
    """That of the notes, which is made in whichever namespace one is in."""
    namespace = Namespace("default", release.namespace.kubectl)
    try:
        type_lines(notes, "kubectl apply -f -", "kubectl wait .*embeddingindex/faq")
        with namespace.http("service/faq", PORT) as http:
            add(http, "faq", TEXTS)
            assert find(http, "faq") == "cat"
    finally:
        namespace.run("delete", "embeddingindex", "faq", "--ignore-not-found")
        namespace.run("delete", "pvc", "faq-data", "--ignore-not-found", "--wait=false")


def check_keys(release: Release) -> None:
    """Nobody gets in without a key; `helm test` does with one, or says that it has none."""
    digest = sha256(b"secret").hexdigest()
    keys = build_secret("tier-keys", **{"keys.toml": f'[keys.test]\nsha256 = "{digest}"'})
    release.namespace.apply(keys, build_secret("tier-key", key="secret"))
    try:
        asked = {"auth.enabled": True, "auth.existingSecret": "tier-keys"}
        notes = release.upgrade(asked)
        assert embed(release, notes).status_code == httpx.codes.UNAUTHORIZED
        assert embed(release, notes, Authorization="Bearer secret").status_code == httpx.codes.OK
        assert "ok: requests need a key" in release.run("test", "--logs")
        release.upgrade({"tests.apiKey.existingSecret": "tier-key"})
        assert f"{DIMENSION} dimensions" in release.run("test", "--logs")
    finally:
        release.namespace.run("delete", "secret", "tier-keys", "tier-key")

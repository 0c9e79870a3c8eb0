"""A real server is started, loaded and ended; its answers come back as rows."""

from pathlib import Path

import psutil
import pytest

from benchmarks.serving.loads import Bodies
from benchmarks.serving.models import find_minilm
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.peers import plan_infinity, plan_ours
from benchmarks.serving.stage.sample import take_sample
from benchmarks.serving.stage.server import Plan, serving

BODIES = Bodies([["one", "two"], ["three", "four"]], [[3, 3], [3, 3]])


def plan_without_weights() -> Plan:
    model = find_minilm()
    return plan_ours(model, EMBEDDING_MODEL=f"{model.name}=hashing:8")


def test_a_server_is_measured_from_its_start_to_its_end(tmp_path: Path) -> None:
    shape = find_minilm().read_shape()
    with serving(plan_without_weights(), tmp_path) as server:
        assert server.start_seconds > 0
        run = server.drive(Drive(BODIES, 0.1, kept=3))
        looks = server.look("/livez", 0.1, rate=100.0)
        sample = take_sample(server, Drive(BODIES, 0.1, connections=2), shape)
    assert set(run.calls.statuses) == set(looks.statuses) == {200}
    assert {number: rows.shape for number, rows in run.answers.items()} == {0: (2, 8), 1: (2, 8)}
    assert sample.texts_per_second > 0
    assert sample.memory_mib > 10
    assert not psutil.pid_exists(server.pid)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    plan = plan_ours(find_minilm(), EMBEDDING_MODEL="", MAX_TEXTS="none")
    with (
        pytest.raises(RuntimeError, match=r"(?s)ours gives no vectors:.*MAX_TEXTS"),
        serving(plan, tmp_path),
    ):
        pass


def test_infinity_is_asked_not_to_phone_home() -> None:
    plan = plan_infinity(find_minilm())
    assert plan.variables["INFINITY_ANONYMOUS_USAGE_STATS"] == "0"
    assert "127.0.0.1" in plan.command

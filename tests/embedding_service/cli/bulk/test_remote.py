from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import numpy as np
import pytest
import pytest_asyncio

from batch_server import BatchServer, Refusal
from bulk import matrix_of
from embedding_service.cli.bulk.encoders import Identity, Options
from embedding_service.cli.bulk.patience import Patience
from embedding_service.cli.bulk.remote import RemoteEncoder, open_client
from embedding_service.cli.complaints import Complaint
from fakes import FINGERPRINT

TEXTS = [f"text {n}" for n in range(7)]
MODEL_UNAVAILABLE = b'{"code": "model_unavailable", "detail": "no such model"}'


class Pauses(list[float]):
    """The pauses that were asked for, none of them waited."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest_asyncio.fixture
async def encoder(batch_server: BatchServer, pauses: Pauses) -> AsyncIterator[RemoteEncoder]:
    async with open_client(f"{batch_server.url}/", "ge-secret", 20.0) as http:
        found = RemoteEncoder(http, Options(), patience=Patience(100.0, pauses.sleep))
        await found.identify()
        batch_server.bodies.clear()
        yield found


async def complaint_of(encoder: RemoteEncoder) -> str:
    with pytest.raises(Complaint) as caught:
        await encoder.embed(TEXTS)
    return str(caught.value)


async def test_vectors_come_back_in_order(
    batch_server: BatchServer, encoder: RemoteEncoder
) -> None:
    batch_server.truncated = [2]
    vectors = await encoder.embed(TEXTS)
    np.testing.assert_array_equal(vectors.matrix, matrix_of(TEXTS))
    assert vectors.truncated == [2]


async def test_options_and_key_are_sent(batch_server: BatchServer) -> None:
    options = Options(normalise=False, input_type="document", dimensions=3, truncate=False)
    async with open_client(batch_server.url, "ge-secret", 20.0) as http:
        encoder = RemoteEncoder(http, options, model="mini", batch_size=9)
        assert await encoder.identify() == Identity("fake", FINGERPRINT)
    assert batch_server.headers[0]["Authorization"] == "Bearer ge-secret"
    assert batch_server.bodies[0] == {
        "texts": ["a"],
        "model_name": "mini",
        "batch_size": 9,
        "normalize": False,
        "input_type": "document",
        "dimensions": 3,
        "truncate": False,
        "encoding_format": "base64",
    }


@pytest.mark.parametrize("status", [408, 429, 502, 503])
async def test_comes_back_when_the_server_says(
    batch_server: BatchServer, encoder: RemoteEncoder, pauses: Pauses, status: int
) -> None:
    batch_server.refusals = [Refusal(status, {"Retry-After": "7"}), Refusal(status, body=b"busy")]
    assert len((await encoder.embed(TEXTS)).matrix) == 7
    assert pauses == [7.0, 2.0]


async def test_a_date_says_when_as_well(
    batch_server: BatchServer, encoder: RemoteEncoder, pauses: Pauses
) -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    naive = past.replace("GMT", "-0000")
    batch_server.refusals = [
        Refusal(503, {"Retry-After": value}) for value in (past, "soon", naive)
    ]
    await encoder.embed(TEXTS)
    assert pauses == [0.0, 2.0, 0.0]


async def test_gives_up_when_the_server_stays_busy(
    batch_server: BatchServer, encoder: RemoteEncoder
) -> None:
    batch_server.refusals = [Refusal(429, {"Retry-After": "60"}, b'{"detail": "no room"}')] * 9
    message = await complaint_of(encoder)
    assert "no room (status 429); tried again for 60 s in vain" in message
    assert "run the same command again" in message


async def test_what_is_too_much_at_once_goes_in_parts(
    batch_server: BatchServer, encoder: RemoteEncoder
) -> None:
    batch_server.most_texts, batch_server.truncated = 2, [0]
    vectors = await encoder.embed(TEXTS)
    np.testing.assert_array_equal(vectors.matrix, matrix_of(TEXTS))
    answered = [texts for texts in batch_server.asked if len(texts) <= 2]
    assert [text for texts in answered for text in texts] == TEXTS
    assert [TEXTS[position] for position in vectors.truncated] == [texts[0] for texts in answered]


async def test_one_text_that_is_too_much_is_told(
    batch_server: BatchServer, encoder: RemoteEncoder
) -> None:
    batch_server.most_texts = 0
    assert "too many texts (status 413)" in await complaint_of(encoder)


async def test_an_answer_that_does_not_come_is_asked_for_in_parts(
    batch_server: BatchServer, pauses: Pauses
) -> None:
    async with open_client(batch_server.url, None, 0.05) as http:
        encoder = RemoteEncoder(http, Options(), patience=Patience(1.0, pauses.sleep))
        batch_server.answers_before_block = 0
        assert "no answer in time" in await complaint_of(encoder)
    assert [len(texts) for texts in batch_server.asked] == [7, 3, 1]


async def test_a_model_that_cannot_be_loaded_is_not_waited_for(
    batch_server: BatchServer, encoder: RemoteEncoder, pauses: Pauses
) -> None:
    batch_server.refusals = [Refusal(503, body=MODEL_UNAVAILABLE)]
    assert "no such model (status 503)" in await complaint_of(encoder)
    assert pauses == []


async def test_a_missing_key_is_explained(
    batch_server: BatchServer, encoder: RemoteEncoder
) -> None:
    batch_server.refusals = [Refusal(401, body=b'{"detail": "no key"}')]
    assert "no key (status 401); set GPU_EMBEDDING_API_KEY" in await complaint_of(encoder)


async def test_a_refusal_in_other_words_is_told_by_status(
    batch_server: BatchServer, encoder: RemoteEncoder
) -> None:
    batch_server.refusals = [Refusal(418, body=b"[]")]
    assert "answered with status 418" in await complaint_of(encoder)


async def test_a_model_that_changes_on_the_way_is_noticed(
    batch_server: BatchServer, encoder: RemoteEncoder
) -> None:
    batch_server.fingerprint = "0" * 64
    message = await complaint_of(encoder)
    assert f"its fingerprint was {FINGERPRINT} and is {'0' * 64}" in message


async def test_a_server_of_another_kind_is_noticed(batch_server: BatchServer) -> None:
    batch_server.fingerprint = None
    async with open_client(batch_server.url, None, 20.0) as http:
        with pytest.raises(Complaint, match="that server is no gpu-embedding"):
            await RemoteEncoder(http, Options()).identify()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://server.invalid"])
async def test_a_server_that_is_not_there_is_not_waited_for(url: str) -> None:
    async with open_client(url, None, 5.0) as http:
        with pytest.raises(Complaint, match=r"no server answers there .*gpu-embedding serve"):
            await RemoteEncoder(http, Options()).identify()


async def test_a_server_that_goes_away_is_waited_for(pauses: Pauses) -> None:
    answers = iter([httpx.ConnectError("refused"), httpx.ReadError("reset")])

    def answer(request: httpx.Request) -> httpx.Response:
        raise next(answers, httpx.ConnectError("still away"))

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(base_url="http://server", transport=transport) as http:
        encoder = RemoteEncoder(http, Options(), patience=Patience(4.0, pauses.sleep))
        assert "cannot be reached (ConnectError: still away)" in await complaint_of(encoder)
    assert pauses == [1.0, 2.0]

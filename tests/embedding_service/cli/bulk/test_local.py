import numpy as np
import pytest

from bulk import matrix_of
from embedding_service.cli.bulk.encoders import Identity, Options
from embedding_service.cli.bulk.local import LocalEncoder
from embedding_service.cli.bulk.patience import Patience
from embedding_service.cli.complaints import Complaint
from embedding_service.errors import InferenceFailed, Overloaded, ServiceError, Unavailable
from embedding_service.inference.requests import TrafficClass
from fakes import FINGERPRINT, FakeEmbedder


async def test_asks_the_embedder_for_bulk_work() -> None:
    embedder = FakeEmbedder()
    embedder.truncated = [1]
    options = Options(normalise=False, input_type="query", dimensions=8, truncate=False)
    vectors = await LocalEncoder(embedder, options, batch_size=5).embed(["one", "two"])
    np.testing.assert_array_equal(vectors.matrix, matrix_of(["one", "two"]))
    assert vectors.truncated == [1]
    (request,) = embedder.requests
    assert list(request.inputs) == ["one", "two"]
    assert request.traffic is TrafficClass.BULK
    assert (request.normalise, request.input_type, request.dimensions) == (False, "query", 8)
    assert (request.truncate, request.max_batch_texts) == (False, 5)


async def test_says_which_model_it_is() -> None:
    identity = await LocalEncoder(FakeEmbedder(), Options()).identify()
    assert identity == Identity("fake", FINGERPRINT)


@pytest.mark.parametrize(
    "error", [Overloaded("no room", 7.0, "queue"), Unavailable("restarting", 7.0)]
)
async def test_comes_back_when_there_was_no_room(error: ServiceError) -> None:
    embedder = FakeEmbedder()
    embedder.failure = error

    async def sleep(seconds: float) -> None:
        assert seconds == 7.0
        embedder.failure = None

    encoder = LocalEncoder(embedder, Options(), patience=Patience(sleep=sleep))
    assert len((await encoder.embed(["one"])).matrix) == 1


async def test_does_not_wait_for_ever() -> None:
    embedder = FakeEmbedder()
    embedder.failure = Overloaded("no room", 7.0, "queue")
    with pytest.raises(Complaint, match="no room"):
        await LocalEncoder(embedder, Options(), patience=Patience(seconds=1)).embed(["one"])


async def test_other_errors_stay_what_they_are() -> None:
    embedder = FakeEmbedder()
    embedder.failure = InferenceFailed("the model cannot")
    with pytest.raises(InferenceFailed):
        await LocalEncoder(embedder, Options()).embed(["one"])

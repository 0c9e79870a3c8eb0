"""A text's vector does not depend on who shares its batch."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from closeness import assert_unmoved
from corpus import CORPUS
from live_server import LiveServer
from native import embed
from served_models import MINILM, MULTILINGUAL
from tiny_models import BERT, MPNET

pytestmark = pytest.mark.real_model

# Everything that a request may hold: no lone surrogate, no NUL, not blank.
_TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=300
).filter(lambda text: not text.isspace())
_MODELS = (MINILM, BERT, MPNET, MULTILINGUAL)


@pytest.fixture(scope="module")
def http(real_server: LiveServer) -> Iterator[httpx.Client]:
    with real_server.http() as client:
        yield client


@pytest.mark.parametrize("model", _MODELS)
def test_a_crowd_moves_nobody(model: str, http: httpx.Client) -> None:
    alone = np.concatenate([embed(http, [text], model_name=model) for text in CORPUS])
    crowd = [*reversed(CORPUS), *CORPUS, *CORPUS[::2]]
    crowded = embed(http, crowd, model_name=model)
    assert_unmoved(crowded, alone[[CORPUS.index(text) for text in crowd]])


@pytest.mark.parametrize("model", _MODELS)
def test_strangers_requests_move_nobody(model: str, http: httpx.Client) -> None:
    alone = np.concatenate([embed(http, [text], model_name=model) for text in CORPUS])
    with ThreadPoolExecutor(16) as threads:
        rows = threads.map(lambda text: embed(http, [text], model_name=model), CORPUS)
        assert_unmoved(np.concatenate(list(rows)), alone)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(_TEXTS, min_size=2, max_size=12))
def test_any_text_is_the_same_alone_and_in_a_batch(http: httpx.Client, texts: list[str]) -> None:
    together = embed(http, texts, model_name=MPNET)
    alone = np.concatenate([embed(http, [text], model_name=MPNET) for text in texts])
    assert_unmoved(together, alone)

"""A zygote begins before it is asked, where there is something to import."""

import pytest

from embedders import processes
from embedding_service.environment import child_environment
from embedding_service.inference.ahead import start_ahead
from embedding_service.settings import Settings


def test_it_begins_with_what_the_default_model_needs() -> None:
    zygote = start_ahead(Settings(embedding_model="./anywhere"), child_environment())
    try:
        (process,) = processes()
        assert process.cmdline()[-1] == "packed"
    finally:
        zygote.end_now()
    assert processes() == []


@pytest.mark.parametrize(
    "settings",
    [
        Settings(embedding_model="hashing:8"),
        Settings(embedding_model="./anywhere", encoder_url="http://embedding:8001"),
    ],
    ids=["no weights", "another server's"],
)
def test_it_does_not_where_nothing_is_to_be_imported(settings: Settings) -> None:
    zygote = start_ahead(settings, child_environment())
    assert processes() == []
    zygote.end_now()

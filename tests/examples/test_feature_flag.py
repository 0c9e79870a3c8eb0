"""The feature flag changes who embeds, and nothing that a user sees."""

import subprocess
import sys
from pathlib import Path

import pytest

from environment import tool_environment
from feature_flag import choose_embed
from live_server import LiveServer
from local_model import LocalModel
from service_client import ServiceClient

_PROGRAM = Path(__file__).parents[2] / "examples" / "feature_flag.py"
_QUESTIONS = ("I forgot my password", "is the delivery on its way", "may I return it")


def _run(**settings: str) -> list[tuple[float, str]]:
    """Cosines and answers to the questions."""
    done = subprocess.run(
        [sys.executable, str(_PROGRAM), *_QUESTIONS],
        env=tool_environment(**settings),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.split("  ", 1) for line in done.stdout.splitlines())
    return [(float(cosine), answer) for cosine, answer in lines]


def test_it_is_off_unless_set() -> None:
    assert isinstance(choose_embed({}), LocalModel)
    assert isinstance(choose_embed({"USE_GPU_EMBEDDINGS": "false"}), LocalModel)
    assert isinstance(choose_embed({"USE_GPU_EMBEDDINGS": "true"}), ServiceClient)


@pytest.mark.real_model
def test_answers_are_the_same_with_and_without_it(real_server: LiveServer) -> None:
    before = _run()
    after = _run(USE_GPU_EMBEDDINGS="true", EMBEDDING_SERVICE_URL=real_server.base_url)
    assert [answer.split("?")[0] for _, answer in before] == [
        "How do I reset my password",
        "When will my parcel arrive",
        "Can I send something back",
    ]
    assert [answer for _, answer in after] == [answer for _, answer in before]
    # The program prints four places, and rounds the last one.
    assert [cosine for cosine, _ in after] == pytest.approx([c for c, _ in before], abs=2e-4)

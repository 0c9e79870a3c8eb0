"""`python main.py`, the first thing that people try."""

from pathlib import Path

from live_server import launch

_MAIN = Path(__file__).parents[2] / "main.py"


def test_it_serves_and_leaves_when_told(tmp_path: Path) -> None:
    server = launch(tmp_path, {"EMBEDDING_MODEL": "hashing:8"}, program=[str(_MAIN)])
    try:
        server.wait_until_serving()
        with server.http() as http:
            answer = http.post("/api/v1/embeddings/generate", json={"texts": ["Hello world"]})
        assert answer.json()["dimension"] == 8
    finally:
        server.stop()

import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from batch_server import Refusal, running_batch_server
from bulk import matrix_of, read_output
from embedding_service import app
from embedding_service.cli import embed, main
from embedding_service.inference.embedder import Embedder
from embedding_service.settings import Settings
from fakes import FakeEmbedder
from live_server import running_server


def call(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["embed", *map(str, arguments)])
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.fixture
def texts(empty_surroundings: Path) -> Path:
    path = empty_surroundings / "texts.txt"
    path.write_text("one\ntwo\nthree\n")
    return path


def test_embeds_in_this_process(
    texts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(embed, "configure_logs", lambda *_: None)  # for good, in this process
    assert call(texts, "out.npy", "--model", "hashing:16", "--dimensions", "4") == 0
    matrix = np.load("out.npy")
    assert matrix.shape == (3, 4)
    np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), 1, rtol=1e-6)
    assert "out.npy: 3 vectors of 4 dimensions" in capsys.readouterr().err


def test_the_local_model_keeps_its_options_and_is_in_no_hurry(
    texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[Settings]()

    @asynccontextmanager
    async def open_fake(settings: Settings) -> AsyncIterator[Embedder]:
        seen.append(settings)
        yield FakeEmbedder()

    monkeypatch.setattr(embed, "configure_logs", lambda *_: None)
    monkeypatch.setattr(app, "open_embedder", open_fake)
    monkeypatch.setenv("EMBEDDING_MODEL", "first=hashing:8")
    monkeypatch.setenv("ALLOWED_MODELS", "second=hashing:16")
    monkeypatch.setenv("MODEL_OPTIONS", '{"first": {}, "second": {"max_length": 99}}')
    assert call(texts, "out.npy", "--model", "second") == 0
    (settings,) = seen
    assert settings.embedding_model == "second=hashing:16"
    assert settings.model_options["second"].max_length == 99
    assert settings.allowed_models == ()
    assert settings.max_wait == settings.request_timeout == 86_400


def test_embeds_on_a_server(
    texts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GPU_EMBEDDING_API_KEY", "ge-secret")
    with running_batch_server() as server:
        server.truncated = [1]
        options = ["--no-normalize", "--input-type", "query", "--batch-size", "2", "--model", "m"]
        assert call(texts, "out.parquet", "--url", server.url, *options) == 0
        body = server.bodies[-1]
    assert (body["normalize"], body["input_type"], body["batch_size"]) == (False, "query", 2)
    assert body["model_name"] == "m"
    assert server.headers[-1]["Authorization"] == "Bearer ge-secret"
    rows, matrix = read_output(Path("out.parquet"))
    assert rows == [{"text": text} for text in ("one", "two", "three")]
    np.testing.assert_array_equal(matrix, matrix_of(["one", "two", "three"]))
    told = capsys.readouterr().err
    assert "1 texts were longer than the model reads and were cut: line 2" in told
    assert "ge-secret" not in told


def test_a_server_and_this_process_give_the_same_vectors(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "configure_logs", lambda *_: None)
    folder = tmp_path / "server"
    folder.mkdir()
    with running_server(folder, EMBEDDING_MODEL="hashing:16", WORKERS="1") as server:
        assert call(texts, "there.npy", "--url", server.base_url) == 0
    assert call(texts, "here.npy", "--model", "hashing:16") == 0
    np.testing.assert_array_equal(np.load("there.npy"), np.load("here.npy"))


def test_not_every_cut_text_is_named(
    empty_surroundings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = empty_surroundings / "texts.txt"
    path.write_text("x\n" * 12 + "\n")
    with running_batch_server() as server:
        server.truncated = list(range(12))
        assert call(path, "out.npy", "--url", server.url, "--skip-empty") == 0
    told = capsys.readouterr().err
    assert "1 empty texts left out; 12 texts were longer" in told
    assert "line 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and more" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["texts.xlsx", "out.npy"], "texts are read from"),
        (["texts.txt", "out.csv"], "vectors are written to"),
        (["none.txt", "out.npy"], "none.txt: No such file or directory"),
        (["texts.txt", "there.npy"], "there.npy: is there already; replace it with --overwrite"),
        (["blank.txt", "out.npy"], "empty or blank texts in line 2"),
        (["texts.txt", "out.jsonl", "--embedding-column", "text"], "has a column 'text' already"),
        (["texts.txt", "out.npy", "--model", "no:good"], "'no:good' is no model reference"),
        (["texts.txt", "out.npy", "--url", "http://127.0.0.1:1"], "no server answers there"),
        (["texts.txt", "out.npy", "--model", "/none"], "there is no folder /none"),
    ],
)  # fmt: skip
def test_what_a_person_can_mend_is_told_in_a_line(
    texts: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    monkeypatch.setattr(embed, "configure_logs", lambda *_: None)
    texts.with_name("there.npy").touch()
    texts.with_name("blank.txt").write_text("one\n\n")
    texts.with_name("texts.xlsx").touch()
    assert call(*arguments) == 1
    output = capsys.readouterr()
    assert told in output.err
    assert "Traceback" not in output.err
    assert not texts.with_name("out.npy.partial").exists()


def test_an_output_can_be_replaced(texts: Path) -> None:
    texts.with_name("out.npy").write_text("old")
    with running_batch_server() as server:
        assert call(texts, "out.npy", "--url", server.url, "--overwrite") == 0
    assert np.load("out.npy").shape == (3, 8)


def test_a_restart_forgets_another_beginning(
    texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_batch_server() as server:
        arguments = [str(texts), "out.npy", "--url", server.url, "--slice-size", "1"]
        server.answers_before_failure = 1
        assert call(*arguments) == 1
        server.answers_before_failure = None
        assert call(*arguments, "--dimensions", "3") == 1
        assert "dimensions was None and is now 3" in capsys.readouterr().err
        assert call(*arguments, "--dimensions", "3", "--restart") == 0
    assert np.load("out.npy").shape == (3, 8)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """SIGINT means what it does in a terminal; a shell's background job would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_says_how_to_go_on(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    is_over = threading.Event()
    with running_batch_server() as server:
        answer = server.answer

        def interrupt(body: dict[str, object], headers: dict[str, str]) -> Refusal:
            os.kill(os.getpid(), signal.SIGINT)
            is_over.wait(60)  # an answer that came first would leave nothing to interrupt
            return answer(body, headers)

        server.answer = interrupt  # type: ignore[method-assign]
        try:
            assert call(texts, "out.npy", "--url", server.url) == 130
        finally:
            is_over.set()
    assert "run the same command to go on" in capsys.readouterr().err

"""The real program, killed with SIGKILL at a slice that is known, and started again."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from batch_server import BatchServer
from bulk import matrix_of, read_output
from environment import clean_environment

SECONDS = 60.0
SLICE = 4
TEXTS = [f"text {n}" for n in range(26)]


def start(folder: Path, server: BatchServer, output: str) -> subprocess.Popen[bytes]:
    options = ["--url", server.url, "--slice-size", str(SLICE)]
    command = ["embed", "texts.txt", output, *options]
    return subprocess.Popen(
        [sys.executable, "-m", "embedding_service", *command],
        cwd=folder,
        env=clean_environment(),
        stderr=subprocess.PIPE,
    )


def test_goes_on_where_it_was_killed(empty_surroundings: Path, batch_server: BatchServer) -> None:
    folder, output = empty_surroundings, "vectors.parquet"
    (folder / "texts.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    batch_server.answers_before_block = 4
    with start(folder, batch_server, output) as killed:
        # Two slices are at work at once, and a new one is asked for only when an older one is on
        # the disk: whoever asks for the fifth has kept three.
        assert batch_server.blocked.wait(SECONDS)
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=SECONDS)
    kept = {int(path.stem) for path in (folder / f"{output}.partial").glob("*.npz")}
    assert len(kept) >= 3
    assert not (folder / output).exists()

    batch_server.answers_before_block = None
    batch_server.unblocked.set()
    batch_server.bodies.clear()
    with start(folder, batch_server, output) as resumed:
        _, told = resumed.communicate(timeout=SECONDS)
    assert resumed.returncode == 0, told
    asked = {TEXTS.index(texts[0]) // SLICE for texts in batch_server.asked}
    assert asked == set(range(7)) - kept
    np.testing.assert_array_equal(read_output(folder / output)[1], matrix_of(TEXTS))
    assert sorted(path.name for path in folder.iterdir()) == sorted(["texts.txt", output])

"""What a program asks of the file system, in order and with all that it writes, by strace."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from environment import tool_environment

_HINT = "strace is not installed, or may not trace (Debian: apt-get install strace)"
# A question mark goes before what not every processor's system has.
_TRACED = (
    "?creat,?open,openat,?openat2,write,pwrite64,writev,pwritev,pwritev2,truncate,ftruncate,"
    "fallocate,sendfile,copy_file_range,splice,fsync,fdatasync,?rename,?renameat,renameat2,"
    "?link,linkat,?symlink,symlinkat,?unlink,unlinkat,?mkdir,mkdirat,?rmdir"
)
_MOST_BYTES = 1 << 26
"""Of one write, that are kept."""
_UNFINISHED = b" <unfinished ...>"
_RESUMED = re.compile(rb"<\.\.\. \w+ resumed>")
_CALL = re.compile(rb"(\w+)\((.*)\) += (-?\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that came back."""

    name: str
    arguments: Sequence[bytes]
    """As strace shows them: text in hexadecimal, descriptors with their paths."""
    result: int
    began: int
    """How many calls had come back when this one began."""

    def text(self, place: int) -> bytes:
        """What stands between quotes, or between angle brackets."""
        quoted = re.split(rb'["<>]', self.arguments[place])[1]
        return bytes.fromhex(quoted.replace(b"\\x", b"").decode())

    def path(self, place: int) -> Path:
        """That of a descriptor; or of a name, in the folder whose descriptor stands before it."""
        path = Path(os.fsdecode(self.text(place)))
        return path if path.is_absolute() else self.path(place - 1) / path


def trace(
    command: Sequence[str | Path], within: Sequence[Path], folder: Path, *options: str
) -> list[Call]:
    """The calls of a command that have to do with some files, in the order in which they came back.

    Skips the test where strace does not work; in CI that fails it. The command must end well.

    Args:
        command: Run without coverage, which writes as well.
        within: What is told about: these, and what is below them.
        folder: Where strace writes.
        options: More of strace's own.
    """
    _require()
    output = folder / "strace"
    done = subprocess.run(
        [
            *("strace", "--follow-forks", "--seccomp-bpf", "--decode-fds=path"),
            *("--strings-in-hex=all", f"--string-limit={_MOST_BYTES}", f"--trace={_TRACED}"),
            *("--signal=none", *options, f"--output={output}", "--", *command),
        ],
        env=tool_environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(_read(output, within))


def _read(output: Path, within: Sequence[Path]) -> Iterator[Call]:
    shown = [b"".join(b"\\x%02x" % byte for byte in os.fsencode(path)) for path in within]
    begun: dict[bytes, tuple[int, bytes]] = {}
    count = 0
    with output.open("rb") as lines:
        for line in lines:
            process, _, told = line.rstrip(b"\n").partition(b" ")
            told = told.lstrip()
            if told.endswith(_UNFINISHED):
                begun[process] = count, told.removesuffix(_UNFINISHED)
                continue
            began = count
            if resumed := _RESUMED.match(told):
                began, start = begun.pop(process)
                told = start + told[resumed.end() :]
            if found := _CALL.match(told):
                name, told_arguments, result = found.groups()
                arguments = told_arguments.split(b", ")
                # What is written may hold a path too.
                places = arguments[:1] if b"write" in name else arguments
                if any(each in place for place in places for each in shown):
                    count += 1
                    yield Call(name.decode(), arguments, int(result), began)


@cache
def _works() -> bool:
    if shutil.which("strace") is None:
        return False
    tried = ["strace", "--follow-forks", "--seccomp-bpf", "--output=/dev/null", "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def _require() -> None:
    if _works():
        return
    if os.environ.get("CI"):
        pytest.fail(_HINT)
    pytest.skip(_HINT)

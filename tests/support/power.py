"""A disk as it may be found after the power has gone, told by the calls of those who wrote to it.

Only what was asked for is there for sure: data of a file that had come back from fsync, and a name
in a folder whose fsync had come back after the name was made; one that was taken away may be back.
Of the rest anything may be there or not, each name and each sector for itself (the weakest of the
file systems of Pillai et al., All File Systems Are Not Created Equal, OSDI 2014). What an fsync has
failed to write no later one writes (Rebello et al., Can Applications Recover from fsync Failures?,
ATC 2020).
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from strace import Call

_SECTOR = 512
_OPENING = frozenset({"open", "openat", "creat"})
_NEW = ("O_EXCL", "O_TRUNC", "O_APPEND")
"""One of these: what is written goes to the end of the file."""
_NAMED_TWICE = {"rename": 1, "renameat": 3, "renameat2": 3, "link": 1, "linkat": 3}

_T = TypeVar("_T")
Choose: TypeAlias = Callable[[], bool]
"""Whether a change that nobody has asked to be kept is there all the same."""


def nothing() -> bool:
    """The least that may be there."""
    return False


def everything() -> bool:
    """What a process that was killed has left."""
    return True


def by_chance(seed: int) -> Choose:
    """Half of it."""
    chance = random.Random(seed)  # noqa: S311  the same every time
    return lambda: chance.random() < 0.5


class _Fate(Enum):
    OPEN = auto()
    KEPT = auto()
    FAILED = auto()
    """Its fsync has failed: no other one keeps it."""


@dataclass(slots=True)
class _Change(Generic[_T]):
    number: int
    """Of the call that made it."""
    make: Callable[[_T, Choose], None]
    fate: _Fate = _Fate.OPEN


@dataclass(slots=True)
class _Node(Generic[_T]):
    """What is there for sure, and what has changed since, in order."""

    base: _T
    changes: list[_Change[_T]] = field(default_factory=list)

    def sync(self, began: int, *, is_kept: bool) -> None:
        for change in self.changes:
            if change.number < began and change.fate is _Fate.OPEN:
                change.fate = _Fate.KEPT if is_kept else _Fate.FAILED
        while self.changes and self.changes[0].fate is _Fate.KEPT:
            self.changes.pop(0).make(self.base, everything)

    def make(self, into: _T, choose: Choose) -> None:
        """Bring all that may be there `into` a copy of the base."""
        for change in self.changes:
            change.make(into, everything if change.fate is _Fate.KEPT else choose)


@dataclass(slots=True)
class _File(_Node[bytearray]):
    size: int = 0
    """As its writers see it."""
    is_appended_to: bool = False


@dataclass(slots=True)
class _Folder(_Node[dict[str, "_File | _Folder"]]):
    names: dict[str, "_File | _Folder"] = field(default_factory=dict)
    """As everybody sees them."""

    def name(self, number: int, **names: "_File | _Folder | None") -> None:
        """Give names and, with None, take them away, all in one step."""

        def make(into: dict[str, _File | _Folder], choose: Choose) -> None:
            if choose():
                _rename(into, names)

        _rename(self.names, names)
        self.changes.append(_Change(number, make))


class Disk:
    """A folder, empty and durable at first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = _Folder({})
        self._gone: dict[Path, _File | _Folder] = {}
        """What is open and has no name any more, by the one it had."""
        self._count = 0

    def apply(self, call: Call) -> None:
        """What one more call has done. They come in order, all that have to do with the folder."""
        self._count += 1
        if call.name in {"fsync", "fdatasync"}:
            self._find(call.path(0)).sync(call.began, is_kept=call.result >= 0)
        elif call.result < 0:
            return
        elif call.name in _OPENING:
            self._open(call)
        elif call.name in {"write", "pwrite64", "ftruncate", "truncate"}:
            self._write(call)
        elif call.name in {"mkdir", "mkdirat"}:
            self._name(call.path(call.name == "mkdirat"), _Folder({}))
        elif call.name in {"unlink", "unlinkat", "rmdir"}:
            self._name(call.path(call.name == "unlinkat"), None)
        elif call.name in _NAMED_TWICE:
            self._rename(call)
        else:
            raise AssertionError(f"what {call.name} does to a disk is not known here; teach it")

    def build(self, target: Path, choose: Choose) -> None:
        """Make a folder of what may be there now; `choose` is asked about all that is not sure."""
        _build(self._folder, target, choose)

    def _open(self, call: Call) -> None:
        place = int(call.name == "openat")
        path, flags = call.path(place), call.arguments[place + 1].decode()
        file = self._look_up(path)
        if file is None:
            file = _File(bytearray())
            self._name(path, file)
        if not isinstance(file, _File):
            return
        file.is_appended_to = any(each in flags for each in _NEW)
        if "O_TRUNC" in flags:
            self._truncate(file, 0)

    def _write(self, call: Call) -> None:
        file = self._find(call.path(0))
        assert isinstance(file, _File)
        if "truncate" in call.name:
            return self._truncate(file, int(call.arguments[1]))
        assert call.name == "pwrite64" or file.is_appended_to, "written to who knows where"
        start = int(call.arguments[3]) if call.name == "pwrite64" else file.size
        content = call.text(1)[: call.result]
        assert len(content) == call.result, "strace has not kept all of it"
        file.size = max(file.size, start + len(content))

        def make(into: bytearray, choose: Choose) -> None:
            for begin, end in _sectors(start, start + len(content)):
                if choose():
                    into.extend(bytes(max(0, end - len(into))))
                    into[begin:end] = content[begin - start : end - start]

        file.changes.append(_Change(self._count, make))
        return None

    def _truncate(self, file: _File, size: int) -> None:
        def make(into: bytearray, choose: Choose) -> None:
            if choose():
                del into[size:]
                into.extend(bytes(size - len(into)))

        file.size = size
        file.changes.append(_Change(self._count, make))

    def _rename(self, call: Call) -> None:
        second = _NAMED_TWICE[call.name]
        old, new = call.path(second // 2), call.path(second)
        node = self._find(old)
        assert old.parent == new.parent, "no file moves from one folder to another"
        names: dict[str, _File | _Folder | None] = {new.name: node}
        if "rename" in call.name:
            names[old.name] = None
        self._folder_of(old).name(self._count, **names)

    def _name(self, path: Path, node: "_File | _Folder | None") -> None:
        if node is None:
            self._gone[path] = self._find(path)
        self._folder_of(path).name(self._count, **{path.name: node})

    def _folder_of(self, path: Path) -> _Folder:
        folder = self._find(path.parent)
        assert isinstance(folder, _Folder)
        return folder

    def _find(self, path: Path) -> "_File | _Folder":
        found = self._look_up(path) or self._gone.get(path)
        assert found is not None, path
        return found

    def _look_up(self, path: Path) -> "_File | _Folder | None":
        found: _File | _Folder | None = self._folder
        for name in path.relative_to(self._root).parts:
            found = found.names.get(name) if isinstance(found, _Folder) else None
        return found


def _rename(into: dict[str, "_File | _Folder"], names: dict[str, "_File | _Folder | None"]) -> None:
    for name, node in names.items():
        if node is None:
            into.pop(name, None)
        else:
            into[name] = node


def _sectors(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a stretch that lie in one sector each."""
    while start < end:
        following = min(end, (start // _SECTOR + 1) * _SECTOR)
        yield start, following
        start = following


def _build(folder: _Folder, target: Path, choose: Choose) -> None:
    target.mkdir(mode=0o700)
    names = dict(folder.base)
    folder.make(names, choose)
    for name, node in names.items():
        if isinstance(node, _Folder):
            _build(node, target / name, choose)
        else:
            content = bytearray(node.base)
            node.make(content, choose)
            (target / name).write_bytes(content)

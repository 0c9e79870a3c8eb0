"""What must hold of the tree itself, whatever is in it."""

import ast
import re
import shutil
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = [path for path in (ROOT / "service", ROOT / "operator") if path.exists()]
SOURCES = sorted(path for folder in PACKAGES for path in folder.rglob("*.py"))

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50

_HOME_FOLDER = re.compile(r"(?<![\w.$}])/(?:home|Users|root|work)/\w")
_INDEX_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|download\.pytorch\.org|registry\.npmjs|proxy\.golang|deb\.debian"
)


@pytest.mark.parametrize("folder", [path.name for path in PACKAGES])
def test_a_folder_named_like_a_standard_module_is_no_package(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def test_python_finds_its_own_operator_module_from_the_root() -> None:
    code = "import operator; print(operator.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not Path(done.stdout.strip()).is_relative_to(ROOT / "operator")


def test_no_module_hides_one_of_the_standard_library() -> None:
    names = {path: path.parent.name if path.stem == "__init__" else path.stem for path in SOURCES}
    assert [path for path, name in names.items() if name in sys.stdlib_module_names] == []


def test_every_folder_of_a_package_says_that_it_is_one() -> None:
    folders = {path.parent for path in SOURCES} - set(PACKAGES)
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_the_wheel_holds_the_packages_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    shipped = {name for name in names if not name.parts[0].endswith(".dist-info")}
    expected = {
        path.relative_to(folder)
        for folder in PACKAGES
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == expected
    assert Path("embedding_service/py.typed") in shipped
    assert any(name.name == "LICENSE" for name in names - shipped)


def test_no_file_is_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    sys.stdout.write(f"{len(lengths)} files, median {statistics.median(lengths.values()):.0f}\n")
    assert {path: count for path, count in lengths.items() if count > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    too_long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        # A command's options are its signature; what counts is what is done.
        and (node.end_lineno or 0) - node.body[0].lineno >= MAX_FUNCTION_LINES
    ]
    assert too_long == []


def test_no_committed_file_tells_of_somebodys_machine() -> None:
    own = [str(path) for path in (ROOT, Path.home()) if len(path.parts) > 2]
    told = [
        f"{name}:{number}"
        for name, text in committed_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if _HOME_FOLDER.search(line) or any(path in line for path in own)
    ]
    assert told == []


def test_no_committed_file_names_the_host_of_a_package_index() -> None:
    told = [
        f"{name}:{number}"
        for name, text in committed_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if _INDEX_HOST.search(line)
    ]
    assert told == []


@cache
def _list_committed() -> tuple[str, ...]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout: there is nothing to ask what is committed")
    # Untracked files that are not ignored count as well: they are about to be committed.
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(filter(None, done.stdout.split("\0")))


def committed_texts() -> Iterator[tuple[str, str]]:
    for name in _list_committed():
        path = ROOT / name
        if path.is_file() and path != Path(__file__):
            yield name, path.read_text(encoding="utf-8", errors="replace")

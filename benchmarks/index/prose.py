"""Real English sentences, the same in every environment of this lock: its packages' docstrings."""

import ast
import hashlib
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_SENTENCE: Final = re.compile(r"""[A-Z][\w'" ,;:()`/.-]{20,300}[.!?]""")
_NO_PROSE: Final = re.compile(r"---| : |`{3}")
"""Headings and lists of parameters."""
_FEWEST_WORDS: Final = 5


def collect_sentences(count: int) -> list[str]:
    """So many different ones, or all, in an order that has nothing to do with where they stood."""
    found: set[str] = set()
    for path in Path(sysconfig.get_path("purelib")).rglob("*.py"):
        for docstring in _read_docstrings(path):
            found.update(split_sentences(docstring))
    return sorted(found, key=lambda text: hashlib.sha256(text.encode()).digest())[:count]


def split_sentences(text: str) -> Iterator[str]:
    """The sentences of a text that read like prose."""
    for paragraph in re.split(r"\n\s*\n", text):
        for part in _END.split(" ".join(paragraph.split())):
            is_prose = _SENTENCE.fullmatch(part) and not _NO_PROSE.search(part)
            if is_prose and len(part.split()) >= _FEWEST_WORDS:
                yield part


def _read_docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""

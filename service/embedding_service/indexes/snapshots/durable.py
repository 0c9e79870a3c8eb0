"""Files that are whole and on the disk, or not there, whenever the power goes."""

import os
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write(path: Path, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
    """Write a file and the folders above it; False when `if_absent` and there is one already.

    Raises OSError, and then the file is not there, or is as it was before.
    """
    _make(path.parent)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with draft.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return _link(draft, path) if if_absent else _replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def delete(path: Path) -> None:
    """Remove a file for good; a missing one is no error."""
    path.unlink(missing_ok=True)
    if path.parent.exists():
        sync(path.parent)


def sync(folder: Path) -> None:
    """Put the folder's entries on the disk: a new name or a removal is not durable before."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _link(draft: Path, path: Path) -> bool:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    try:
        sync(path.parent)
    except OSError:
        # What a failed fsync left on the disk is unknown and must not count as published; a second
        # fsync may say success without having written anything (fsync(2), Rebello 2020).
        path.unlink(missing_ok=True)
        raise
    return True


def _replace(draft: Path, path: Path) -> bool:
    is_new = not path.exists()
    draft.replace(path)
    try:
        sync(path.parent)
    except OSError:
        if is_new:  # as above; who sees it there would not write it again
            path.unlink(missing_ok=True)
        raise
    return True


def _make(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        try:
            sync(each.parent)
        except OSError:
            with suppress(OSError):  # others may have put something into it
                each.rmdir()  # or whoever comes next would take it for one that stays
            raise

"""A secret that a setting gives, or a file that a setting names, which may change at any time."""

from pathlib import Path
from threading import Lock


class SecretUnreadable(OSError):
    """The file cannot be read, and never could; the message names the setting."""


class Secret:
    """Thread-safe. Kubernetes replaces the file of a mounted Secret; what it says next holds."""

    def __init__(self, setting: str, value: str = "", file: Path | None = None) -> None:
        """`value`, or what is in `file`; `setting` is the one that `file` comes from."""
        self._setting = setting
        self._value = value
        self._file = file
        self._stamp: tuple[int, int, int] | None = None
        self._reading = Lock()

    def read(self) -> str:
        """The secret now, without white space around it; empty where there is none.

        While the file is away it stays what it was. Raises SecretUnreadable.
        """
        if self._file is None:
            return self._value
        with self._reading:
            try:
                status = self._file.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                if stamp != self._stamp:
                    self._value = self._file.read_text(encoding="utf-8").strip()
                    self._stamp = stamp
            except (OSError, UnicodeDecodeError) as error:
                if self._stamp is None:
                    raise SecretUnreadable(
                        f"{self._setting}: {self._file} cannot be read ({error})"
                    ) from error
            return self._value

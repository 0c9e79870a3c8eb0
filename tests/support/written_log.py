"""A log that is kept in memory, to be read again."""

import io
import json
from typing import Any

from embedding_service.telemetry.logs import LogLevel, configure_logs


class Log:
    """A configured log and what was written to it."""

    def __init__(self, level: LogLevel = "info") -> None:
        self.stream = io.StringIO()
        configure_logs("json", level, self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def line(self) -> dict[str, Any]:
        (line,) = self.lines
        return line

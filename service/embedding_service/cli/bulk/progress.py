"""Shows how far a job is."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


def build_progress(console: Console) -> Progress:
    """A bar with texts done, rate and time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
        console=console,
    )


class _RateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Texts a second, measured over the last seconds."""
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s")

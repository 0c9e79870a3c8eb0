import io

from rich.console import Console

from embedding_service.cli.bulk.progress import build_progress


def test_shows_count_rate_and_time_left() -> None:
    screen = io.StringIO()
    seconds = iter(range(100))
    progress = build_progress(Console(file=screen, force_terminal=True, width=120))
    progress.get_time = lambda: float(next(seconds))
    task = progress.add_task("texts.txt", total=1000)
    progress.advance(task, 100)
    progress.advance(task, 100)
    progress.console.print(progress)
    shown = screen.getvalue()
    assert "texts.txt" in shown
    assert "200/1000" in shown
    assert "100/s" in shown
    assert "0:00:08" in shown


def test_has_no_rate_before_the_first_text() -> None:
    screen = io.StringIO()
    progress = build_progress(Console(file=screen, width=120))
    progress.add_task("texts.txt", total=1000)
    progress.console.print(progress)
    assert "/s" not in screen.getvalue()

"""docs/errors.md."""

from embedding_service.api.error_pages import render_page
from embedding_service.api.problems import TABLE


def test_every_code_has_one_line() -> None:
    page = render_page()
    for kind, row in TABLE.items():
        [line] = [line for line in page.splitlines() if line.startswith(f"| `{kind.code}` |")]
        assert f"| {row.status} |" in line
        assert not line.endswith("|  |")


def test_statuses_under_v1_are_openais() -> None:
    [line] = [line for line in render_page().splitlines() if "`text_too_long`" in line]
    assert line.startswith("| `text_too_long` | 422 | 400 | Validation |")

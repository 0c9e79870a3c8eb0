"""Writes the pages that are made from code; tests/contract fails while one is stale."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.serving import book as books
from benchmarks.serving.report.page import render as render_benchmarks
from benchmarks.serving.report.performance import insert_ablation
from chart.readme_file import render_readme
from chart.schema_file import render_schema
from chart.values_file import render_values
from dashboards.grafana import render_board
from dashboards.index_board import INDEXES as INDEX_BOARD
from dashboards.operator_board import OPERATOR
from dashboards.tier_board import TIER
from embedding_operator.names import INDEXES, SNAPSHOTS
from embedding_operator.resources.definition_files import render_definition
from embedding_service.api.document import render_document
from embedding_service.api.error_pages import render_page as render_errors_page
from embedding_service.telemetry.metrics_page import render_metrics_page
from operator_metrics_page import render_operator_metrics_page
from operator_pages import render_conditions_page
from settings_pages import render_env_example, render_settings_page

ROOT = Path(__file__).resolve().parent.parent


def render_benchmarks_page() -> str:
    """Of what was measured last."""
    return render_benchmarks(books.load(ROOT / "docs/benchmarks.json"))


def render_performance_page() -> str:
    """As it is, with what was measured last of each lever."""
    page = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
    return insert_ablation(page, books.load(ROOT / "docs/benchmarks.json"))


PAGES: Mapping[str, Callable[[], str]] = {
    ".env.example": render_env_example,
    "charts/gpu-embedding/README.md": render_readme,
    "charts/gpu-embedding/files/crds/embeddingindexes.yaml": partial(render_definition, INDEXES),
    "charts/gpu-embedding/files/crds/embeddingindexsnapshots.yaml": partial(
        render_definition, SNAPSHOTS
    ),
    "charts/gpu-embedding/values.schema.json": render_schema,
    "charts/gpu-embedding/values.yaml": render_values,
    "charts/gpu-embedding/files/dashboards/indexes.json": partial(render_board, INDEX_BOARD),
    "charts/gpu-embedding/files/dashboards/operator.json": partial(render_board, OPERATOR),
    "charts/gpu-embedding/files/dashboards/tier.json": partial(render_board, TIER),
    "crds/embeddingindexes.yaml": partial(render_definition, INDEXES),
    "crds/embeddingindexsnapshots.yaml": partial(render_definition, SNAPSHOTS),
    "docs/benchmarks.md": render_benchmarks_page,
    "docs/conditions.md": render_conditions_page,
    "docs/errors.md": render_errors_page,
    "docs/metrics.md": render_metrics_page,
    "docs/openapi.json": render_document,
    "docs/operator-metrics.md": render_operator_metrics_page,
    "docs/performance.md": render_performance_page,
    "docs/settings.md": render_settings_page,
}
"""Path in the checkout to the function that returns the file's whole text."""


def main() -> None:
    """Write every page that is not as it should be, and say which."""
    for name, render in PAGES.items():
        path, text = ROOT / name, render()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"==> {name} is written")


if __name__ == "__main__":
    main()

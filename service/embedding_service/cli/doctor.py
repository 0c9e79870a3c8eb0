"""`gpu-embedding doctor`: what keeps the service from serving, or from serving fast."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from embedding_service.cli.checks import cache, configuration, cuda, driver, host, port
from embedding_service.cli.checks.finding import Finding, Level
from embedding_service.inference.cores import usable_cores
from embedding_service.inference.loading import count_workers
from embedding_service.settings import Settings

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILED: "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")] = False,
) -> None:
    """Look at driver, CUDA, memory, models, port and settings, and say what to do.

    Exits with 1 if something keeps the service from serving.
    """
    with Console(stderr=True).status("Looking around; importing torch may take a while"):
        findings = list(_examine())
    if as_json:
        rows = [{**asdict(finding), "level": finding.level.value} for finding in findings]
        typer.echo(json.dumps(rows, indent=2))
    else:
        Console().print(_tabulate(findings))
    if any(finding.level is Level.FAILED for finding in findings):
        raise typer.Exit(1)


def _examine() -> Iterator[Finding]:
    settings, finding = configuration.check_settings()
    yield finding
    if settings is None:
        return
    yield configuration.check_keys(settings)
    yield from _examine_device(settings)
    yield host.judge_cores(usable_cores(), count_workers(settings) * (settings.worker_threads or 1))
    yield host.judge_memory(host.read_memory())
    yield cache.check_cache()
    hub = cache.ask_hub()
    yield cache.judge_hub(hub)
    yield cache.check_model(settings.references[0], hub)
    yield port.check_port(settings)


def _examine_device(settings: Settings) -> Iterator[Finding]:
    seen = driver.ask_driver()
    yield driver.judge_driver(seen, settings)
    torch = cuda.ask_torch()
    yield cuda.judge_torch(torch)
    yield cuda.judge_cuda(torch, seen, settings)
    memory = cuda.judge_memory(torch)
    if memory is not None:
        yield memory


def _tabulate(findings: Iterable[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        level = Text(finding.level.value, _STYLES[finding.level])
        # As Text: a message may hold brackets that rich would take for markup.
        told = Text(finding.message)
        if finding.advice:
            told.append(f"\n{finding.advice}", "italic")
        table.add_row(level, finding.subject, told)
    return table

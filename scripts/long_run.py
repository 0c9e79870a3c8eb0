"""`make test-long`: runs each test marked `long` by itself and writes docs/test-long.md.

`make test-cluster-all` does the same with those marked `cluster`, inside the cluster's network. The
many quick tests of one server, a folder in `wholes`, are one part.

A part that passed leaves its result in the cache folder, under a digest of what was tested, and is
not run again until that changes: an interrupted run goes on where it was. Figures are what a test
hands to pytest's `record_property`.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
TESTED = (
    "Dockerfile",
    "kind-config.yaml",
    "scripts",
    "service",
    "operator",
    "crds",
    "charts",
    "tests",
    "examples",
    "requirements",
    "pyproject.toml",
)


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of one mark; `make NAME` runs them."""

    name: str
    title: str
    mark: str
    minutes: int
    """For all parts together; what is left at the end fails rather than overruns."""
    wholes: tuple[str, ...] = ()
    """Folders whose tests are one part together."""

    @property
    def report(self) -> Path:
        """The page that tells of them."""
        return ROOT / "docs" / f"{self.name}.md"


LONG = Suite("test-long", "The long tests", "long", 90)
CLUSTER = Suite(
    "test-cluster-all", "The tests on a cluster", "cluster", 150, wholes=("tests/api_server",)
)


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one part. `outcome` is passed, failed or skipped; figures are in its order."""

    name: str
    outcome: str
    seconds: float
    finished: str
    figures: dict[str, str]


def main(suite: Suite, cache: Path) -> int:
    """Run what has not passed yet. Returns the exit status."""
    store = cache / suite.name / digest(ROOT, TESTED)
    store.mkdir(parents=True, exist_ok=True)
    names = collect(suite)
    deadline = time.monotonic() + suite.minutes * 60
    parts = {part.name: part for name in names if (part := load(store, name))}
    print(f"==> {len(names)} tests, {len(parts)} done before; up to {suite.minutes} minutes")
    for name in names:
        if name not in parts:
            print(f"==> {name}", flush=True)
            parts[name] = run(suite, name, deadline - time.monotonic(), store / "junit.xml")
            save(store, parts[name])
        suite.report.write_text(render(suite, names, parts), encoding="utf-8")
    outcomes = [part.outcome for part in parts.values()]
    print(f"==> {suite.report.relative_to(ROOT)} is written")
    print(f"{outcomes.count('passed')} passed, {outcomes.count('failed')} failed")
    return int("failed" in outcomes or not names)


def collect(suite: Suite, *where: str) -> list[str]:
    """Return the parts of a suite, all of them unless told where, in their order.

    A part is the node id of a test, or a folder.
    """
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", suite.mark]
    done = subprocess.run(
        [*command, "-p", "no:randomly", *where],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the tests cannot be collected:\n{done.stdout}{done.stderr}")
    tests = [line for line in done.stdout.splitlines() if "::" in line]
    return list(dict.fromkeys(_find_part(suite, name) for name in tests))


def _find_part(suite: Suite, test: str) -> str:
    return next((folder for folder in suite.wholes if test.startswith(f"{folder}/")), test)


def run(suite: Suite, name: str, seconds: float, junit: Path) -> Part:
    """Run one part in a process of its own, its output on ours."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-q", "-m", suite.mark]
    timeout = max(1, round(seconds))
    done = subprocess.run(
        [
            *command,
            f"--junit-xml={junit}",
            *("-o", "junit_family=xunit1"),  # the later form has no place for a test's figures
            *("-o", f"timeout={timeout}"),
            name,
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    root = ET.parse(junit).getroot()  # noqa: S314  pytest's own file
    cases = list(root.iter("testcase"))
    is_skipped = bool(cases) and all(case.find("skipped") is not None for case in cases)
    outcome = "failed" if done.returncode else "skipped" if is_skipped else "passed"
    found = [each for case in cases for each in case.iter("property")]
    figures = {item.attrib["name"]: item.attrib["value"] for item in found}
    finished = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Part(name, outcome, round(time.monotonic() - started, 1), finished, figures)


def render(suite: Suite, names: Sequence[str], parts: dict[str, Part]) -> str:
    """Return the whole text of the suite's page."""
    lines = [
        f"# {suite.title}",
        "",
        f"<!-- Written by `make {suite.name}`. -->",
        "",
        *_describe_machine(),
        "",
        "| test | outcome | minutes | finished |",
        "|---|---|---|---|",
    ]
    for name in names:
        part = parts.get(name)
        cells = (part.outcome, f"{part.seconds / 60:.1f}", part.finished) if part else ("not run",)
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    for part in parts.values():
        if part.figures:
            lines += [
                "",
                f"## {part.name.rpartition('::')[2]}",
                "",
                "| figure | value |",
                "|---|---|",
            ]
            lines += [f"| {key} | {value} |" for key, value in part.figures.items()]
    return "\n".join(lines) + "\n"


def _ask_git(*words: str) -> str:
    """What git says, or nothing where it has nothing to say."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _describe_machine() -> Iterator[str]:
    commit = _ask_git("describe", "--always")
    # The report itself is being written, and is none of what is tested.
    if _ask_git("status", "--porcelain", "--", *TESTED):
        commit += "-dirty"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"- Date: {datetime.now(UTC):%Y-%m-%d}; commit: {commit or 'unknown'}"
    yield (
        f"- Machine: {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, torch {version('torch')}, "
        f"sentence-transformers {version('sentence-transformers')}"
    )


def digest(root: Path, names: Sequence[str]) -> str:
    """Identify the content of files and folders under `root`, whatever git says of them."""
    total = hashlib.sha256()
    for name in names:
        for path in sorted([root / name, *(root / name).rglob("*")]):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(f"{path.relative_to(root)}\0".encode())
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def load(store: Path, name: str) -> Part | None:
    """Return the result of a part that passed before."""
    path = _path(store, name)
    part = Part(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
    return part if part and part.outcome == "passed" else None


def save(store: Path, part: Part) -> None:
    """Leave a part's result for the next run."""
    _path(store, part.name).write_text(json.dumps(asdict(part), indent=1), encoding="utf-8")


def _path(store: Path, name: str) -> Path:
    return store / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"


if __name__ == "__main__":
    chosen = CLUSTER if CLUSTER.name in sys.argv[2:] else LONG
    sys.exit(main(chosen, Path(sys.argv[1])))

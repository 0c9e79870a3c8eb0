"""Programs built from Go modules, kept by a digest of what they are built from."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.commands import last_line
from tests.cluster.disks import require_room
from tests.cluster.failures import ClusterFailure
from tests.cluster.sites import Site
from tests.cluster.steps import step

SOURCES = Path(__file__).resolve().parent / "programs"
GO = (1, 26)
"""The oldest Go that builds them."""
KEPT = 30 * 24 * 3600
"""Seconds for which a program that nobody asks for is kept."""
FLAGS = ("-trimpath", "-buildvcs=false")
GIGABYTES = 8
"""What Go's module and build caches and the programs take, the first time."""


@dataclass(frozen=True, slots=True)
class Program:
    """`package`, built in `module`, a folder of `programs/`, with `modfile` as its go.mod."""

    name: str
    module: str
    package: str
    modfile: str = "go.mod"
    linking: str = ""
    """More for the linker: version numbers."""
    tags: str = ""


OPERATOR = "github.com/prometheus-operator/prometheus-operator"
PACK = Program("pack", "tools", "./pack")
TOOLS = (
    PACK,
    *(
        Program(name, "tools", f"./{name}")
        for name in ("init", "registry", "gpus", "volumes", "policy")
    ),
)
COREDNS = Program("coredns", "tools", "./coredns")
PROMETHEUS = (
    Program("prometheus", "prometheus", "github.com/prometheus/prometheus/cmd/prometheus"),
    Program("prometheus-operator", "prometheus-operator", f"{OPERATOR}/cmd/operator"),
    Program(
        "prometheus-config-reloader",
        "prometheus-operator",
        f"{OPERATOR}/cmd/prometheus-config-reloader",
    ),
)
PROMTOOL = Program("promtool", "prometheus", "github.com/prometheus/prometheus/cmd/promtool")
KIND = Program("kind", "kind", "sigs.k8s.io/kind")
METRICS = (
    Program("metrics-server", "metrics", "sigs.k8s.io/metrics-server/cmd/metrics-server"),
    Program("custom-metrics", "metrics", "./custom"),
)


def kubernetes(version: str) -> Program:
    """Kubernetes and etcd of one version. Raises ClusterFailure without a module file for it."""
    minor = version.rpartition(".")[0]
    default = (SOURCES / "kubernetes" / "go.mod").read_text(encoding="utf-8")
    modfile = "go.mod" if f"k8s.io/kubernetes v{version}\n" in default else f"go-{minor}.mod"
    if not (SOURCES / "kubernetes" / modfile).is_file():
        raise ClusterFailure(
            f"there is no Kubernetes {version} here", "unset KUBERNETES_VERSION, or say 1.33"
        )
    major, _, lesser = minor.partition(".")
    at = "-X k8s.io/component-base/version.git"
    return Program(
        "kubernetes",
        "kubernetes",
        ".",
        modfile,
        linking=f"{at}Version=v{version} {at}Major={major} {at}Minor={lesser}",
        tags=f"kubernetes_{minor.replace('.', '_')}",
    )


def build(site: Site, *programs: Program) -> dict[str, Path]:
    """Each program by its name, built unless it is there."""
    return {program.name: build_one(site, program) for program in programs}


def build_one(site: Site, program: Program) -> Path:
    target = site.cache / "bin" / f"{program.name}-{digest(program)}"
    if target.exists():
        target.touch()  # it is in use, see `prune`
        return target
    go = find_go()
    require_room(site.cache, GIGABYTES, "a first build of programs")
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(f".{os.getpid()}")
    with step(f"building {program.name} from its Go modules, the first time only"):
        command = [
            go,
            "build",
            *FLAGS,
            f"-tags={program.tags}",
            f"-modfile={program.modfile}",
            "-o",
            str(half),
        ]
        command += ["-ldflags", f"-s -w {program.linking}".strip(), program.package]
        built = subprocess.run(
            command,
            cwd=SOURCES / program.module,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    if built.returncode:
        half.unlink(missing_ok=True)
        raise ClusterFailure(
            f"{program.name} does not build: {last_line(built.stderr)}",
            f"run it by hand: cd {SOURCES / program.module} && go build {program.package}",
        )
    half.rename(target)
    prune(target.parent)
    return target


def prune(folder: Path) -> None:
    """Remove what no checkout has used for a month, and what killed builds left."""
    for file in folder.iterdir():
        if time.time() - file.stat().st_mtime > KEPT:
            file.unlink(missing_ok=True)


def test() -> None:
    """Run the tests of our own programs. Raises ClusterFailure."""
    with step("testing the cluster's own programs"):
        done = subprocess.run(
            [find_go(), "test", *FLAGS, "./..."],
            cwd=SOURCES / "tools",
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise ClusterFailure(done.stdout + done.stderr, f"cd {SOURCES / 'tools'} && go test ./...")


def environment() -> dict[str, str]:
    """Static, so that they run in images from scratch; a user's own flags would build others."""
    return os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}


def digest(program: Program) -> str:
    """Of everything in its folder that a build reads."""
    folder = SOURCES / program.module
    own = folder / program.package if program.package.startswith("./") else folder
    code = sorted(set(own.glob("*.go")) - set(own.glob("*_test.go")))
    modfile = folder / program.modfile
    return digest_of(modfile, modfile.with_suffix(".sum"), *code, salt=repr(program))


def digest_of(*files: Path, salt: str = "") -> str:
    """Twelve hexadecimal digits for what is in these files."""
    total = hashlib.sha256(salt.encode())
    for name in files:
        total.update(name.read_bytes())
    return total.hexdigest()[:12]


def find_go() -> str:
    """The Go of this machine. Raises ClusterFailure when there is none that is new enough."""
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    wanted = f"{GO[0]}.{GO[1]}"
    if go is None:
        raise ClusterFailure(
            "Go is not on the PATH", f"install Go {wanted} or newer: https://go.dev/dl/"
        )
    said = json.loads(subprocess.run([go, "env", "-json"], capture_output=True, check=True).stdout)[
        "GOVERSION"
    ]
    if tuple(map(int, re.findall(r"\d+", said)[:2])) < GO:
        raise ClusterFailure(
            f"{said} is too old", f"install Go {wanted} or newer: https://go.dev/dl/"
        )
    return go

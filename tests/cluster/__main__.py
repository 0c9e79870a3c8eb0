"""The verbs of the test cluster: `python -m tests.cluster up`, which `make cluster-up` calls."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Annotated

import typer

from tests.chart.tools import HELM, find_helm
from tests.cluster import addons, images, programs, sboms
from tests.cluster.choice import which
from tests.cluster.clusters import Cluster
from tests.cluster.existing import ExistingCluster
from tests.cluster.failures import ClusterFailure
from tests.cluster.faults import Faults
from tests.cluster.images import Image
from tests.cluster.kinds import KindCluster
from tests.cluster.local import LocalCluster
from tests.cluster.sites import KUBERNETES, ROOT, Site, this_site
from tests.cluster.steps import say

verbs = typer.Typer(
    no_args_is_help=True, add_completion=False, help="A real Kubernetes to test on."
)
LONG_FORMS = {"OPERATOR_LIVES": "1000", "STEADY_SECONDS": "300", "CHANGES": "10"}
"""How long some tests go on in `make test-cluster-all`."""
TEST_ADD_ONS = ("traefik", "postgres", "s3")


def choose(site: Site) -> Cluster:
    """The cluster of this checkout. Raises ClusterFailure for a kind there is not."""
    kinds = {"existing": ExistingCluster, "kind": KindCluster, "local": LocalCluster}
    if (kind := which()) not in kinds:
        raise ClusterFailure(f"TEST_CLUSTER={kind} is none of {', '.join(kinds)}", "unset it")
    cluster: Cluster = kinds[kind](site)
    return cluster


@verbs.command()
def up(add_ons: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Bring it up, unless it is up, with these add-ons."""
    site = this_site()
    cluster = choose(site)
    cluster.up()
    for name in add_ons or ():
        addons.install(cluster, site, name)


@verbs.command()
def down() -> None:
    """Take it down and leave nothing behind."""
    choose(this_site()).down()


@verbs.command()
def status() -> None:
    """Say how it is."""
    say(choose(this_site()).status())


@verbs.command("images")
def build_images(targets: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Build the images, with their SBOMs; put them where nodes find them, if any are up."""
    site = this_site()
    cluster = choose(site)
    for image in images.IMAGES:
        if not targets or image.target in targets:
            build_image(cluster, image)
            sboms.write(site, image)
    for image in images.other_releases(site):
        if cluster.status() == "up" and image.target in (targets or ()):
            build_image(cluster, image)


def build_image(cluster: Cluster, image: Image) -> None:
    """Build one, and where the cluster is up, note what its pods call it."""
    images.build(cluster.site, image)
    if cluster.status() == "up":
        file = cluster.site.state / "images.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        known[image.target] = cluster.publish(image)
        file.write_text(json.dumps(known, indent=1), encoding="utf-8")


@verbs.command(context_settings={"ignore_unknown_options": True})
def shell(command: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Run a command, or a shell, in the cluster's network, with kubectl set up."""
    cluster = choose(this_site())
    words = [*cluster.enter(), *(command or [os.environ.get("SHELL", "sh")])]
    os.execvpe(words[0], words, os.environ | environment(cluster))  # noqa: S606


@verbs.command("fault", context_settings={"ignore_unknown_options": True})
def break_something(
    fault: Annotated[str, typer.Argument(help="kubelet, etcd, api-server, cut, slow, pod")],
    what: Annotated[str, typer.Argument(help="NODE, or NAMESPACE/POD")] = "node2",
    seconds: Annotated[float, typer.Option(help="How long; it heals sooner on Ctrl-C.")] = 3600,
) -> None:
    """Break something of the local cluster, and heal it in the end."""
    cluster = choose(this_site())
    if not isinstance(cluster, LocalCluster):
        raise ClusterFailure(
            "only the local cluster's machines can be broken", "TEST_CLUSTER=local"
        )
    faults = Faults(cluster)
    known: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "kubelet": lambda: faults.stopped_kubelet(what),
        "etcd": faults.stopped_etcd,
        "api-server": faults.stopped_api_server,
        "cut": lambda: faults.cut_link(what),
        "pod": lambda: faults.killed_pod(*what.rpartition("/")[::2]),
        "slow": lambda: faults.slow_link(what),
    }
    if fault not in known:
        raise ClusterFailure(f"there is no fault {fault!r}", f"choose of {', '.join(known)}")
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    with known[fault]():
        say(f"{fault} is broken, for {seconds:.0f} s or until Ctrl-C")
        with suppress(KeyboardInterrupt):
            time.sleep(seconds)
        say("healing")


@verbs.command("test")
def run_tests(
    everything: Annotated[
        bool, typer.Option("--all", help="Each test by itself, resumable.")
    ] = False,
) -> None:
    """Bring it up with what tests want, and run them."""
    if os.environ.get("SKIP_CLUSTER") == "1":
        say("SKIP_CLUSTER=1: what needs a cluster is not tested.")
        return
    cluster = choose(this_site())
    cluster.up()
    if cluster.kind != "existing":  # whose add-ons are its keeper's
        programs.test()
        build_programs(cluster.site, everything=everything)
        for name in addons.ADD_ONS if everything else TEST_ADD_ONS:
            addons.install(cluster, cluster.site, name)
    for image in (*images.IMAGES, *images.other_releases(cluster.site)):
        build_image(cluster, image)
    shutil.rmtree(evidence(cluster), ignore_errors=True)
    if everything:
        command = ["scripts/long_run.py", str(cluster.site.cache.parent), "test-cluster-all"]
    else:
        left = ("monitoring", "other_kubernetes", "other_helm", "bad_day")
        chosen = " and not ".join(("cluster", *left))
        if cluster.kind != "local":
            chosen += " and not node_faults"
        slow = ("--durations=0", "--durations-min=1")
        command = ["-m", "pytest", "-m", chosen, *slow, "tests/api_server", "tests/e2e"]
    words = [*cluster.enter(), sys.executable, *command]
    known = environment(cluster) | (LONG_FORMS if everything else {})
    ran = subprocess.run(words, cwd=ROOT, env=os.environ | known, check=False)
    raise typer.Exit(ran.returncode)


def build_programs(site: Site, *, everything: bool) -> None:
    """Have what tests run themselves: from inside the cluster's network, nothing can be had."""
    programs.build(site, programs.KIND)
    for version in KUBERNETES.values():
        if everything or version == site.kubernetes:
            programs.build_one(site, programs.kubernetes(version))
    for known in HELM:
        find_helm(known)


def evidence(cluster: Cluster) -> Path:
    """Where failed tests leave what they saw."""
    return cluster.site.cache / "evidence" / cluster.site.name


def environment(cluster: Cluster) -> dict[str, str]:
    """What a command in the cluster's network finds there."""
    known = {
        "KUBECONFIG": str(cluster.kubeconfig),
        "PATH": f"{cluster.site.state / 'bin'}:{os.environ['PATH']}",
        "TEST_EVIDENCE": str(evidence(cluster)),
        "TEST_INGRESS": cluster.ingress,
    }
    if (file := cluster.site.state / "images.json").exists():
        known["TEST_IMAGES"] = file.read_text(encoding="utf-8")
    return known


def main() -> int:
    """Run a verb. A failure is its cause and its remedy, without a traceback."""
    try:
        result = verbs(standalone_mode=False)
    except ClusterFailure as failure:
        sys.stderr.write(f"{failure}\n")
    except typer.Abort:
        sys.stderr.write("interrupted: the next make cluster-up heals what is half done\n")
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip() or f"it ended with {error.returncode}"
        sys.stderr.write(f"{' '.join(error.cmd)}: {said}\n    make cluster-status\n")
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{error}\n    make cluster-status; df\n")
    else:
        return int(result or 0)
    return 1


if __name__ == "__main__":
    sys.exit(main())

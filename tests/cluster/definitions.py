"""Custom resource definitions of others, out of the Go modules that they come with."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.commands import last_line
from tests.cluster.failures import ClusterFailure
from tests.cluster.programs import SOURCES, digest_of, environment, find_go
from tests.cluster.sites import Site


@dataclass(frozen=True, slots=True)
class Definitions:
    """Those in `folder` of the Go module `source`, whose version `module` (of `programs/`) pins."""

    module: str
    source: str
    folder: str


GATEWAY = Definitions("gateway", "sigs.k8s.io/gateway-api", "config/crd/standard")
PROMETHEUS = Definitions(
    "prometheus-operator",
    "github.com/prometheus-operator/prometheus-operator",
    "example/prometheus-operator-crd",
)


def read(site: Site, definitions: Definitions) -> str:
    """As one text of YAML, kept from before where it can be."""
    folder = SOURCES / definitions.module
    kept = site.cache / "definitions" / f"{definitions.module}-{digest_of(folder / 'go.sum')}.yaml"
    if not kept.exists():
        texts = [
            path.read_text(encoding="utf-8") for path in sorted(find(definitions).glob("*.yaml"))
        ]
        chosen = [text for text in texts if "\nkind: CustomResourceDefinition\n" in text]
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(f".{os.getpid()}")
        half.write_text("\n---\n".join(chosen), encoding="utf-8")
        half.rename(kept)
    return kept.read_text(encoding="utf-8")


def find(definitions: Definitions) -> Path:
    """The folder."""
    ask(definitions, "mod", "download", definitions.source)
    return (
        Path(ask(definitions, "list", "-m", "-f", "{{.Dir}}", definitions.source))
        / definitions.folder
    )


def ask(definitions: Definitions, *words: str) -> str:
    """What Go says of the module. Raises ClusterFailure where it cannot be had."""
    folder = SOURCES / definitions.module
    done = subprocess.run(
        [find_go(), *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClusterFailure(
            f"the Go module {definitions.source} cannot be had: {last_line(done.stderr)}",
            f"cd {folder} && go mod download {definitions.source}",
        )
    return done.stdout.strip()

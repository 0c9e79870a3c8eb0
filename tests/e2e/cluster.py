"""What a test on a cluster is given: a namespace of its own, and ways to look into it."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.cluster.kubectl import Kubectl
from waiting import wait_until

Manifest = Mapping[str, Any]
SECONDS = 120.0
"""How long a pod may take to start, an image of gigabytes not counted."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """`name` is of one test alone, and goes away with it."""

    name: str
    kubectl: Kubectl

    def apply(self, *manifests: Manifest) -> None:
        self.kubectl.apply(
            json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}),
            f"--namespace={self.name}",
        )

    def run(self, *words: str, given: str | None = None, seconds: float = 60) -> str:
        return self.kubectl(f"--namespace={self.name}", *words, given=given, seconds=seconds)

    def get(self, *words: str) -> Any:
        return self.kubectl.get(*words, f"--namespace={self.name}")

    def pods(self, selector: str) -> Sequence[Mapping[str, Any]]:
        """Those that nobody has told to end."""
        found = self.get("pods", f"--selector={selector}")["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def wait_for(self, condition: str, what: str, seconds: float = SECONDS) -> None:
        """Wait for a condition of a resource, such as `Ready`, or `jsonpath=…`, to be so."""
        known = condition if "=" in condition else f"condition={condition}"
        self.run("wait", f"--for={known}", what, f"--timeout={seconds:.0f}s", seconds=seconds + 30)

    def roll_out(self, workload: str, seconds: float = SECONDS) -> None:
        """Wait until all replicas of a workload are ready."""
        self.run("rollout", "status", workload, f"--timeout={seconds:.0f}s", seconds=seconds + 30)

    def execute(self, pod: str, *command: str) -> str:
        return self.run("exec", pod, "--", *command)

    @contextmanager
    def http(self, target: str, port: int) -> Iterator[httpx.Client]:
        """A client of a pod or a service (`service/NAME`), through the API server."""
        command = [
            *self.kubectl.command,
            f"--namespace={self.name}",
            "port-forward",
            target,
            f":{port}",
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as forward:
            try:
                assert forward.stdout is not None
                said = forward.stdout.readline()  # Forwarding from 127.0.0.1:40000 -> 8001
                assert said.startswith("Forwarding from"), said + forward.stdout.read()
                address = said.split()[2]
                with httpx.Client(base_url=f"http://{address}", timeout=30) as client:
                    yield client
            finally:
                forward.terminate()

    def evidence(self) -> Iterator[tuple[str, str]]:
        """Name and content of each thing that may tell why a test failed."""
        kinds = "all,configmap,ingress,networkpolicy,persistentvolumeclaim,event"
        for name, words in {
            "objects.yaml": ("get", kinds, "--output=yaml"),
            "indexes.yaml": ("get", "embeddings", "--output=yaml"),
            "events.txt": ("get", "events", "--sort-by=.lastTimestamp"),
            "pods.txt": ("describe", "pods"),
            "everywhere.txt": ("get", "pods,events", "--all-namespaces", "--output=wide"),
        }.items():
            yield name, self.say(*words)
        for pod in self.say("get", "pods", "--output=name").split():
            for which in ("", "--previous"):
                log = self.say("logs", pod, "--all-containers", "--prefix", *filter(None, [which]))
                yield f"{pod.replace('/', '-')}{which}.log", log

    def say(self, *words: str) -> str:
        """What is printed, whatever the outcome."""
        command = [*self.kubectl.command, f"--namespace={self.name}", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout + done.stderr


@contextmanager
def new_namespace(kubectl: Kubectl) -> Iterator[Namespace]:
    name = f"t-{uuid4().hex[:10]}"
    kubectl("create", "namespace", name)
    # Else the first pods are refused for want of an account to run as.
    kubectl(
        "wait", "--for=create", "serviceaccount/default", f"--namespace={name}", "--timeout=30s"
    )
    try:
        yield Namespace(name, kubectl)
    finally:
        if os.environ.get("KEEP_NAMESPACES") != "1":
            kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def image(target: str) -> str:
    """What pods call one of the product's images. Set by `make test-cluster`."""
    known: dict[str, str] = json.loads(os.environ["TEST_IMAGES"])
    return known[target]


def wait_for_answer(http: httpx.Client, path: str, seconds: float = SECONDS) -> None:
    """Wait until a path answers 200."""

    def answers() -> bool:
        try:
            return http.get(path).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    wait_until(answers, seconds, f"{path} answers")

"""A new release and the old one serve one database, and the old one is gone back to."""

from contextlib import ExitStack

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace, image
from tests.e2e.documents import TEXTS, add, list_ids
from tests.e2e.installation import build_index, wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.releases import Release, find_image
from tests.e2e.stores import build_secrets, build_storage, new_database
from tests.e2e.traffic import Traffic, traffic
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

NAMES = ("first", "second")
REQUESTS = 500
"""That are answered while both releases serve."""


def test_two_releases_serve_one_database_and_the_older_is_gone_back_to(
    namespace: Namespace, release: Release, kubectl: Kubectl
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    for name in NAMES:
        namespace.apply(build_index(name, replicas=2, **build_storage()))
    for name in NAMES:
        wait_for_condition(namespace, name, "Ready")
        with namespace.http(f"service/{name}", PORT) as http:
            add(http, name, TEXTS)
    pause(namespace, "second", "true")
    with ExitStack() as stack:
        clients = {name: stack.enter_context(traffic(namespace, name)) for name in NAMES}
        with release.changed({"defaults.images.index": find_image("next")}):
            wait_for_image(namespace, "first", "next")
            assert find_images(namespace, "second") == {image("index")}
            for each in clients.values():
                wait_for_answers(each)
            # A pod of the old release starts again on what the new one has made of the database.
            namespace.run("delete", "pod", next(iter(find_pods(namespace, "second"))))
            wait_for_condition(namespace, "second", "Ready")
            pause(namespace, "second", "false")
            wait_for_image(namespace, "second", "next")
        for name in NAMES:
            wait_for_image(namespace, name, "index")
        told = {name: each.stop() for name, each in clients.items()}
    for name in NAMES:
        assert told[name].failures == {}, told[name].examples
        with namespace.http(f"service/{name}", PORT) as http:
            assert list_ids(http, name) == {*told[name].ids, *TEXTS}


def pause(namespace: Namespace, name: str, word: str) -> None:
    change = f'{{"spec": {{"paused": {word}}}}}'
    namespace.run("patch", "embeddingindex", name, "--type=merge", f"--patch={change}")


def find_pods(namespace: Namespace, name: str) -> dict[str, str]:
    """Names of an index's pods, and their images."""
    pods = namespace.pods(f"gpu-embedding.io/index={name}")
    return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in pods}


def find_images(namespace: Namespace, name: str) -> set[str]:
    return set(find_pods(namespace, name).values())


def wait_for_image(namespace: Namespace, name: str, target: str) -> None:
    """Wait until all pods of an index have an image, and serve."""
    wanted = {image(target)}
    wait_until(lambda: find_images(namespace, name) == wanted, 180, f"{name} has {target}")
    wait_for_condition(namespace, name, "Progressing", "False", "UpToDate")
    wait_for_condition(namespace, name, "Ready")


def wait_for_answers(clients: Traffic, requests: int = REQUESTS) -> None:
    before = clients.tell().count
    wait_until(lambda: clients.tell().count > before + requests, 120, "people use it")

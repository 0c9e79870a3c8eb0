"""Secrets that come late, or change while people use what they open."""

from collections.abc import Callable
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.installation import (
    build_index,
    find_pods,
    read_condition,
    wait_for_condition,
)
from tests.e2e.manifests import PORT
from tests.e2e.releases import Release
from tests.e2e.stores import build_secret, build_secrets, build_storage, new_database, query
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

SYNC = 150.0
"""Seconds in which a kubelet brings a changed Secret to its pods: a minute and a half at most."""

HANG_UP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'role_%'"
"""Else what was let in with the old password stays."""


def test_secrets_that_are_named_and_missing_are_waited_for(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl
) -> None:
    database, keys = build_secrets(new_database(kubectl))
    namespace.apply(build_index("docs", **build_storage()))
    for secret in (database, keys):
        told = wait_for_condition(namespace, "docs", "Degraded", "True", "SecretNotFound")
        assert "not found" in told["message"]
        assert read_condition(namespace, "docs", "Ready")["status"] == "False"
        namespace.apply(secret)
    check_serves(namespace)


def test_a_default_secret_is_waited_for_in_the_index_s_own_namespace(
    namespace: Namespace, release: Release, kubectl: Kubectl
) -> None:
    shared = {"type": "PostgreSQL", "secret": "shared-db"}
    with release.changed({"defaults.database": shared}):
        namespace.apply(build_index("docs"))
        told = wait_for_condition(namespace, "docs", "Degraded", "True", "SecretNotFound")
        assert "shared-db" in told["message"]
        namespace.apply(build_secret("shared-db", uri=new_database(kubectl)))
        check_serves(namespace)
    check_serves(namespace)  # by the defaults that it was accepted with


def check_serves(namespace: Namespace) -> None:
    """It is ready, and nobody has touched it."""
    wait_for_condition(namespace, "docs", "Ready", seconds=SYNC + 120)
    wait_for_condition(namespace, "docs", "Degraded", "False")
    assert namespace.get("embeddingindex", "docs")["metadata"]["generation"] == 1
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
        assert find(http, "docs") == "cat"


@pytest.mark.bad_day
def test_a_database_s_password_changes_and_its_secret_with_it(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl
) -> None:
    role = f"role_{uuid4().hex[:12]}"
    database = new_database(kubectl).rpartition("/")[2]
    _, keys = build_secrets("")

    def tell(password: str) -> None:
        uri = f"postgresql://{role}:{password}@postgres.add-ons:5432/{database}"
        namespace.apply(build_secret("products-db", uri=uri))

    query(
        kubectl,
        f"CREATE ROLE {role} LOGIN PASSWORD 'old'",
        f"ALTER DATABASE {database} OWNER TO {role}",
    )
    tell("old")
    namespace.apply(keys, build_index("docs", **build_storage()))
    wait_for_condition(namespace, "docs", "Ready")
    before = find_uids(namespace)
    with namespace.http("service/docs", PORT) as http:
        version = add(http, "docs", TEXTS)
        query(
            kubectl,
            f"ALTER ROLE {role} PASSWORD 'new'",
            HANG_UP,
        )
        told = wait_for_condition(namespace, "docs", "Ready", "False", "DatabaseUnavailable")
        assert "password" in told["message"]
        assert find(http, "docs") == "cat"
        tell("new")
        wait_for_condition(namespace, "docs", "Ready", seconds=SYNC)
        assert find(http, "docs", min_version=version) == "cat"
        add(http, "docs", {"dog": "A dog barks at the door"})
    assert find_uids(namespace) == before  # nobody was started anew


def find_uids(namespace: Namespace) -> dict[str, int]:
    """Of the pods of the index, with how often they were started again."""
    return {
        pod["metadata"]["uid"]: sum(each["restartCount"] for each in statuses)
        for pod in find_pods(namespace, "docs")
        if (statuses := pod["status"].get("containerStatuses", []))
    }


@pytest.mark.bad_day
def test_people_s_keys_change_and_nobody_else_is_cut_off(
    namespace: Namespace, operator: Namespace
) -> None:
    namespace.apply(build_keys(old="first", other="kept"))
    namespace.apply(build_index("docs", auth={"secret": {"name": "keys"}}))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:

        def ask(secret: str | None) -> int:
            headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
            return http.get("/api/v1/indexes/docs", headers=headers).status_code

        assert [ask("first"), ask("kept"), ask("second"), ask(None)] == [200, 200, 401, 401]
        namespace.apply(build_keys(old="first", new="second", other="kept"))
        wait_until(lambda: ask("second") == httpx.codes.OK, SYNC, "the new key is known")
        assert [ask("first"), ask("kept")] == [200, 200]
        namespace.apply(build_keys(new="second", other="kept"))
        wait_until(lambda: ask("first") == httpx.codes.UNAUTHORIZED, SYNC, "the old one is not")
        assert [ask("second"), ask("kept")] == [200, 200]
        check_bad_file(namespace, ask)


def check_bad_file(namespace: Namespace, ask: Callable[[str | None], int]) -> None:
    """A file that is none leaves keys as they are, and the log says so."""
    namespace.apply(build_secret("keys", **{"keys.toml": "none of ours"}))
    (pod,) = find_pods(namespace, "docs")
    name = pod["metadata"]["name"]

    def is_told() -> bool:
        ask("second")  # it is looked at while requests come
        return "keys.toml" in namespace.say("logs", name, "--since=3m")

    wait_until(is_told, SYNC, "the log tells of the bad file")
    assert [ask("second"), ask("kept"), ask("first")] == [200, 200, 401]


def build_keys(**secrets: str) -> dict[str, object]:
    """The Secret `keys`, of keys by name."""
    digests = {name: sha256(each.encode()).hexdigest() for name, each in secrets.items()}
    lines = [f'[keys.{name}]\nsha256 = "{digest}"' for name, digest in digests.items()]
    return build_secret("keys", **{"keys.toml": "\n".join(lines)})

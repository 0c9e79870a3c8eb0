"""An operator's account with the rights that the chart gives it, and what it did with them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.chart.in_process import render
from tests.cluster.api_servers import ApiServer
from tests.cluster.credentials import build_kubeconfig

ACCOUNT = "operator"
RELEASE = "gpu-embedding"
"""The operator's own default: the name of its Secret, which the rules have, is made of it."""
_HOME = "gpu-embedding"
"""Namespace of the operator, where no other is said."""
_MADE = 201


class Right(NamedTuple):
    """One verb on one resource."""

    group: str
    resource: str
    verb: str


@dataclass(frozen=True, slots=True)
class Account:
    """Who an operator is."""

    namespace: str
    kubeconfig: Path

    @property
    def user(self) -> str:
        """As audit logs have it."""
        return f"system:serviceaccount:{self.namespace}:{ACCOUNT}"


def lead(account: Account, url: str) -> Account:
    """The same one, that reaches the API server by another address."""
    known = json.loads(account.kubeconfig.read_text(encoding="utf-8"))
    known["clusters"][0]["cluster"] = {"server": url}
    kubeconfig = account.kubeconfig.with_name("led.kubeconfig")
    kubeconfig.write_text(json.dumps(known), encoding="utf-8")
    return Account(account.namespace, kubeconfig)


def install(
    server: ApiServer,
    folder: Path,
    namespace: str = _HOME,
    watched: Sequence[str] = (),
    without: Right | None = None,
) -> Account:
    """Make the account in `namespace`, with rights over everything; or over `watched` alone,
    which must be there, and without any ClusterRole. One right may be left out."""
    bodies = list(_build_account(namespace, watched or [None], without))
    server.kubectl.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies}))
    token = server.kubectl("create", "token", ACCOUNT, f"--namespace={namespace}").strip()
    authority = (server.folder / "credentials" / "authority.crt").read_bytes()
    kubeconfig = folder / "operator.kubeconfig"
    kubeconfig.write_text(json.dumps(build_kubeconfig(token, authority, server.url)))
    return Account(namespace, kubeconfig)


def _build_account(
    home: str, watched: Iterable[str | None], without: Right | None
) -> Iterator[Mapping[str, Any]]:
    metadata = {"name": ACCOUNT, "namespace": home}
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}}
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    yield from _grant(home, home, _read_rules("Role"), "keys")
    rules = list(_withhold(_read_rules("ClusterRole"), without))
    for namespace in watched:
        yield from _grant(home, namespace, rules, "indexes")


def _grant(
    home: str, namespace: str | None, rules: Sequence[Mapping[str, Any]], what: str
) -> Iterator[Mapping[str, Any]]:
    """Rights in one namespace, or in all."""
    group, scope = "rbac.authorization.k8s.io", "" if namespace else "Cluster"
    name = f"{ACCOUNT}-{what}-{home}"
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    head = {"apiVersion": f"{group}/v1", "metadata": metadata}
    yield {**head, "kind": f"{scope}Role", "rules": rules}
    yield {
        **head,
        "kind": f"{scope}RoleBinding",
        "roleRef": {"apiGroup": group, "kind": f"{scope}Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": home}],
    }


def _withhold(
    rules: Sequence[Mapping[str, Any]], without: Right | None
) -> Iterator[Mapping[str, Any]]:
    for rule in rules:
        withheld = without.verb if without and without.resource in rule["resources"] else None
        verbs = [each for each in rule["verbs"] if each != withheld]
        if verbs:
            yield {**rule, "verbs": verbs}


def list_given() -> set[Right]:
    """All that the rules give."""
    return {
        Right(group, resource, verb)
        for rule in (*_read_rules("Role"), *_read_rules("ClusterRole"))
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def list_used(server: ApiServer, account: Account) -> set[Right]:
    """What the account was allowed and did, by the audit log. To apply what is not there yet takes
    the right to create it too, which the log does not tell as a verb."""
    used = set()
    for entry in _list_entries(server, account):
        right = _read_right(entry)
        if right is not None and not _is_forbidden(entry):
            used.add(right)
            if right.verb == "patch" and entry.get("responseStatus", {}).get("code") == _MADE:
                used.add(right._replace(verb="create"))
    return used


def list_forbidden(server: ApiServer, account: Account, after: int = 0) -> list[str]:
    """What the account was not allowed, from a line of the audit log on."""
    return [
        f"{entry['verb']} {entry['requestURI']}"
        for entry in _list_entries(server, account, after)
        if _is_forbidden(entry)
    ]


def _list_entries(server: ApiServer, account: Account, after: int = 0) -> Iterator[dict[str, Any]]:
    for line in server.audit.read_text(encoding="utf-8").splitlines()[after:]:
        entry = json.loads(line)
        if entry["user"]["username"] == account.user:
            yield entry


def _read_right(entry: Mapping[str, Any]) -> Right | None:
    """None for paths that are no resource, such as those by which kinds are found."""
    there = entry.get("objectRef")
    if there is None:
        return None
    parts = filter(None, (there["resource"], there.get("subresource")))
    return Right(there.get("apiGroup", ""), "/".join(parts), entry["verb"])


def _is_forbidden(entry: Mapping[str, Any]) -> bool:
    is_refused: bool = entry.get("responseStatus", {}).get("code") == 403
    decision = entry.get("annotations", {}).get("authorization.k8s.io/decision")
    return is_refused or decision == "forbid"


@cache
def _read_rules(kind: str) -> list[dict[str, Any]]:
    """Of the chart's roles those that it binds: others are added to people's own."""
    manifests = render({}, RELEASE)
    bound = {body["roleRef"]["name"] for body in manifests if body["kind"] == f"{kind}Binding"}
    found = [body for body in manifests if body["kind"] == kind]
    return [rule for body in found if body["metadata"]["name"] in bound for rule in body["rules"]]

"""What indexes ask for that only one of them can have: paths on a host, names in a namespace."""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from embedding_operator.children.ingresses import list_paths
from embedding_operator.children.metadata import ALIAS, UID
from embedding_operator.names import INDEXES, INGRESSES, SERVICES
from embedding_operator.observe.cache import Cache, IndexKey
from embedding_operator.observe.observation import ChildKey, Claims
from embedding_operator.resources.exposure import Ingress
from embedding_operator.resources.objects import EmbeddingIndex, Manifest


def find_claims(index: EmbeddingIndex, cache: Cache) -> Claims:
    """What others have, and which aliases lead to this index by now."""
    there = [
        body
        for body in cache.within(INDEXES, index.meta.namespace)
        if body["metadata"]["uid"] != index.meta.uid
    ]
    neighbours = [body for body in there if _stays(body)]
    return Claims(
        paths=dict(_find_taken_paths(index, cache)),
        names=dict(_find_taken_names(index, neighbours)),
        aliases=tuple(
            alias
            for alias in index.spec.aliases or ()
            if _leads_here(index, alias, neighbours, cache)
        ),
        data=frozenset(_find_data(there)),
        wanted_elsewhere=frozenset(_find_wanted_elsewhere(neighbours)),
    )


def find_rivals(body: Manifest, cache: Cache) -> Iterator[IndexKey]:
    """Indexes that ask for an alias or a host of this one: its changes are news for them."""
    mine = body["metadata"]
    aliases, host = set(_aliases(body)), _host(body)
    if not aliases and host is None:
        return
    for other in cache.all(INDEXES):
        namespace, name = other["metadata"]["namespace"], other["metadata"]["name"]
        is_here = namespace == mine["namespace"]
        if (is_here and name == mine["name"]) or not _stays(other):
            continue
        shares_alias = is_here and not aliases.isdisjoint(_aliases(other))
        if shares_alias or (host is not None and host == _host(other)):
            yield namespace, name


def _find_taken_paths(index: EmbeddingIndex, cache: Cache) -> Iterator[tuple[str, str]]:
    """Of indexes of the same host in other namespaces: in one, a name is an index's alone."""
    ingress = index.spec.ingress
    if ingress is None:
        return
    mine = {path for name in _names(index) for path, _ in list_paths(ingress, name)}
    for other in cache.all(INDEXES):
        namespace, name = other["metadata"]["namespace"], other["metadata"]["name"]
        if _host(other) != ingress.host or namespace == index.meta.namespace:
            continue
        if not _stays(other) or _age(other) >= (index.meta.created, index.meta.uid):
            continue
        try:
            theirs = Ingress.model_validate(other["spec"]["ingress"])
        except ValidationError:  # it cannot be read, and has no Ingress
            continue
        for each in (name, *_aliases(other)):
            for path, _ in list_paths(theirs, each):
                if path in mine:
                    yield path, f"{namespace}/{name}"


def _find_taken_names(
    index: EmbeddingIndex, neighbours: list[Manifest]
) -> Iterator[tuple[str, str]]:
    """A younger index of the name of an alias is refused itself: the name's Service is taken."""
    mine = (index.meta.created, index.meta.uid)
    names = {other["metadata"]["name"] for other in neighbours if _age(other) < mine}
    for alias in index.spec.aliases or ():
        if alias in names:
            yield alias, "it is the name of an index of this namespace; choose another"


def _leads_here(
    index: EmbeddingIndex, alias: str, neighbours: list[Manifest], cache: Cache
) -> bool:
    """The newest ready claimant has it; the one that has it keeps it while no newer is ready.

    So a pod that is away for a moment does not send people back to yesterday's documents.
    """
    claimants = [other for other in neighbours if alias in _aliases(other)]
    mine = (index.meta.created, index.meta.uid)
    newer = [other for other in claimants if _age(other) > mine]
    holder = _find_holder(cache, index.meta.namespace, alias)
    if any(_is_ready(other) or other["metadata"]["uid"] == holder for other in newer):
        return False
    if holder == index.meta.uid:
        return True
    conditions = {each.type: each.status for each in index.status.conditions or ()}
    if conditions.get("Ready") == "True":
        return True
    # Nobody is ready and nobody has it: the newest is to begin with it.
    has_better = any(_is_ready(other) or other["metadata"]["uid"] == holder for other in claimants)
    return not newer and not has_better


def _find_holder(cache: Cache, namespace: str, alias: str) -> str | None:
    """The uid of the index that an alias leads to now."""
    service = cache.get(SERVICES, namespace, alias)
    labels = (service["metadata"].get("labels") or {}) if service else {}
    return labels.get(UID) if labels.get(ALIAS) == alias else None


def _find_data(there: list[Manifest]) -> Iterator[str]:
    """Of those that are being deleted too: their data is theirs until they are gone."""
    for other in there:
        yield other["metadata"]["uid"]
        if (uid := (other.get("status") or {}).get("dataUid")) is not None:
            yield uid


def _find_wanted_elsewhere(neighbours: list[Manifest]) -> Iterator[ChildKey]:
    for other in neighbours:
        for alias in _aliases(other):
            yield SERVICES, alias
            if (other.get("spec") or {}).get("ingress"):
                yield INGRESSES, alias


def _stays(body: Manifest) -> bool:
    return not body["metadata"].get("deletionTimestamp")


def _host(body: Manifest) -> str | None:
    """As every reader of others' specs here, it takes none for what cannot be read."""
    ingress = (body.get("spec") or {}).get("ingress")
    host = ingress.get("host") if isinstance(ingress, Mapping) else None
    return host if isinstance(host, str) else None


def _aliases(body: Manifest) -> tuple[str, ...]:
    aliases = (body.get("spec") or {}).get("aliases")
    return tuple(each for each in aliases or () if isinstance(each, str))


def _age(body: Manifest) -> tuple[str, str]:
    return body["metadata"]["creationTimestamp"], body["metadata"]["uid"]


def _names(index: EmbeddingIndex) -> tuple[str, ...]:
    return (index.meta.name, *(index.spec.aliases or ()))


def _is_ready(body: Manifest) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

"""Whether an object is already as it is to be, without asking for a write.

What the API server fills in, and what others add, does not count: only what we say ourselves.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final

_KEYS: Final = ("name", "uid", "containerPort", "port", "path", "key", "host", "mountPath")
"""By which entries of lists are known, where they are maps; the first that an entry has."""
_GRANULAR: Final = frozenset({"name", "uid"})
"""Keys of the lists that several may add to: others, as rules of a NetworkPolicy, are one value."""
_SUFFIXES: Final = {
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    "M": Decimal(1000) ** 2,
    "G": Decimal(1000) ** 3,
    "T": Decimal(1000) ** 4,
    "P": Decimal(1000) ** 5,
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTP", start=1)},
}


def project(wanted: Any, live: Any) -> Any:
    """What `live` has where `wanted` says something."""
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return {key: project(value, live.get(key)) for key, value in wanted.items()}
    if _is_list(wanted) and _is_list(live):
        return [project(*pair) for pair in _pair(wanted, live)]
    return live


def is_within(wanted: Any, live: Any) -> bool:
    """Whether `live` says all that `wanted` says."""
    if isinstance(wanted, Mapping):
        known: Mapping[str, Any] = live if isinstance(live, Mapping) else {}
        return all(is_within(value, known.get(key)) for key, value in wanted.items())
    if _is_list(wanted):
        known_list: Sequence[Any] = live if _is_list(live) else ()
        return all(is_within(*pair) for pair in _pair(wanted, known_list))
    if wanted == live or (live is None and wanted == ""):
        return True
    return _is_same_quantity(wanted, live)


def digest(value: Any) -> str:
    """Of a manifest, or a part of one: the same for equal ones, whatever the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _pair(wanted: Sequence[Any], live: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Each entry of `wanted` with the one of `live` that it speaks of; None with each too many."""
    keys = [_find_key(entry) for entry in wanted]
    known = [key for key in keys if key is not None]
    if len(known) < len(keys) or not keys:
        return list(zip_longest(wanted, live))  # known by their order
    rest, pairs = [entry for entry in live if entry is not None], []
    for entry, key in zip(wanted, known, strict=True):
        place = _find_place(entry, key, rest)
        pairs.append((entry, None if place is None else rest.pop(place)))
    if _GRANULAR.isdisjoint(known):
        pairs += [(None, entry) for entry in rest]
    return pairs


def _find_key(entry: Any) -> str | None:
    return next((each for each in _KEYS if isinstance(entry, Mapping) and each in entry), None)


def _find_place(entry: Mapping[str, Any], key: str, live: Sequence[Any]) -> int | None:
    """Of several entries of one key the one that says the same goes before."""
    same = [
        place
        for place, each in enumerate(live)
        if isinstance(each, Mapping) and each.get(key) == entry[key] and _agree(entry, each)
    ]
    return next((place for place in same if is_within(entry, live[place])), next(iter(same), None))


def _agree(entry: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both may be one entry: two paths of an Ingress differ in their type alone."""
    return all(entry.get(key) == other.get(key) for key in ("pathType",) if key in entry)


def _is_same_quantity(one: Any, other: Any) -> bool:
    first, second = read_quantity(one), read_quantity(other)
    return first is not None and first == second


def read_quantity(value: Any) -> Decimal | None:
    """An amount of a resource (Kubernetes, "Quantity"); None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    suffix = next((each for each in ("Ki", "Mi", "Gi", "Ti", "Pi") if text.endswith(each)), None)
    suffix = suffix or (text[-1:] if text[-1:] in _SUFFIXES else "")
    number = text.removesuffix(suffix)
    if not (number.isascii() and number.replace(".", "", 1).isdigit()):
        return None
    return Decimal(number) * _SUFFIXES.get(suffix, Decimal(1))

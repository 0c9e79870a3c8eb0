"""What the typed kinds are made of."""

from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """Frozen, in camel case outside; what a newer operator added is passed over."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        use_enum_values=False,
    )


def validated(*rules: tuple[str, str]) -> dict[str, Any]:
    """Schema keys of a value for which `rules` must hold (Kubernetes, "Validation rules")."""
    return {
        "x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in rules]
    }


def unchanged(path: str, told: str) -> tuple[str, str]:
    """A rule: a field stays as it was, absent too.

    It belongs to an object that cannot go away itself: on the field, or on what may be left out,
    "set, then removed, then set" would pass.
    """
    is_, was = _has("self", path), _has("oldSelf", path)
    return (f"({is_}) == ({was}) && (!({is_}) || self.{path} == oldSelf.{path})", told)


def growing(path: str, told: str) -> tuple[str, str]:
    """A rule: an amount stays or grows once it is there. It belongs where `unchanged` does."""
    grown = f"quantity(self.{path}).compareTo(quantity(oldSelf.{path})) >= 0"
    return (f"!({_has('oldSelf', path)}) || ({_has('self', path)} && {grown})", told)


def _has(side: str, path: str) -> str:
    # Shorter with CEL's optionals, `self.?a.?b == oldSelf.?a.?b`: but the API server cannot bound
    # what comparing those costs, and refuses the rule.
    names = path.split(".")
    return " && ".join(f"has({side}.{'.'.join(names[:n])})" for n in range(1, len(names) + 1))


RESERVED: Final = (
    "!self.exists(k, k.startsWith('gpu-embedding.io/') || k.startsWith('app.kubernetes.io/'))",
    "names under gpu-embedding.io/ and app.kubernetes.io/ are the operator's",
)
"""A rule of labels and annotations."""


def open_object() -> dict[str, Any]:
    """Schema keys of an object whose fields Kubernetes itself checks, where it ends up."""
    return {"x-kubernetes-preserve-unknown-fields": True}


def keyed_by(*fields: str) -> dict[str, Any]:
    """Schema keys of a list whose entries are known by `fields`."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(fields)}


_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
_SERVICE = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
_SIZE = r"^[1-9][0-9]*(\.[0-9]+)?(k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?$"
_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?$"
# Each unit once and with few digits: now and a duration is always a date that Python can hold.
_DURATION = r"^([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,7}s)?$"
# Nothing that two parsers could take for two hosts: no user, path, blank or backslash.
_ADDRESS = r"^https?://([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$"

Label: TypeAlias = Annotated[str, Field(min_length=1, max_length=63, pattern=_LABEL)]
"""A DNS-1123 label."""
ServiceName: TypeAlias = Annotated[str, Field(min_length=1, max_length=63, pattern=_SERVICE)]
"""A DNS-1035 label: a Service's name begins with a letter."""
ObjectName: TypeAlias = Annotated[str, Field(min_length=1, max_length=253, pattern=_SUBDOMAIN)]
"""A DNS-1123 subdomain."""
Address: TypeAlias = Annotated[str, Field(max_length=512, pattern=_ADDRESS)]
"""A URL of scheme, host and port alone."""
Size: TypeAlias = Annotated[str, Field(min_length=1, max_length=32, pattern=_SIZE)]
"""An amount of bytes, above 0, as text, for example `20Gi`."""
Quantity: TypeAlias = Annotated[
    int | str,
    Field(
        json_schema_extra={
            "x-kubernetes-int-or-string": True,
            "maxLength": 32,
            "pattern": _QUANTITY,
        },
        union_mode="left_to_right",
    ),
]
"""An amount of a resource, for example `500m` or `2`."""
Duration: TypeAlias = Annotated[str, Field(min_length=2, max_length=32, pattern=_DURATION)]
"""Whole days, hours, minutes and seconds in this order, for example `90m` or `7d12h`."""
SecretKey: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")
]


class SecretReference(Shape):
    """A Secret in the index's own namespace."""

    name: ObjectName
    """Name of the Secret."""

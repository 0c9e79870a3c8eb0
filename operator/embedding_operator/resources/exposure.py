"""How an index is reached from outside its namespace, and by whom."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from embedding_operator.resources.shape import (
    RESERVED,
    ObjectName,
    SecretReference,
    Shape,
    validated,
)


class Tls(Shape):
    """Encryption of the host."""

    secret: SecretReference
    """Secret of type kubernetes.io/tls, in this namespace."""


class Ingress(Shape):
    """The way from outside."""

    host: Annotated[
        str,
        Field(
            min_length=1,
            max_length=253,
            pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
            json_schema_extra=validated(("!isIP(self)", "host is a name, not an IP address")),
        ),
    ]
    """Host by which it is reached."""
    path: Annotated[str, Field(max_length=256, pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$")] = (
        ""
    )
    """What stands before `/api/v1/…` and is passed on with it; nothing by default. An Ingress
    controller has to take it away."""
    class_name: ObjectName | None = None
    """Class of the Ingress; the cluster's default class by default."""
    tls: Tls | None = None
    """Encryption; none by default."""
    annotations: (
        Annotated[
            dict[str, Annotated[str, Field(max_length=4096)]],
            Field(
                max_length=32,
                json_schema_extra=validated(
                    (
                        "!self.exists(k, k.contains('snippet') || k.contains('server-alias'))",
                        "snippets of configuration and aliases of the host are refused: they reach "
                        "beyond this index",
                    ),
                    RESERVED,
                ),
            ),
        ]
        | None
    ) = None
    """Annotations for the Ingress controller, of those that the operator's defaults allow; snippets
    of its configuration, aliases of the host and names under gpu-embedding.io/ and
    app.kubernetes.io/ are refused whatever they allow."""


class AuthMode(StrEnum):
    """Who may ask."""

    KEYS = "Keys"
    NONE = "None"


class Auth(Shape):
    """Who may ask an index."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            (
                "self.mode != 'None' || !has(self.secret)",
                "mode None has no secret",
            )
        )
    )

    mode: AuthMode = AuthMode.KEYS
    """`Keys` (default), those of a Secret; or `None`: whoever reaches it."""
    secret: SecretReference | None = None
    """Secret whose key `keys.toml` is a file of API keys (docs/authentication.md), in this
    namespace; the one of the operator's defaults by default. Read again when it changes."""

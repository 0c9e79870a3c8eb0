"""Definitions to rows and back."""

from typing import Any, NotRequired, TypedDict

import orjson
from sqlalchemy import Row

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric, ModelPin
from embedding_service.indexes.errors import IndexDamaged
from embedding_service.indexes.records.standing import Standing
from embedding_service.indexes.tuning import Tuning


class _Model(TypedDict):
    name: str
    fingerprint: str
    query_prompt: str | None
    document_prompt: str | None


class _Rest(TypedDict):
    """What has no column of its own."""

    metric: str
    engine: str
    fields: dict[str, str]
    model: _Model | None
    tuning: NotRequired[dict[str, Any]]
    """Not there where a program made it that knew the usual one alone."""
    engine_revision: NotRequired[int]
    """Only where settings with a revision have changed it (engines.py)."""


def write(definition: Definition) -> str:
    """JSON of what has no column of its own."""
    pin = definition.model
    rest = _Rest(
        metric=definition.metric.value,
        engine=definition.engine.value,
        fields={name: kind.value for name, kind in definition.fields.items()},
        model=None
        if pin is None
        else _Model(
            name=pin.name,
            fingerprint=pin.fingerprint,
            query_prompt=pin.query_prompt,
            document_prompt=pin.document_prompt,
        ),
        tuning=definition.tuning.as_json(),
    )
    return orjson.dumps(rest).decode()


def read_standing(row: Row[Any]) -> Standing:
    """A row of `indexes` as the rest of the package knows it. Raises IndexDamaged."""
    definition, engine_revision = _read_definition(row)
    return Standing(
        definition,
        version=row.version,
        purged_version=row.purged_version,
        count=row.live,
        size=row.size,
        created_at=row.created_at,
        commit_id=row.commit_id,
        build=row.build,
        engine_revision=engine_revision,
    )


def _read_definition(row: Row[Any]) -> tuple[Definition, int]:
    try:
        rest: _Rest = orjson.loads(row.definition)
        model = rest["model"]
        definition = Definition(
            uid=row.uid,
            name=row.name,
            dimension=row.dimension,
            metric=Metric(rest["metric"]),
            engine=Engine(rest["engine"]),
            fields={name: FieldType(kind) for name, kind in rest["fields"].items()},
            model=None if model is None else ModelPin(**model),
            tuning=Tuning.of(rest.get("tuning", {})),
        )
        return definition, int(rest.get("engine_revision", 0))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(
            str(row.name),
            "the record of its definition is not what was written; put the database back from a "
            "backup, or restore the newest snapshot into another one",
        ) from error

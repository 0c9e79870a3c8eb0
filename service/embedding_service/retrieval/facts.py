"""What is told about an index: its record and its memory, side by side."""

from collections.abc import Mapping

from embedding_service.indexes.estimates import estimate_memory
from embedding_service.indexes.records.record import Standing
from embedding_service.indexes.view import ViewFacts
from embedding_service.retrieval.requests import IndexFacts, SegmentFacts


def describe(
    standing: Standing,
    view: ViewFacts,
    aliases: Mapping[str, str],
    unbuilt: int,
    documents: int | None = None,
) -> IndexFacts:
    """One index, as it is now.

    `aliases` are all there are, `unbuilt` the rows that wait to be built; memory is estimated for
    `documents`, None for those it has.
    """
    definition = standing.definition
    model = definition.model
    return IndexFacts(
        name=definition.name,
        uid=definition.uid,
        model=model.name if model else None,
        fingerprint=model.fingerprint if model else None,
        dimension=definition.dimension,
        metric=definition.metric,
        engine=definition.engine,
        tuning=definition.tuning,
        fields=definition.fields,
        aliases=sorted(alias for alias, name in aliases.items() if name == definition.name),
        documents=standing.count,
        size=standing.size,
        version=standing.version,
        applied=view.version,
        memory=view.nbytes,
        estimate=estimate_memory(definition, standing.count if documents is None else documents),
        created_at=standing.created_at,
        unbuilt=unbuilt,
        segments=[
            SegmentFacts(segment.engine, segment.rows, segment.live, segment.nbytes, segment.recall)
            for segment in view.segments
        ],
    )

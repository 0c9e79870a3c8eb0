"""Answers of writes that came with an idempotency key, to be given again."""

import time
import zlib
from collections.abc import Sequence

import numpy as np
import orjson
from sqlalchemy import Connection, insert, select

from embedding_service.indexes.documents import Changes, Committed, IdempotencyKey
from embedding_service.indexes.errors import KeyReused
from embedding_service.indexes.records.schema import answers


def find_answer(
    connection: Connection, index_id: int, dimension: int, key: IdempotencyKey
) -> Committed | None:
    """What the write that `key` named before was answered. Raises KeyReused."""
    row = connection.execute(
        select(answers.c.digest, answers.c.ids, answers.c.version).where(
            answers.c.index_id == index_id, answers.c.key == key.key
        )
    ).one_or_none()
    if row is None:
        return None
    if row.digest != key.digest:
        raise KeyReused
    ids: list[str | None] = orjson.loads(zlib.decompress(row.ids))
    return Committed(row.version, no_changes(row.version, dimension), ids, is_repeated=True)


def keep_answer(
    connection: Connection, index_id: int, key: IdempotencyKey, version: int, ids: Sequence[str]
) -> None:
    """Keep what a write answers, in its own transaction."""
    told = ids if key.answer is None else key.answer
    connection.execute(
        insert(answers),
        {
            "index_id": index_id,
            "key": key.key,
            "digest": key.digest,
            "ids": zlib.compress(orjson.dumps(list(told)), level=1),
            "version": version,
            "created_at": time.time(),
        },
    )


def no_changes(version: int, dimension: int) -> Changes:
    """An empty stretch that ends, and starts, at `version`."""
    return Changes(
        keys=np.empty(0, np.int64),
        versions=np.empty(0, np.int64),
        ids=(),
        is_deleted=np.empty(0, np.bool_),
        matrix=np.empty((0, dimension), np.float32),
        metadata=(),
        version=version,
    )

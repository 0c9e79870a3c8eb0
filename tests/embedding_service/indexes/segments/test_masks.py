"""A filter over columns holds for exactly the rows whose metadata it matches."""

import numpy as np
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.indexes.definition import Definition, FieldType
from embedding_service.indexes.documents import Changes
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.growing import Growing
from embedding_service.indexes.segments.masks import evaluate

FIELDS = {
    "lang": FieldType.KEYWORD,
    "tags": FieldType.KEYWORDS,
    "year": FieldType.INT,
    "price": FieldType.FLOAT,
    "draft": FieldType.BOOL,
    "seen": FieldType.DATETIME,
}
words = st.sampled_from(["", "a", "ab", "b", "ä", "äb", "\U0001f600", "z\uffff"])
years = st.sampled_from([-(2**63), -1, 0, 1, 2**53, 2**53 + 1, 2**63 - 1])
prices = st.sampled_from([-0.0, 0, 0.5, 1, 2**53 + 1, 1e308])
moments = st.sampled_from(
    ["1969-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-01T02:00:00+02:00"]
)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "lang": words,
    "tags": words,
    "year": years,
    "price": prices,
    "draft": st.booleans(),
    "seen": moments,
}
RANGES = st.sampled_from(["gt", "gte", "lt", "lte"])

metadata = st.none() | st.fixed_dictionaries(
    {},
    optional={
        name: st.none() | (st.lists(values, max_size=3) if name == "tags" else values)
        for name, values in VALUES.items()
    },
)


def comparisons(name: str) -> st.SearchStrategy[object]:
    values = VALUES[name]
    operators = [
        values,
        st.fixed_dictionaries({"in": st.lists(values, max_size=4)}),
        st.fixed_dictionaries({"exists": st.booleans()}),
    ]
    if name in {"lang", "tags"}:
        operators.append(st.fixed_dictionaries({"prefix": words}))
    if name in {"year", "price", "seen"}:
        operators.append(st.dictionaries(RANGES, values, min_size=1))
    return st.fixed_dictionaries({name: st.one_of(operators)})


filters = st.recursive(
    st.sampled_from(sorted(VALUES)).flatmap(comparisons),
    lambda inner: (
        st.fixed_dictionaries({"not": inner})
        | st.fixed_dictionaries({"and": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"or": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=5,
)


@given(rows=st.lists(metadata, min_size=1, max_size=80), value=filters, later=st.lists(metadata))
@settings(deadline=None, max_examples=200)
def test_columns_and_rows_agree(rows: list[object], value: object, later: list[object]) -> None:
    condition = parse_filter(value, FIELDS)
    encoded = [None if row is None else orjson.dumps(row) for row in [*rows, *later]]
    count = len(encoded)
    changes = Changes(
        keys=np.arange(count),
        versions=np.arange(count)[::-1].copy(),
        ids=[str(row) for row in range(count)],
        is_deleted=np.zeros(count, dtype=np.bool_),
        matrix=np.zeros((count, 1), dtype=np.float32),
        metadata=encoded,
        version=count,
    )
    growing = Growing(Definition("uid", "books", 1, fields=FIELDS))
    growing.append(changes, np.arange(len(rows)))
    before = growing.view()
    growing.append(changes, np.arange(len(rows), count))
    after = growing.view()
    expected = [condition.matches(each) for each in encoded]
    assert evaluate(condition.root, before.columns).tolist() == expected[: len(rows)]
    assert evaluate(condition.root, after.columns).tolist() == expected
    some = Bitmap.of(np.arange(len(rows)) % 2 == 0)
    sealed = concatenate([(before, some), (after, Bitmap.of(np.arange(count) >= len(rows)))])
    kept = [expected[key] for key in sealed.keys.tolist()]
    assert evaluate(condition.root, sealed.columns).tolist() == kept
    assert sealed.versions.tolist() == sorted(sealed.versions.tolist())
    assert list(sealed.ids) == [str(key) for key in sealed.keys.tolist()]

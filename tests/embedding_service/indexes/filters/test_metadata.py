"""Metadata: declared fields are of their types, the rest is free."""

import pytest

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.definition import FieldType
from embedding_service.indexes.filters.metadata import check_metadata, read_fields

FIELDS = {
    "lang": FieldType.KEYWORD,
    "tags": FieldType.KEYWORDS,
    "year": FieldType.INT,
    "price": FieldType.FLOAT,
    "seen": FieldType.DATETIME,
}


def test_declared_fields_of_their_types_pass() -> None:
    check_metadata(
        {
            "lang": "de",
            "tags": ["a", "b"],
            "year": -(2**63),
            "price": 3,
            "seen": "2026-01-31t12:00:00.5z",
            "free": {"anything": [None, 1]},
        },
        FIELDS,
    )


def test_missing_and_null_are_allowed() -> None:
    check_metadata({}, FIELDS)
    check_metadata(dict.fromkeys(FIELDS), FIELDS)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"year": "1990"}, "metadata.year must be an int"),
        ({"year": True}, "metadata.year must be an int"),
        ({"year": 1.5}, "metadata.year must be an int"),
        ({"lang": 3}, "metadata.lang must be a string"),
        ({"lang": ["de"]}, "metadata.lang must be a string"),
        ({"tags": "a"}, "metadata.tags must be a list of strings"),
        ({"tags": ["a", None]}, "metadata.tags must be a string"),
        ({"price": float("inf")}, "metadata.price must be a finite number"),
        ({"seen": 0}, "metadata.seen must be a date and time"),
    ],
)
def test_a_wrong_type_is_told_by_its_field(metadata: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        check_metadata(metadata, FIELDS)
    (issue,) = caught.value.issues
    assert issue.path == message.split(maxsplit=1)[0]


def test_a_moment_is_microseconds_whatever_its_offset() -> None:
    def read(text: str) -> object:
        return read_fields(b'{"seen": "%s"}' % text.encode(), FIELDS)["seen"]

    assert read("1970-01-01T00:00:00Z") == (0,)
    assert read("1970-01-01T05:30:00+05:30") == (0,)
    assert read("1969-12-31T23:59:59.9999999-00:00") == (-1,)
    assert read("0001-01-01T00:00:00+23:59") == (-62135596800000000 - 86_340_000_000,)


def test_what_is_not_of_its_type_is_missing_where_it_is_read() -> None:
    values = read_fields(b'{"year": "x", "lang": "de", "tags": []}', FIELDS)
    assert values == {"lang": ("de",), "tags": (), "year": (), "price": (), "seen": ()}
    assert not any(read_fields(None, FIELDS).values())

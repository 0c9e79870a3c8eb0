"""Filters: what is one, what is none, and where it is none."""

import pytest

from embedding_service.indexes.definition import FieldType
from embedding_service.indexes.errors import BadFilter
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.filters.tree import And, Comparison, Not, Operator, Or

FIELDS = {
    "lang": FieldType.KEYWORD,
    "tags": FieldType.KEYWORDS,
    "year": FieldType.INT,
    "price": FieldType.FLOAT,
    "draft": FieldType.BOOL,
    "seen": FieldType.DATETIME,
}
GERMAN = Comparison("lang", FieldType.KEYWORD, Operator.EQ, ("de",))
SHORT = Comparison("year", FieldType.INT, Operator.LT, (3,))


def nested(depth: int) -> object:
    condition: object = {"lang": "de"}
    for _ in range(depth - 1):
        condition = {"not": condition}
    return condition


@pytest.mark.parametrize(
    ("value", "root"),
    [
        ({"lang": "de"}, GERMAN),
        ({"lang": {"eq": "de"}}, GERMAN),
        ({"lang": "de", "year": {"lt": 3}}, And((GERMAN, SHORT))),
        ({"and": [{"lang": "de"}, {"year": {"lt": 3}}]}, And((GERMAN, SHORT))),
        ({"or": [{"lang": "de"}, {"year": {"lt": 3}}]}, Or((GERMAN, SHORT))),
        ({"not": {"lang": "de"}}, Not(GERMAN)),
        (
            {"year": {"in": [3, 1, 3]}},
            Comparison("year", FieldType.INT, Operator.IN, (1, 3)),
        ),
        ({"price": 1}, Comparison("price", FieldType.FLOAT, Operator.EQ, (1.0,))),
        (
            {"seen": {"gte": "1970-01-01T01:00:00.000001+01:00"}},
            Comparison("seen", FieldType.DATETIME, Operator.GTE, (1,)),
        ),
        (
            {"tags": {"exists": False}},
            Comparison("tags", FieldType.KEYWORDS, Operator.EXISTS, (False,)),
        ),
    ],
)
def test_what_is_a_filter(value: object, root: object) -> None:
    assert parse_filter(value, FIELDS).root == root


@pytest.mark.parametrize(
    ("value", "where", "message"),
    [
        ("de", "filter", "must be an object"),
        ({}, "filter", "is empty"),
        ({"and": []}, "filter.and", "at least one"),
        ({"or": {"lang": "de"}}, "filter.or", "must be a list"),
        ({"and": [{"lang": "de"}, {"year": "x"}]}, "filter.and[1].year", "must be an int"),
        ({"and": [{"or": [{"not": []}]}]}, "filter.and[0].or[0].not", "must be an object"),
        ({"colour": "red"}, "filter", "there are: draft, lang, price, seen, tags, year"),
        ({"lang": None}, "filter.lang", "exists"),
        ({"lang": {}}, "filter.lang", "no operator"),
        ({"lang": {"gt": "a"}}, "filter.lang", "one of: eq, in, prefix, exists"),
        ({"year": {"prefix": "a"}}, "filter.year", "one of: eq, in, exists, gt, gte, lt, lte"),
        ({"draft": {"lt": True}}, "filter.draft", "one of: eq, in, exists"),
        ({"year": {"gte": True}}, "filter.year.gte", "must be an int"),
        ({"year": 2.0}, "filter.year", "must be an int"),
        ({"year": 2**63}, "filter.year", "64 bits"),
        ({"price": float("nan")}, "filter.price", "finite"),
        ({"price": 10**400}, "filter.price", "finite"),
        ({"price": False}, "filter.price", "must be a number"),
        ({"draft": 1}, "filter.draft", "true or false"),
        ({"lang": {"in": "de"}}, "filter.lang.in", "must be a list"),
        ({"lang": {"in": ["de", 3]}}, "filter.lang.in[1]", "must be a string"),
        ({"lang": {"in": ["x"] * 10_001}}, "filter.lang.in", "10,001 values"),
        ({"lang": {"exists": 1}}, "filter.lang.exists", "true or false"),
        ({"lang": "a\0b"}, "filter.lang", "NUL"),
        ({"tags": {"prefix": "\ud800"}}, "filter.tags.prefix", "surrogates"),
        ({"seen": "2026-01-31"}, "filter.seen", "RFC 3339"),
        ({"seen": "2026-01-31T12:00:00"}, "filter.seen", "RFC 3339"),
        ({"seen": "2026-02-31T12:00:00Z"}, "filter.seen", "RFC 3339"),
        ({"seen": "2026-01-31T24:00:00Z"}, "filter.seen", "RFC 3339"),
        (nested(17), "filter" + ".not" * 16, "16 deep"),
        ({"or": [{"lang": "de"}] * 1_000}, "filter.or[999]", "1,000 conditions"),
        ({"not": {"lang": {"eq": "a", "in": [None]}}}, "filter.not.lang.in[0]", "null"),
    ],
)
def test_what_is_no_filter_and_where(value: object, where: str, message: str) -> None:
    with pytest.raises(BadFilter, match=message) as caught:
        parse_filter(value, FIELDS)
    assert caught.value.where == where


def test_the_bounds_themselves_are_allowed() -> None:
    parse_filter(nested(16), FIELDS)
    parse_filter({"or": [{"lang": "de"}] * 999}, FIELDS)
    parse_filter({"lang": {"in": [str(each) for each in range(10_000)]}}, FIELDS)


def test_the_name_of_an_unknown_field_is_told_without_its_bytes() -> None:
    with pytest.raises(BadFilter) as caught:
        parse_filter({"\ud800" + "x" * 10_000: 1}, FIELDS)
    caught.value.message.encode()
    assert len(caught.value.message) < 300


def test_equal_filters_have_the_same_digest_and_others_do_not() -> None:
    def digest(value: object) -> str:
        return parse_filter(value, FIELDS).digest

    same = digest({"lang": {"in": ["b", "a"]}})
    assert digest({"lang": {"in": ["a", "b", "a"]}}) == same
    # Kept: another process, or another release, must come to the same.
    assert same == "1e70a5798ab0b292c7c43d04eecdd0df0b96cb6ffc55c3a722b0146f502e319e"
    values = [{"lang": "a"}, {"tags": "a"}, {"year": 1}, {"price": 1}, {"not": {"lang": "a"}}]
    assert len({digest(value) for value in values}) == len(values)

"""A server without indexes, and what all routes of indexes have in common."""

import httpx
import pytest

from apis import Api, OpenApi

ROUTES = [
    ("POST", "/api/v1/index/add"),
    ("POST", "/api/v1/similarity/search"),
    ("GET", "/api/v1/indexes"),
    ("POST", "/api/v1/indexes"),
    ("GET", "/api/v1/indexes/a"),
    ("DELETE", "/api/v1/indexes/a"),
    ("POST", "/api/v1/indexes/a/documents"),
    ("GET", "/api/v1/indexes/a/documents"),
    ("GET", "/api/v1/indexes/a/documents/b"),
    ("DELETE", "/api/v1/indexes/a/documents/b"),
    ("POST", "/api/v1/indexes/a/documents/delete"),
    ("PATCH", "/api/v1/indexes/a"),
    ("POST", "/api/v1/indexes/a/search"),
    ("GET", "/api/v1/aliases"),
    ("PUT", "/api/v1/aliases/a"),
    ("DELETE", "/api/v1/aliases/a"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_without_a_database_every_route_says_where_indexes_are(
    api: Api, method: str, path: str
) -> None:
    response = await api.http.request(method, path)
    assert (response.status_code, response.json()["code"]) == (404, "indexes_elsewhere")
    assert "DATABASE_URL=none" in response.json()["detail"]
    assert "index tier" in response.json()["detail"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/indexes", "GET, POST"),
        ("/api/v1/indexes/a", "DELETE, GET, PATCH"),
        ("/api/v1/indexes/a/documents", "GET, POST"),
        ("/api/v1/indexes/a/documents/b/c", "DELETE, GET"),
        ("/api/v1/indexes/a/documents/delete", "POST"),
        ("/api/v1/aliases/a", "DELETE, PUT"),
    ],
)
async def test_a_method_refused_names_all_that_the_path_allows(
    api: Api, path: str, allowed: str
) -> None:
    response = await api.http.request("TRACE", path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert response.json()["detail"] == f"this route takes {allowed}"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_browsers_of_listed_origins_may_change_indexes(
    open_api: OpenApi, method: str
) -> None:
    origin = "https://example.org"
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "idempotency-key",
    }
    api = open_api(cors_origins=origin)
    response = await api.http.options("/api/v1/aliases/a", headers=headers)
    assert response.status_code == httpx.codes.OK

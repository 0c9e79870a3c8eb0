"""Routes without parameters are called as the router would call them, and no other is."""

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from apis import Api
from embedding_service.api.document import ROUTERS
from embedding_service.api.middleware.shortcut import build_table


async def answer(request: Request) -> Response:
    return Response(request.url.path)


async def answer_any(request: Request, name: str) -> Response:
    return Response(name)


async def answer_value(request: Request) -> dict[str, str]:
    return {}


def test_every_embedding_route_is_in_the_table() -> None:
    table = build_table(ROUTERS)
    for path in ("/api/v1/embeddings/generate", "/api/v1/embeddings/batch", "/v1/embeddings"):
        assert table["POST", path].path_format == path
    assert ("POST", "/embed") in table
    assert not any("{" in path for _, path in table)


def test_a_route_that_another_one_hides_is_not() -> None:
    router = APIRouter()
    router.get("/things/{name}")(answer_any)
    router.get("/things/one")(answer)
    router.post("/things/one")(answer)
    assert list(build_table([router])) == [("POST", "/things/one")]


def test_the_first_of_two_equal_routes_counts() -> None:
    first, second = APIRouter(), APIRouter()
    first.get("/one")(answer)
    second.get("/one")(answer)
    assert build_table([first, second])["GET", "/one"] is first.routes[0]


def test_what_needs_fastapi_is_left_to_it() -> None:
    router = APIRouter()
    router.get("/value")(answer_value)
    router.get("/depends", dependencies=[Depends(answer)])(answer)
    assert build_table([router]) == {}


async def test_metrics_and_refusals_are_those_of_the_router(api: Api) -> None:
    right = await api.http.get("/api/v1/models")
    assert right.status_code == 200
    labels = {"route": "/api/v1/models", "method": "GET", "status": "200"}
    assert api.sample("http_requests_total", **labels) == 1
    wrong = await api.http.put("/api/v1/models")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]
    assert (await api.http.post("/api/v1/embeddings/generate/")).status_code == 404

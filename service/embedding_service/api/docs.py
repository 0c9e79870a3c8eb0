"""/docs and /openapi.json. The page's script and style come from a package, not from a CDN."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from embedding_service.api.document import render_document

_STATIC = Path(fastapi_offline.__file__).parent / "static"


def add_docs(app: FastAPI) -> None:
    """Add both, and what the page needs."""
    document = render_document()
    # Addresses are relative, so that the page works behind a gateway that adds a prefix.
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="gpu-embedding",
        oauth2_redirect_url=None,
        swagger_js_url="docs/static/swagger-ui-bundle.js",
        swagger_css_url="docs/static/swagger-ui.css",
        swagger_favicon_url="docs/static/favicon.png",
    ).body

    async def show_page(_request: Request) -> Response:
        return HTMLResponse(bytes(page))

    async def show_document(_request: Request) -> Response:
        return Response(document, media_type="application/json")

    app.add_route("/docs", show_page, include_in_schema=False)
    app.add_route("/openapi.json", show_document, include_in_schema=False)
    app.mount("/docs/static", StaticFiles(directory=_STATIC), name="docs")

"""The OpenAPI document, and the page `/docs`, which loads nothing from other servers."""

import json
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi

from daybook.query.problem import MEDIA_TYPE

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
"""Swagger UI, from the package fastapi-offline."""

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
"""For /docs alone: Swagger UI uses inline styles and icons from `data:` URLs."""

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Daybook's reports</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<body><div id="reports"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = 'SwaggerUIBundle({ url: "openapi.json", dom_id: "#reports", validatorUrl: null });\n'

_PROBLEMS = {
    "401": "The key or token is missing or invalid",
    "403": "The role may not read this",
    "404": "Does not exist, or belongs to another organization",
    "422": "A parameter is invalid",
    "429": "Too many requests; see `Retry-After`",
    "503": "MongoDB does not answer; see `Retry-After`",
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence for people"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application's routes, with their problems and authentication."""
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description="Reports on the documents that Daybook counts. Each states how fresh it is.",
        routes=app.routes,
    )
    parts = schema.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _PROBLEM
    parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    schema["security"] = [{"key": []}]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in schema["paths"].values():
        for operation in methods.values():
            responses = operation["responses"]
            problems = {code: item for code, item in responses.items() if code >= "4"}
            for status, description in _PROBLEMS.items():
                problems.setdefault(status, {"description": description})
            # Replaces the framework's own form of validation errors.
            problems["422"] = {"description": _PROBLEMS["422"]}
            responses |= {code: item | {"content": content} for code, item in problems.items()}
    return schema


def text(app: FastAPI) -> str:
    """The document as in `docs/openapi.json`."""
    return json.dumps(document(app), indent=1, ensure_ascii=False) + "\n"


def describe(app: FastAPI) -> None:
    """Adds `/openapi.json`, and the page `/docs`, which loads nothing from other servers."""
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    headers = {"Content-Security-Policy": _CSP}

    @app.get("/docs", include_in_schema=False)
    async def page() -> Response:
        return Response(_PAGE, headers=headers, media_type="text/html")

    @app.get("/docs/start.js", include_in_schema=False)
    async def start() -> Response:
        return Response(_START, media_type="text/javascript")

    for name, media_type in ASSETS.items():
        _serve(app, name, media_type)


def _serve(app: FastAPI, name: str, media_type: str) -> None:
    content = (files("fastapi_offline") / "static" / name).read_bytes()

    @app.get(f"/docs/{name}", include_in_schema=False)
    async def asset() -> Response:
        headers = {"Cache-Control": "public, max-age=86400"}
        return Response(content, headers=headers, media_type=media_type)

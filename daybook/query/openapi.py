"""How the service describes itself, to programs and to people, on the network or off it."""

import json
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi

from daybook.query.problem import MEDIA_TYPE

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
"""Swagger UI, out of the wheel of fastapi-offline."""

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
"""Of /docs alone. Swagger UI writes styles into its elements, and draws icons out of `data:`."""

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
    "401": "No key or token, or one that is not good here",
    "403": "The role does not read that",
    "404": "Not there, or another organization's",
    "422": "A parameter that cannot be used",
    "429": "Too many calls; `Retry-After`",
    "503": "MongoDB does not answer; `Retry-After`",
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence for the person who called"},
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
    """The OpenAPI document of an application's routes: each with its problems, and with a key."""
    told = get_openapi(
        title=app.title,
        version=app.version,
        description="Reports from the documents that members keep. Each says how fresh it is.",
        routes=app.routes,
    )
    parts = told.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _PROBLEM
    parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    told["security"] = [{"key": []}]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in told["paths"].values():
        for each in methods.values():
            answers = each["responses"]
            problems = {status: found for status, found in answers.items() if status >= "4"}
            for status, description in _PROBLEMS.items():
                problems.setdefault(status, {"description": description})
            # A validation error of the framework's own is none of ours.
            problems["422"] = {"description": _PROBLEMS["422"]}
            answers |= {status: found | {"content": content} for status, found in problems.items()}
    return told


def text(app: FastAPI) -> str:
    """The document as `docs/openapi.json` holds it."""
    return json.dumps(document(app), indent=1, ensure_ascii=False) + "\n"


def describe(app: FastAPI) -> None:
    """`/openapi.json`, and `/docs`, a page for people that asks no other server for anything."""
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

"""What the routes of exports say of themselves."""

from typing import Any

from daybook.query.examples import example
from daybook.query.exports.request import Order

_FILE = """\
table,funnel_id,period.start,period.end,visitors.total,step_id,entries
report,spring,2026-11-01,2026-11-19,1204,,
steps,,,,,catalog,1204
"""

ASK: dict[str, Any] = {
    "responses": {
        202: {"content": {"application/json": {"example": example("export-accepted")}}},
        400: {"description": "Not JSON, or no such report type"},
        413: {"description": "The body is over 16 KiB"},
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": Order.model_json_schema(),
                    "example": example("export-order"),
                }
            },
        }
    },
}
FETCH: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file, called as `Content-Disposition` says",
            "content": {"text/csv": {"schema": {"type": "string"}, "example": _FILE}},
        },
        403: {"description": "A link that was not signed here"},
        410: {"description": "The link has expired, and the file is gone"},
    },
    "openapi_extra": {"security": []},
}

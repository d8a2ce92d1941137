"""The dashboard's files: how they are served, and what they must not contain."""

import json
import re
from pathlib import Path

import pytest

from daybook.engine.currency import CODES, digits
from daybook.query.dashboard_files import FOLDER
from tests.support.query import QueryProcess

KINDS = {
    "/": "text/html; charset=utf-8",
    "/dashboard/app.js": "text/javascript; charset=utf-8",
    "/dashboard/style.css": "text/css; charset=utf-8",
    "/dashboard/icon.svg": "image/svg+xml",
    "/dashboard/vendor/uplot-1.6.32.js": "text/javascript; charset=utf-8",
}
OWN = [path for path in FOLDER.glob("*") if path.is_file()]
AS_MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\("
)


def test_files_need_no_key_and_have_a_type_a_policy_and_an_etag(service: QueryProcess) -> None:
    for path, kind in KINDS.items():
        reply = service.get(path, "")
        assert reply.status == 200
        assert reply.headers["content-type"] == kind
        policy = reply.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
        assert "unsafe" not in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["x-frame-options"] == "DENY"
        again = service.get(path, "", {"If-None-Match": reply.headers["etag"]})
        assert (again.status, again.body) == (304, b"")


def test_versioned_files_are_immutable_and_others_are_revalidated(
    service: QueryProcess,
) -> None:
    assert service.get("/", "").headers["cache-control"] == "no-cache"
    assert service.get("/dashboard/app.js", "").headers["cache-control"] == "no-cache"
    vendored = service.get("/dashboard/vendor/uplot-1.6.32.js", "")
    assert "immutable" in vendored.headers["cache-control"]


def test_other_paths_are_not_found(service: QueryProcess) -> None:
    for path in (
        "nowhere.js",
        "../app.py",
        "..%2Fapp.py",
        "vendor/uplot-LICENSE.txt",
        "",
        "vendor",
    ):
        assert service.get(f"/dashboard/{path}", "").status == 404


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_files_neither_parse_strings_as_html_nor_load_from_other_origins(path: Path) -> None:
    text = path.read_text()
    assert not AS_MARKUP.search(text)
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text)
    assert not re.findall(r"\son\w+=|\sstyle=|javascript:", text)


def test_files_are_small() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert all(path.stat().st_size < 100_000 for path in files)
    assert all(len(path.read_text().splitlines()) <= 200 for path in OWN)


def test_the_decimals_of_currencies_are_those_of_the_server() -> None:
    text = (FOLDER / "currencies.js").read_text()
    written = text.partition("DIGITS = ")[2].rstrip(";\n").replace(",\n}", "\n}")
    known = json.loads(re.sub(r"([A-Z]{3}):", r'"\1":', written))
    assert known == {code: digits(code) for code in CODES if digits(code) != 2}

"""A web server for the HTML pages of a test."""

from collections.abc import Mapping

from tests.support.website import Handler, Website


class Pages(Website):
    """`pages`: HTML bodies by path; `url` returns the address of a path."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        class Shop(Handler):
            def do_GET(self) -> None:
                found = pages.get(self.path.partition("?")[0])
                body = f"<!doctype html><meta charset=utf-8>{found or ''}".encode()
                self.respond(404 if found is None else 200, body, {"Content-Type": "text/html"})

        super().__init__(Shop)

    def url(self, path: str) -> str:
        return self.origin + path

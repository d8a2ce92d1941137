"""Whether a line can be counted: the questions that a group will ask of the message."""

import difflib
import re
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from daybook.engine.decode.parse import EVENT_BYTES_MAX, read
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.source import Source
from daybook.engine.errors import Poison
from schemas.patterns import IN_WORDS

_WHERE = re.compile(r" at line 1 column (\d+)")


class BadLine(Exception):
    """Why a line cannot be counted."""


class LineCheck:
    """`now_ms` stands for the arrival in the log, which is a little later."""

    def __init__(self, source: Source, calendar: Calendar, now_ms: int) -> None:
        self._source = source
        self._calendar = calendar
        self._now_ms = now_ms
        self._validate = source.events.validate_json
        self._key_of = source.key_of

    def key(self, line: bytes) -> bytes:
        """The key that the message must have. Raises BadLine."""
        try:
            if len(line) > EVENT_BYTES_MAX:
                read(self._source, line)
            event = self._validate(line)
            self._calendar.day_hour(event["occurred_at"], self._now_ms)
            return self._key_of(event).encode()
        except ValidationError as error:
            raise BadLine(self._reason(error, line)) from None
        except Poison as poison:
            raise BadLine(_describe(poison)) from None

    def _reason(self, error: ValidationError, line: bytes) -> str:
        problem: Any = error.errors(include_url=False, include_input=False)[0]
        if problem["type"] == "union_tag_invalid":
            named = from_json(line)["event_type"]
            if isinstance(named, str):
                return _unknown(named, problem["ctx"]["expected_tags"])
        if problem["type"] == "string_pattern_mismatch":
            where = ".".join(str(part) for part in problem["loc"][1:])
            return f"invalid: {where}: {IN_WORDS[problem['ctx']['pattern']]}"
        try:
            read(self._source, line)
        except Poison as poison:
            return _describe(poison)
        raise error


def raw_key(line: bytes, field: str) -> bytes | None:
    """`data.<field>` of a line that is JSON and has it as a string; None for every other."""
    try:
        found = from_json(line)["data"][field]
    except (ValueError, TypeError, KeyError):
        return None
    return found.encode() if isinstance(found, str) else None


def _describe(poison: Poison) -> str:
    detail = _WHERE.sub(r" at column \1", poison.detail).replace("its arrival", "now")
    return f"{poison.reason}: {detail}"


def _unknown(named: str, expected: str) -> str:
    close = difflib.get_close_matches(named, re.findall(r"'([^']+)'", expected), n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"unknown event_type {named[:128]!r}{meant}"

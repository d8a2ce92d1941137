"""Checks whether a group could count a line, by the rules of the decoder."""

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

_POSITION = re.compile(r" at line 1 column (\d+)")


class BadLine(Exception):
    """A line cannot be counted; the message says why."""


class LineCheck:
    """Checks lines of one topic. `now_ms` stands for the append time, which is a little later."""

    def __init__(self, source: Source, calendar: Calendar, now_ms: int) -> None:
        self._source = source
        self._calendar = calendar
        self._now_ms = now_ms
        self._validate = source.events.validate_json
        self._key_of = source.key_of

    def key(self, line: bytes) -> bytes:
        """The message key of an event. Raises BadLine."""
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
            event_type = from_json(line)["event_type"]
            if isinstance(event_type, str):
                return _unknown_type(event_type, problem["ctx"]["expected_tags"])
        if problem["type"] == "string_pattern_mismatch":
            field = ".".join(str(part) for part in problem["loc"][1:])
            return f"invalid: {field}: {IN_WORDS[problem['ctx']['pattern']]}"
        try:
            read(self._source, line)
        except Poison as poison:
            return _describe(poison)
        raise error


def raw_key(line: bytes, field: str) -> bytes | None:
    """`data.<field>` as bytes, if the line is JSON and has it as a string; otherwise None."""
    try:
        key = from_json(line)["data"][field]
    except (ValueError, TypeError, KeyError):
        return None
    return key.encode() if isinstance(key, str) else None


def _describe(poison: Poison) -> str:
    detail = _POSITION.sub(r" at column \1", poison.detail).replace("its arrival", "now")
    return f"{poison.reason}: {detail}"


def _unknown_type(event_type: str, expected: str) -> str:
    matches = difflib.get_close_matches(event_type, re.findall(r"'([^']+)'", expected), n=1)
    suggestion = f"; did you mean {matches[0]}?" if matches else ""
    return f"unknown event_type {event_type[:128]!r}{suggestion}"

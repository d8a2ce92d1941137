"""Reads documents as they are stored, whatever the names of their fields."""

from typing import Any

from bson.codec_options import CodecOptions


class LiteralDict(dict[str, Any]):
    """Hides `$ref` from the driver's decoder, which looks it up by subscript.

    The decoder turns an object with `$ref` and `$id` into a reference to another document, and
    fails if they have other types. Everything but a subscript sees the field.
    """

    def __getitem__(self, name: str) -> Any:
        if name == "$ref":
            raise KeyError(name)
        return super().__getitem__(name)


LITERAL: CodecOptions[Any] = CodecOptions(document_class=LiteralDict, tz_aware=True)
"""For collections with objects whose fields clients name; decoding takes half as long again."""

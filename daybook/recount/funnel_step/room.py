"""What a list that grows has room for."""

from itertools import accumulate

import bson

from daybook.recount.recounted import Document


def with_room(items: list[Document], bytes_max: int) -> list[Document]:
    """The first items that have room together."""
    if len(bson.encode({"items": items})) <= bytes_max:
        return items
    sizes = accumulate(len(bson.encode(item)) for item in items)
    return [item for item, size in zip(items, sizes, strict=True) if size <= bytes_max]

"""Sums over documents of several days."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Document = Mapping[str, Any]


def total(documents: Iterable[Document], field: str) -> int:
    """Of a counter; what is absent is 0, as it is in hours."""
    return sum(int(document.get(field) or 0) for document in documents)


def counts(documents: Iterable[Document], field: str) -> dict[str, int]:
    """Of a map of counts {key: count}."""
    found: Counter[str] = Counter()
    for document in documents:
        for key, count in (document.get(field) or {}).items():
            found[key] += int(count)
    return dict(found)


def parts(documents: Iterable[Document], field: str, part: str) -> dict[str, int]:
    """Of one number of a breakdown: {key: {part: count}}."""
    found: Counter[str] = Counter()
    for document in documents:
        for key, numbers in (document.get(field) or {}).items():
            found[key] += int(numbers.get(part) or 0)
    return dict(found)


def by_step(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """Documents of `analytics_funnel_step`, by step."""
    found: dict[str, list[Document]] = {}
    for document in documents:
        found.setdefault(document["step_id"], []).append(document)
    return found

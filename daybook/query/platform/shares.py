"""Revenue by community or promotion: the greatest, and what is left of the whole."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import unquote

from daybook.engine.documents.keys import RESERVED
from daybook.query.figures.rounding import percentages
from daybook.query.figures.totals import Document

TOP = 20
_OTHER, _NOBODY = "other", "unattributed"


def parts(
    documents: Iterable[Document], currency: str, what: Literal["community", "promotion"]
) -> list[dict[str, Any]]:
    """Rows that add up to the whole, their percentages to 100 (to two decimals).

    The greatest 20 by revenue, then `other` and `unattributed` if there is any of them: these two
    are no ids, and have null for one.
    """
    paid, refunded = Counter[str](), Counter[str]()
    for document in documents:
        amounts = (document.get("currencies") or {}).get(currency, {})
        paid.update(amounts.get(f"revenue_by_{what}") or {})
        refunded.update(amounts.get(f"refunded_by_{what}") or {})
    named = sorted({*paid, *refunded} - {_OTHER, _NOBODY}, key=lambda key: (-paid[key], key))
    top, beyond = named[:TOP], [*named[TOP:], _OTHER]
    rows: list[tuple[str | None, str, int, int]] = [
        (_name(key), "named", int(paid[key]), int(refunded[key])) for key in top
    ]
    rows.append((None, _OTHER, _sum(paid, beyond), _sum(refunded, beyond)))
    rows.append((None, _NOBODY, int(paid[_NOBODY]), int(refunded[_NOBODY])))
    rows = [row for row in rows if row[1] == "named" or row[2] or row[3]]
    shares = percentages([row[2] for row in rows])
    return [
        {
            f"{what}_id": name,
            "kind": kind,
            "revenue_cents": revenue,
            "refunded_cents": back,
            "percentage": share,
        }
        for (name, kind, revenue, back), share in zip(rows, shares, strict=True)
    ]


def _sum(amounts: Counter[str], keys: Iterable[str]) -> int:
    return int(sum(amounts[key] for key in keys))


def _name(key: str) -> str:
    """The id that a key was made of; one that equals a reserved word stays encoded."""
    text = unquote(key)
    return key if text in RESERVED else text

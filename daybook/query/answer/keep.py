"""How long answers are remembered, by what they are about."""

from dataclasses import dataclass

STALE_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Keep:
    """`seconds`: an answer is as good as new for so long at most; with `by_revision` only while
    no document has changed that it may be made of.

    Beyond, it is kept for an hour, for the case that MongoDB does not answer.
    """

    seconds: int
    by_revision: bool = True


REALTIME = Keep(5, by_revision=False)
REPORTS = Keep(60)

"""How long answers are remembered, by what they are about."""

from dataclasses import dataclass

STALE_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Keep:
    """`seconds`: an answer is as good as new for so long.

    Beyond, it is kept for an hour, for the case that MongoDB does not answer.
    """

    seconds: int


REALTIME = Keep(5)
REPORTS = Keep(60)

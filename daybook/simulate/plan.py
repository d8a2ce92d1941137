"""The parameters of a simulation: how many events, from when, over how many days, which seed."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate

DAY_MS = 24 * 3600 * 1000
_HOUR_MS = 3600 * 1000
_BY_HOUR = (4, 2, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 9, 8, 8, 8, 8, 9, 10, 11, 11, 10, 8, 6)
_UNTIL_HOUR = [0, *accumulate(_BY_HOUR)]


@dataclass(frozen=True)
class Plan:
    """`events` of sc.tracking.funnel, duplicates included, over `days` days from `start`, UTC."""

    events: int
    seed: int
    start: date
    days: int

    @property
    def start_ms(self) -> int:
        midnight = datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)
        return int(midnight.timestamp()) * 1000

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.days * DAY_MS

    def moment_ms(self, progress: float) -> int:
        """The time at which this share (0 to 1) of the traffic has arrived.

        Traffic is denser by day than by night.
        """
        day, share = divmod(progress * self.days, 1)
        weight = share * _UNTIL_HOUR[-1]
        hour = bisect_right(_UNTIL_HOUR, weight) - 1
        within = (weight - _UNTIL_HOUR[hour]) / _BY_HOUR[hour]
        return self.start_ms + int(day) * DAY_MS + int((hour + within) * _HOUR_MS)

"""How many unknown sources a key may name in a day, so that no sender can fill the maps."""

from datetime import date

from daybook.collector import metrics

OTHER = "other"


class SourceCap:
    """Counts in this process alone; a day's names are forgotten with the day."""

    def __init__(self, sources_max: int) -> None:
        self._sources_max = sources_max
        self._day: date | None = None
        self._named: dict[str, set[str]] = {}

    def admit(self, key_id: str, source: str, today: date) -> str:
        """The source itself, or `other` once the key has named too many."""
        if today != self._day:
            self._day, self._named = today, {}
        named = self._named.setdefault(key_id, set())
        if source in named:
            return source
        if len(named) >= self._sources_max:
            metrics.SOURCES_CAPPED.inc()
            return OTHER
        named.add(source)
        return source

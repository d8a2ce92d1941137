"""Limits the number of unknown sources per key and day, so that no client can fill the maps."""

from datetime import date

from daybook.collector import metrics

OTHER = "other"


class SourceCap:
    """Counts within this process; the sources of a day are discarded on the next day."""

    def __init__(self, sources_max: int) -> None:
        self._sources_max = sources_max
        self._day: date | None = None
        self._by_key: dict[str, set[str]] = {}

    def admit(self, key_id: str, source: str, today: date) -> str:
        """The source itself, or `other` if the key has sent too many sources."""
        if today != self._day:
            self._day, self._by_key = today, {}
        sources = self._by_key.setdefault(key_id, set())
        if source in sources:
            return source
        if len(sources) >= self._sources_max:
            metrics.SOURCES_CAPPED.inc()
            return OTHER
        sources.add(source)
        return source

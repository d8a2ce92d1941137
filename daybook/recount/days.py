"""Which days to recount."""

from typing import NamedTuple


class Days(NamedTuple):
    """A range of days (YYYY-MM-DD), both ends included; None leaves that end open."""

    first: str | None = None
    last: str | None = None

    @property
    def are_all(self) -> bool:
        """Whether the range is unlimited."""
        return self.first is None and self.last is None

    def include(self, document: str) -> bool:
        """Whether a daily document belongs to the range; its `_id` ends with its day."""
        return (self.first or "") <= document[-10:] <= (self.last or "~")

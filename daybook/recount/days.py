"""Which days to recount."""

from typing import NamedTuple


class Days(NamedTuple):
    """The days asked for, both included; None is as far as there are any."""

    first: str | None = None
    last: str | None = None

    @property
    def are_all(self) -> bool:
        return self.first is None and self.last is None

    def have(self, document: str) -> bool:
        """Whether the `_id` of a daily document, which ends with its day, is among them."""
        return (self.first or "") <= document[-10:] <= (self.last or "~")

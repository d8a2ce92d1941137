"""`daybook segments`: defines, pins and retires audience segments, and tells of them."""

from daybook.cli.segments import define, explain, listing, size
from daybook.cli.segments.options import segments

__all__ = ["define", "explain", "listing", "segments", "size"]

"""The stages that compute the measures of the group `sc-analytics-funnel-step`.

Its documents hold measures of whole histories, so the expected values depend on how far each
document has counted. The stages run again whenever those limits change.
"""

from pathlib import Path

from daybook.recount.funnel_step import measures, memory, pins

_HERE = Path(__file__).parent

STAGES = (
    memory.fill,
    _HERE / "units.sql",
    _HERE / "plain.sql",
    _HERE / "pinnable.sql",
    pins.fill,
    _HERE / "pins.sql",
    measures.fill,
    _HERE / "effects.sql",
    _HERE / "sketches.sql",
    _HERE / "sessions.sql",
    _HERE / "users.sql",
    _HERE / "rows.sql",
    _HERE / "visitors.sql",
)

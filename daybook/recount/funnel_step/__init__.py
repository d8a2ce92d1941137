"""The measures of the group `sc-analytics-funnel-step`, stage by stage.

Its documents hold what is measured of whole histories, so what they should be depends on how far
each of them has counted. The stages run again whenever those limits change.
"""

from pathlib import Path

from daybook.recount.funnel_step import attempts, memory

_HERE = Path(__file__).parent

STAGES = (
    memory.fill,
    _HERE / "units.sql",
    _HERE / "plain.sql",
    _HERE / "funnels.sql",
    _HERE / "steps.sql",
    _HERE / "people.sql",
    _HERE / "pins.sql",
    attempts.fill,
    _HERE / "effects.sql",
    _HERE / "sketches.sql",
    _HERE / "sessions.sql",
    _HERE / "visitors.sql",
)

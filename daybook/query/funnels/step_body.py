"""One step, as it is answered."""

from daybook.query.figures.body import Body, Period
from daybook.query.figures.folded_comparison import Changes, Told
from daybook.query.figures.folded_series import Granularity
from daybook.query.figures.shares import Rest
from daybook.query.figures.uniques import Uniques


class StepSummary(Body):
    """`unique_visitors` are people of the whole range; times of entries that were left."""

    visitors: int
    unique_visitors: int
    entries: int
    exits: int
    drop_offs: int
    drop_off_rate: float | None
    avg_time_seconds: int | None
    median_time_seconds: int | None
    p90_time_seconds: int | None


class StepPoint(Body):
    timestamp: str
    visitors: int
    entries: int
    exits: int
    drop_offs: int
    drop_off_rate: float | None
    avg_time_seconds: int | None


class TrafficSource(Body):
    source: str
    visitors: int
    percentage: float


class Device(Body):
    device_type: str
    visitors: int
    percentage: float


class Browser(Body):
    browser: str
    visitors: int
    percentage: float


class EntryPath(Body):
    """`previous_step_id` is null for those who came directly."""

    previous_step_id: str | None
    count: int


class ExitPath(Body):
    """`next_step_id` is null for those who left the funnel."""

    next_step_id: str | None
    count: int


class StepReport(Body):
    """`other_…_paths`: what found no room when it was stored, beyond a thousand steps."""

    step_id: str
    step_name: str
    step_type: str
    period: Period
    granularity: Granularity
    summary: StepSummary
    uniques: Uniques
    over_time: list[StepPoint]
    traffic_sources: list[TrafficSource]
    devices: list[Device]
    browsers: list[Browser]
    others: dict[str, Rest]
    entry_paths: list[EntryPath]
    exit_paths: list[ExitPath]
    other_entry_paths: int
    other_exit_paths: int
    previous: Told | None = None
    change: Changes | None = None

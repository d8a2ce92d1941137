"""The daily document of a funnel step: entries, time spent, and exits."""

from daybook.engine.documents.fields import DailyDocument, average, count_map, counter, money, rate

OUTCOMES = ("forward", "backward", "bounce", "close")


class FunnelStepDay(
    DailyDocument,
    collection="analytics_funnel_step",
    key=("organization_id", "funnel_id", "step_id"),
):
    entries: int = counter()
    exits: int = counter()
    exits_by_outcome: dict[str, int] = count_map()
    drop_offs: int = counter()
    drop_off_rate: float | None = rate("drop_offs", "entries")
    visitors: int = counter()
    unique_visitors: int = counter()
    reached: int = counter()
    conversions: int = counter()
    converting_visitors: int = counter()
    value_cents: int | None = money()
    time_spent_seconds: int = counter()
    time_spent_count: int = counter()
    avg_time_seconds: int | None = average("time_spent_seconds", "time_spent_count")
    time_histogram: dict[str, int] = count_map()
    entry_paths: dict[str, int] = count_map()
    exit_paths: dict[str, int] = count_map()
    reasons_by_outcome: dict[str, dict[str, int]] = count_map(groups=OUTCOMES)
    sources: dict[str, int] = count_map(since=2)
    devices: dict[str, int] = count_map(since=2)
    browsers: dict[str, int] = count_map(since=2)

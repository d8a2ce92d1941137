"""Suggestions for steps with drop-offs; each is the text of a named rule, with its evidence."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from daybook.query.figures.map_keys import DIRECT
from daybook.query.figures.totals import counts
from daybook.query.funnels.dropoffs.reasons import Reason
from daybook.query.funnels.dropoffs.severity import Flow, Loss, Severity
from daybook.query.statistics.proportions import wilson
from daybook.query.statistics.quantiles import MEDIAN, P90, quantile_ms

ENTRIES_MIN = 30
"""With fewer entries the only suggestion is to wait for more."""

REASON_COUNT_MIN = 5
QUICK_MS = 5_000
LONG_MS = 120_000
LONG_TIMES = 4
TIMES_MIN = 30
BACKWARD_FROM = 0.15
DIRECT_FROM = 0.3


class Evidence(NamedTuple):
    """What the rules evaluate about one step; `now` and `past` are the flows of `loss`."""

    days: Sequence[Mapping[str, Any]]
    entries: int
    loss: Loss
    now: Flow
    past: Flow
    severity: Severity
    reasons: Sequence[Reason]
    is_first: bool


_LOSSES: dict[Loss, str] = {
    "bounces": "drop-off rate",
    "progression": "share of attempts that do not go on",
}


class Suggestion(NamedTuple):
    rule: str
    text: str


def suggestions(evidence: Evidence) -> list[Suggestion]:
    """The suggestions of all rules that apply, in the order of the rules."""
    if evidence.entries < ENTRIES_MIN:
        entries = "1 entry" if evidence.entries == 1 else f"{evidence.entries} entries"
        text = f"Only {entries}: wait for more before changing anything."
        return [Suggestion("too_few_entries", text)]
    texts = [(rule, suggest(evidence)) for rule, suggest in RULES.items()]
    return [Suggestion(rule, text) for rule, text in texts if text is not None]


def _reason_that_explains(evidence: Evidence) -> str | None:
    """The most frequent reason whose odds ratio is significantly above 1."""
    for reason in evidence.reasons:
        if reason.count >= REASON_COUNT_MIN and reason.odds_ratio_lower > 1:
            return (
                f"Begin with “{reason.reason}”: {reason.count} exits that left name it, and the "
                f"odds of leaving are {reason.odds_ratio:.1f} times as high with it as without."
            )
    return None


def _worse_than_before(evidence: Evidence) -> str | None:
    now, past = evidence.now.rate, evidence.past.rate
    if "worse_than_before" not in evidence.severity.rules or now is None or past is None:
        return None
    return (
        f"Look at what changed here: the {_LOSSES[evidence.loss]} rose from {past:.1%} in the "
        f"period before to {now:.1%}."
    )


def _quick_exit(evidence: Evidence) -> str | None:
    """For a severity above `low`, if half of the visits last only seconds."""
    histogram = counts(evidence.days, "time_histogram")
    median = quantile_ms(histogram, MEDIAN)
    if median is None or sum(histogram.values()) < TIMES_MIN or evidence.severity.level == "low":
        return None
    if median > QUICK_MS:
        return None
    return (
        f"Half of the visits last {median / 1_000:.1f} seconds or less: check how fast the page "
        "loads, and whether it keeps what the link to it promises."
    )


def _long_stay(evidence: Evidence) -> str | None:
    """If a tenth of the visits last minutes, and much longer than the others."""
    histogram = counts(evidence.days, "time_histogram")
    median, p90 = quantile_ms(histogram, MEDIAN), quantile_ms(histogram, P90)
    if median is None or p90 is None or sum(histogram.values()) < TIMES_MIN:
        return None
    if p90 < LONG_MS or p90 < LONG_TIMES * median:
        return None
    return (
        f"A tenth of the visits last over {p90 / 1_000:.0f} seconds, half of them up to "
        f"{median / 1_000:.0f}: find what holds some up, or split the step."
    )


def _going_back(evidence: Evidence) -> str | None:
    exits = counts(evidence.days, "exits_by_outcome")
    backward, total = exits.get("backward", 0), sum(exits.values())
    interval = wilson(backward, total)
    if interval is None or interval.lower < BACKWARD_FROM:
        return None
    return (
        f"{backward / total:.1%} of the exits go back: show here what they go back for, such as "
        "prices, delivery or what was chosen."
    )


def _direct_entries(evidence: Evidence) -> str | None:
    """For steps other than the first."""
    paths = counts(evidence.days, "entry_paths")
    direct, total = paths.get(DIRECT, 0), sum(paths.values())
    interval = wilson(direct, total)
    if evidence.is_first or interval is None or interval.lower < DIRECT_FROM:
        return None
    return (
        f"{direct / total:.1%} of the entries come directly, past the steps before: make the page "
        "understandable by itself, or lead them to the start."
    )


RULES: dict[str, Callable[[Evidence], str | None]] = {
    "telling_reason": _reason_that_explains,
    "worse_than_before": _worse_than_before,
    "quick_exit": _quick_exit,
    "long_stay": _long_stay,
    "going_back": _going_back,
    "direct_entries": _direct_entries,
}

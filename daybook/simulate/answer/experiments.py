"""Counts `analytics_experiment`: a visitor's variant, and their conversions after the exposure."""

from collections import Counter

from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.grouping import group_by
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.shape import EXPERIMENT


def count(ledger: Ledger, organization: str, deeds: list[Deed]) -> None:
    """Counts one visitor's experiments; `deeds` are all of theirs, in order of time."""
    exposures = [deed for deed in deeds if deed.kind == "experiment_exposed"]
    for test, exposures_to_test in group_by(
        exposures, lambda deed: str(deed.data["test_id"])
    ).items():
        first = exposures_to_test[0]
        names = (organization, test, str(first.data["variant_id"]))
        if len({deed.data["variant_id"] for deed in exposures_to_test}) > 1:
            ledger.counter(EXPERIMENT, names, first.at, "multiple_exposures")
        else:
            ledger.counter(EXPERIMENT, names, first.at, "visitors")
            _conversions(ledger, names, first, deeds)


def _conversions(ledger: Ledger, names: tuple[str, ...], first: Deed, deeds: list[Deed]) -> None:
    after = [
        deed
        for deed in deeds
        if deed.kind == "conversion"
        and deed.funnel == first.data["funnel_id"]
        and deed.at.ms >= first.at.ms
    ]
    if not after:
        return
    ledger.counter(EXPERIMENT, names, first.at, "conversions")
    totals: Counter[str] = Counter()
    for deed in after:
        if deed.money:
            totals[deed.money[0]] += deed.money[1]
    for currency, cents in totals.items():
        ledger.money(EXPERIMENT, names, first.at, ("value_cents",), currency, cents)
        squared = ("value_cents_squared",)
        ledger.money(EXPERIMENT, names, first.at, squared, currency, cents * cents)

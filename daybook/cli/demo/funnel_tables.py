"""Tables of the demo's funnels and experiments, from the documents."""

from collections import Counter

from rich.table import Table

from daybook.cli.demo import ecom_events
from daybook.cli.support.printing import table
from daybook.engine.mongo.client import Documents, reachable
from daybook.simulate.funnels import CHECKOUT, CHECKOUT_STEPS
from daybook.simulate.organizations import ACME
from models.experiment import ExperimentDay
from models.funnel import FunnelDay
from models.funnel_step import FunnelStepDay

FUNNELS = (
    (ecom_events.ORGANIZATION, ecom_events.FUNNEL, ecom_events.STEPS),
    (str(ACME), CHECKOUT, CHECKOUT_STEPS),
)


def funnels(documents: Documents) -> Table:
    """For each step of two funnels: entries, attempts that reached it, and their share."""
    rows = []
    for organization, funnel, steps in FUNNELS:
        query = {"organization_id": organization, "funnel_id": funnel}
        attempts = _sums(documents, FunnelDay.collection, query, "attempts")["attempts"]
        for step in steps:
            of_step = query | {"step_id": step}
            sums = _sums(documents, FunnelStepDay.collection, of_step, "entries", "reached")
            rows.append(
                [
                    f"{organization}/{funnel}",
                    step,
                    f"{sums['entries']:,}",
                    f"{sums['reached']:,}",
                    _share(sums["reached"], attempts),
                ]
            )
    return table(["funnel", "step", "entries", "reached", "of attempts"], rows)


def experiments(documents: Documents) -> Table:
    """For each variant: visitors, those who converted, and their share."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    with reachable():
        days = list(documents[ExperimentDay.collection].find({"organization_id": str(ACME)}))
    for day in days:
        sums = counts.setdefault((day["test_id"], day["variant_id"]), Counter())
        sums.update({name: day[name] for name in ("visitors", "conversions")})
    rows = [
        [
            test,
            variant,
            f"{sums['visitors']:,}",
            f"{sums['conversions']:,}",
            _share(sums["conversions"], sums["visitors"]),
        ]
        for (test, variant), sums in sorted(counts.items())
    ]
    return table(["experiment", "variant", "visitors", "converted", "share"], rows)


def _sums(
    documents: Documents, collection: str, query: dict[str, str], *fields: str
) -> Counter[str]:
    sums: Counter[str] = Counter()
    with reachable():
        for day in documents[collection].find(query, dict.fromkeys(fields, 1)):
            sums.update({name: day[name] for name in fields})
    return sums


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""

"""A test is judged by its visitors' own events: within its life, to the millisecond."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from consumers import funnel_step, revenue
from daybook.engine.mongo import indexes
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.support.query import QueryProcess

STARTED, COMPLETED = "2026-03-02T10:00:00.000Z", "2026-03-10T18:00:00.000Z"
RANGE = {"date_from": "2026-03-01", "date_to": "2026-03-31"}
MILLISECOND = timedelta(milliseconds=1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def exposed(at: str | datetime, variant: str = "new", test: str = "t") -> dict[str, Any]:
    named = {"test_id": test, "variant_id": variant}
    return {"event_type": "experiment_exposed", "at": _at(at), **named}


def converted(at: str | datetime, cents: int | None = None, currency: str = "EUR") -> Any:
    money = {} if cents is None else {"value_cents": cents, "currency": currency}
    return {"event_type": "conversion", "at": _at(at), **money}


def _at(at: str | datetime) -> datetime:
    return moment(at) if isinstance(at, str) else at


class Trial:
    """A test of two variants in a funnel, and the visitors of both."""

    def __init__(self, office: Office) -> None:
        self.documents = office.world.documents
        for group in (funnel_step.GROUP, revenue.GROUP):
            indexes.ensure(self.documents, group)
        office.complete()
        self.define()

    def define(self, basis: str | None = None, **times: str | None) -> None:
        named = {"organization_id": ORGANIZATION, "funnel_id": "f"}
        funnel = {"name": "F", "steps": [], "versions": [], "published": True}
        self._put("funnels", f"{ORGANIZATION}:f", named | funnel | {"revenue_basis": basis})
        life = {"started_at": STARTED, "completed_at": COMPLETED} | times
        variants = [
            {"variant_id": name, "name": name, "is_control": name == "old", "traffic_split": 0.5}
            for name in ("old", "new")
        ]
        test = named | {"test_id": "t", "name": "T", "status": "completed", "variants": variants}
        moments = {name: text and moment(text) for name, text in life.items()}
        self._put("experiments", f"{ORGANIZATION}:t", test | moments)

    def visitor(self, name: str, *events: dict[str, Any], organization: str = ORGANIZATION) -> None:
        named = {"organization_id": organization, "visitor_id": name, "funnel_id": "f"}
        row_id = f"{organization}:{name}:f"
        self._put("experiment_visitors", row_id, named | {"events": list(events)})

    def order(self, name: str, visitor: str, at: str, paid: int, refunded: int = 0) -> None:
        self._put(
            "orders",
            name,
            {
                "organization_id": ORGANIZATION,
                "order_id": name,
                "funnel_id": "f",
                "visitor_id": visitor,
                "visitor": f"{ORGANIZATION}:{visitor}:f",
                "ticketed_event_ids": [],
                "created_at": moment(at),
                "currency": "EUR",
                "paid_cents": paid,
                "refunded_cents": refunded,
            },
        )

    def _put(self, collection: str, row_id: str, fields: dict[str, Any]) -> None:
        by_id = {"_id": row_id}
        self.documents[collection].replace_one(by_id, by_id | fields, upsert=True)


@pytest.fixture
def trial(office: Office) -> Trial:
    return Trial(office)


def judged(service: QueryProcess, **parameters: str) -> dict[str, tuple[int, ...]]:
    """By variant: visitors, converting visitors, money and multiple exposures."""
    body = service.report("/funnels/f/ab-tests", **RANGE | parameters).json
    names = ("visitors", "conversions", "revenue_cents", "multiple_exposures")
    return {
        variant["variant_id"]: tuple(variant[name] for name in names)
        for variant in body["tests"][0]["variants"]
    }


def test_an_exposure_counts_from_the_start_to_the_end(trial: Trial, service: QueryProcess) -> None:
    start, end = moment(STARTED), moment(COMPLETED)
    for name, at in {
        "a": start - MILLISECOND,
        "b": start,
        "c": end,
        "d": end + MILLISECOND,
    }.items():
        trial.visitor(name, exposed(at), converted(at + MILLISECOND, 100))
    assert judged(service) == {"old": (0, 0, 0, 0), "new": (2, 2, 200, 0)}


def test_a_conversion_counts_until_two_weeks_after_the_end(
    trial: Trial, service: QueryProcess
) -> None:
    closes = moment(COMPLETED) + timedelta(days=14)
    trial.visitor("a", exposed(STARTED), converted(closes, 5), converted(closes + MILLISECOND, 7))
    trial.visitor("b", exposed(STARTED), converted(closes + MILLISECOND, 11))
    trial.visitor("c", converted(STARTED, 13), exposed("2026-03-02T10:00:00.001Z"))
    assert judged(service)["new"] == (3, 1, 5, 0)


def test_what_came_before_the_start_does_not_decide_the_variant(
    trial: Trial, service: QueryProcess
) -> None:
    trial.visitor("a", exposed("2026-03-01T00:00:00Z", "old"), exposed("2026-03-03T00:00:00Z"))
    trial.visitor("b", exposed("2026-03-03T00:00:00Z"), exposed("2026-03-11T00:00:00Z", "old"))
    assert judged(service) == {"old": (0, 0, 0, 0), "new": (2, 0, 0, 0)}


def test_two_variants_within_the_life_count_apart_at_the_first(
    trial: Trial, service: QueryProcess
) -> None:
    trial.visitor(
        "a",
        exposed("2026-03-04T00:00:00Z", "old"),
        exposed("2026-03-03T00:00:00Z"),
        converted("2026-03-05T00:00:00Z", 100),
    )
    assert judged(service)["new"] == (0, 0, 0, 1)


def test_an_end_that_becomes_known_late_or_is_taken_back_applies(
    trial: Trial, service: QueryProcess
) -> None:
    trial.visitor("a", exposed("2026-03-05T00:00:00Z"))
    trial.visitor("b", exposed("2026-03-20T00:00:00Z"))
    assert judged(service)["new"][0] == 1
    trial.define(completed_at=None)
    assert judged(service, tz="Europe/Berlin")["new"][0] == 2
    trial.define(completed_at="2026-03-04T00:00:00Z")
    assert judged(service, tz="Europe/Paris")["new"][0] == 0


def test_an_exposure_is_remembered_as_long_as_the_test_runs(
    trial: Trial, service: QueryProcess
) -> None:
    trial.define(completed_at=None)
    trial.visitor("a", exposed(STARTED), converted("2026-09-01T00:00:00Z", 100))
    assert judged(service)["new"] == (1, 1, 100, 0)


def test_a_range_selects_days_of_first_exposure_in_the_fleets_zone(
    trial: Trial, service: QueryProcess
) -> None:
    for number in range(3, 7):
        first = f"2026-03-0{number}T00:00:00.000Z"
        trial.visitor(str(number), exposed(first), converted("2026-03-09T00:00:00Z", number))
    chosen = {"date_from": "2026-03-04", "date_to": "2026-03-05"}
    assert judged(service, **chosen)["new"] == (2, 2, 9, 0)


def test_with_the_basis_orders_money_is_that_of_the_exposed_visitors_orders(
    trial: Trial, service: QueryProcess
) -> None:
    trial.define(basis="orders")
    trial.visitor("a", exposed("2026-03-03T00:00:00Z"), converted("2026-03-04T00:00:00Z", 9_999))
    trial.visitor("b", exposed("2026-03-03T00:00:00Z", "old"))
    trial.visitor("c", converted("2026-03-03T00:00:00Z", 9_999))
    trial.order("1", "a", "2026-03-02T23:59:59.999Z", 1)
    trial.order("2", "a", "2026-03-03T00:00:00Z", 500, refunded=200)
    trial.order("3", "a", "2026-03-24T18:00:00Z", 40)
    trial.order("4", "a", "2026-03-24T18:00:00.001Z", 1)
    trial.order("5", "b", "2026-03-09T00:00:00Z", 70, refunded=70)
    trial.order("6", "c", "2026-03-09T00:00:00Z", 1_000)
    trial.order("7", "unknown", "2026-03-09T00:00:00Z", 1_000)
    assert judged(service) == {"old": (1, 0, 0, 0), "new": (1, 1, 340, 0)}
    body = service.report("/funnels/f/ab-tests", **RANGE).json
    assert (body["basis"], body["tests"][0]["currency"]) == ("orders", "EUR")


def test_currencies_are_kept_apart_and_squares_are_of_each_visitors_sum(
    trial: Trial, service: QueryProcess
) -> None:
    at = "2026-03-03T00:00:00Z"
    for name in "abcdef":
        variant = "old" if name < "c" else "new"
        trial.visitor(name, exposed(at, variant), converted(at, 10**12), converted(at, 10**12))
    trial.visitor("g", exposed(at), converted(at, 5, "USD"))
    body = service.report("/funnels/f/ab-tests", **RANGE).json["tests"][0]
    old, new = body["variants"]
    assert (old["revenue_cents"], new["revenue_cents"]) == (4 * 10**12, 8 * 10**12)
    assert body["by_currency"] == {"USD": {"new": 5, "old": 0}}
    # Welch's interval of four visitors worth 2 · 10^12 and one worth nothing: 4 degrees of freedom.
    effect = new["by_revenue_per_visitor"]
    assert effect["difference"] == pytest.approx(-0.4e12)
    assert effect["upper"] - effect["lower"] == pytest.approx(2 * 2.7764 * 0.4e12, rel=1e-3)


def test_another_organizations_visitors_do_not_count(trial: Trial, service: QueryProcess) -> None:
    trial.visitor("a", exposed("2026-03-03T00:00:00Z"), organization=OTHER)
    trial.documents["orders"].insert_one(
        {
            "_id": "1",
            "organization_id": ORGANIZATION,
            "funnel_id": "f",
            "visitor": f"{OTHER}:a:f",
            "created_at": moment("2026-03-04T00:00:00Z"),
            "currency": "EUR",
            "paid_cents": 100,
            "refunded_cents": 0,
        }
    )
    assert judged(service)["new"] == (0, 0, 0, 0)
    trial.define(basis="orders")
    assert judged(service, tz="Europe/Berlin")["new"] == (0, 0, 0, 0)


def test_until_a_rebuild_an_older_fleet_is_judged_by_days(
    trial: Trial, service: QueryProcess, office: Office
) -> None:
    trial.documents["_daybook"].update_many({}, {"$unset": {"models.experiment_visitors": ""}})
    trial.documents["analytics_experiment"].insert_one(
        {
            "organization_id": ORGANIZATION,
            "test_id": "t",
            "variant_id": "new",
            "date": moment("2026-03-03T00:00:00Z"),
            "visitors": 7,
            "conversions": 3,
            "multiple_exposures": 0,
            "currencies": {},
        }
    )
    trial.visitor("a", exposed("2026-03-03T00:00:00Z"))
    assert judged(service)["new"] == (7, 3, 0, 0)

"""Seeded bugs of what reports join when they read: tests with visitors and orders, e-mails."""

from tests.mutants.mutant import Mutant

JUDGED = "daybook/query/funnels/experiments/judged.py"
TESTS = "tests/query/funnels/test_judged.py"

JOINED = (
    Mutant(
        "an exposure in the millisecond of the end is outside",
        JUDGED,
        '{"$lte": ["$$this.at", life.end]}',
        '{"$lt": ["$$this.at", life.end]}',
        (TESTS, "-k", "from_the_start_to_the_end"),
    ),
    Mutant(
        "a conversion counts for ever",
        JUDGED,
        '{"$gte": ["$$this.at", "$first.at"]}, {"$lte": ["$$this.at", life.closes]}',
        '{"$gte": ["$$this.at", "$first.at"]}',
        (TESTS, "-k", "two_weeks"),
    ),
    Mutant(
        "an exposure before the start decides the variant",
        JUDGED,
        '        {"$gte": ["$$this.at", life.start]},\n',
        "",
        (TESTS, "-k", "does_not_decide"),
    ),
    Mutant(
        "a refund does not reach the test",
        JUDGED,
        '{"$subtract": ["$paid_cents", "$refunded_cents"]}',
        '"$paid_cents"',
        (TESTS, "-k", "basis_orders"),
    ),
    Mutant(
        "squares are of the variant's sum instead of each visitor's",
        JUDGED,
        '"_id": {"who": "$who", "variant"',
        '"_id": {"variant"',
        (TESTS, "-k", "squares"),
    ),
    Mutant(
        "a join reads every organization",
        "daybook/query/read/scope.py",
        '"pipeline": [{"$match": self._within(join.collection, is_joined)}],',
        '"pipeline": [{"$match": is_joined}],',
        (TESTS, "-k", "another_organization"),
    ),
    Mutant(
        "an order's row stays as it was paid",
        "daybook/funnels/order_row.py",
        '        "order.refunded",\n',
        "",
        ("tests/recount/revenue/test_funnels.py", "-k", "recount_agree"),
    ),
)

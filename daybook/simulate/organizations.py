"""The tenants: the same funnels in each, so that only the organization tells them apart."""

from daybook.simulate.dice import Table

DEFAULT, ACME, GLOBEX = None, "acme", "globex.co:$1"
"""Events of the first name no organization."""

ORGANIZATIONS: tuple[str | None, ...] = (DEFAULT, ACME, GLOBEX)
BY_TRAFFIC: Table[str | None] = Table([(DEFAULT, 5), (ACME, 3), (GLOBEX, 2)])
CURRENCIES = {
    DEFAULT: Table([("EUR", 8), ("USD", 2)]),
    ACME: Table([("EUR", 1)]),
    GLOBEX: Table([("USD", 9), ("EUR", 1)]),
}

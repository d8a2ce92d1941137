"""The tenants; all have the same funnels, so that only the organization distinguishes them."""

from daybook.simulate.dice import Table

DEFAULT, ACME, GLOBEX = None, "acme", "globex.co:$1"
"""Events of DEFAULT mostly carry no organization_id."""

ORGANIZATIONS: tuple[str | None, ...] = (DEFAULT, ACME, GLOBEX)
BY_TRAFFIC: Table[str | None] = Table([(DEFAULT, 5), (ACME, 3), (GLOBEX, 2)])
CURRENCIES = {
    DEFAULT: Table([("EUR", 8), ("USD", 2)]),
    ACME: Table([("EUR", 1)]),
    GLOBEX: Table([("USD", 9), ("EUR", 1)]),
}

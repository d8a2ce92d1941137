"""The daily document of a variant: visitors first exposed on that day, and their conversions."""

from daybook.engine.documents.fields import DailyDocument, counter, money, squares


class ExperimentDay(
    DailyDocument,
    collection="analytics_experiment",
    key=("organization_id", "test_id", "variant_id"),
):
    visitors: int = counter()
    conversions: int = counter()
    value_cents: int | None = money()
    value_cents_squared: int | None = squares()
    multiple_exposures: int = counter()

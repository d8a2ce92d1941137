"""What every body of a report has in common: strict types, and nothing that is not declared."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A part of an answer. Rates are 0 to 1, percentages 0 to 100, money minor units."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Period(Body):
    """Two days of the fleet, both counted, `YYYY-MM-DD`."""

    start: str
    end: str

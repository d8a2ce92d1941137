"""Base classes of the reports' response bodies."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A part of a response. Rates are 0 to 1, percentages 0 to 100, money is in minor units."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Period(Body):
    """The first and last day of a range, inclusive, `YYYY-MM-DD` in the fleet's time zone."""

    start: str
    end: str

"""Two experiments whose effects are known, because the simulation produces them."""

from dataclasses import dataclass

from daybook.simulate.dice import Dice
from daybook.simulate.funnels import CHECKOUT, SIGNUP
from daybook.simulate.message import Data

CONTROL, TREATMENT = "control", "treatment"
SECOND_VARIANT_CHANCE = 0.01
"""Chance that a session shows the visitor the other variant."""


@dataclass(frozen=True)
class Experiment:
    """A test of one step of a funnel; `pass_chances`: by variant, the chance to pass that step.

    `half` is a variant's share of the traffic, as its owner writes it: a fraction, or percent.
    """

    test: str
    funnel: str
    step: str
    pass_chances: dict[str, float]
    half: float

    @property
    def data(self) -> Data:
        """The data of `ab_test.started` and of the event that ends the test."""
        variants = [
            {
                "variant_id": variant,
                "name": variant.title(),
                "is_control": variant == CONTROL,
                "traffic_split": self.half,
            }
            for variant in (CONTROL, TREATMENT)
        ]
        name = self.test.replace("-", " ")
        return {
            "funnel_id": self.funnel,
            "test_id": self.test,
            "name": name,
            "variants": variants,
        }


FREE_SHIPPING = Experiment("free-shipping", CHECKOUT, "cart", {CONTROL: 0.45, TREATMENT: 0.65}, 0.5)
LONG_FORM = Experiment("long.form", SIGNUP, "form", {CONTROL: 0.60, TREATMENT: 0.45}, 50)
EXPERIMENTS = (FREE_SHIPPING, LONG_FORM)


def assigned(dice: Dice) -> dict[str, str]:
    """A visitor's variant in each test."""
    return {experiment.test: dice.choice((CONTROL, TREATMENT)) for experiment in EXPERIMENTS}

"""Two experiments whose effect is known, because it is made here."""

from dataclasses import dataclass

from daybook.simulate.dice import Dice
from daybook.simulate.funnels import CHECKOUT, SIGNUP
from daybook.simulate.message import Data

CONTROL, TREATMENT = "control", "treatment"
SECOND_VARIANT_CHANCE = 0.01
"""That a visitor is shown the other variant in a session."""


@dataclass(frozen=True)
class Experiment:
    """`go_on`: the chance, by variant, that a visitor passes the step that it is about."""

    test: str
    funnel: str
    step: str
    go_on: dict[str, float]

    @property
    def data(self) -> Data:
        """Of `ab_test.started` and what ends it."""
        variants = [
            {
                "variant_id": variant,
                "name": variant.title(),
                "is_control": variant == CONTROL,
                "traffic_split": 0.5,
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


FREE_SHIPPING = Experiment("free-shipping", CHECKOUT, "cart", {CONTROL: 0.45, TREATMENT: 0.65})
LONG_FORM = Experiment("long.form", SIGNUP, "form", {CONTROL: 0.60, TREATMENT: 0.45})
EXPERIMENTS = (FREE_SHIPPING, LONG_FORM)


def assigned(dice: Dice) -> dict[str, str]:
    """A visitor's variant of each test."""
    return {each.test: dice.choice((CONTROL, TREATMENT)) for each in EXPERIMENTS}

"""The visitors: new and returning people, some of two organizations or two devices, and a kiosk."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from daybook.simulate import contexts, experiments
from daybook.simulate.dice import Dice, Table
from daybook.simulate.organizations import ACME, BY_TRAFFIC, CURRENCIES
from daybook.simulate.plan import DAY_MS

PEOPLE_MAX = 4_000
"""How many people may return; beyond that, random ones are dropped, to bound memory."""
RETURN_CHANCE = 0.45
KIOSK_CHANCE = 0.012
TWIN_CHANCE = 0.01
SECOND_DEVICE_CHANCE = 0.25
_ASKED = 8
"""How many people are asked whether they have an account and another device."""
SHARED_SESSION_CHANCE = 0.004
_HOUR_MS = DAY_MS // 24
_SKEWS_MS: Table[int] = Table(
    [(0, 94), (-90_000, 2), (40_000, 2), (-11 * _HOUR_MS, 1), (3 * _HOUR_MS, 1)]
)


class Account(NamedTuple):
    """A user's id, and when the account was created."""

    id: str
    created_ms: int


@dataclass
class Person:
    """A visitor. `visitor` is an id; `skew_ms`: how far the browser's clock is ahead.

    `user`: the account that they use on this device. `account`: one from another device, as which
    they may log in here.
    """

    visitor: str
    organization: str | None
    device: dict[str, Any]
    currency: str
    skew_ms: int
    variants: dict[str, str]
    user: Account | None = None
    account: Account | None = None


class People:
    """The people who may return."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._known: list[Person] = []
        self._kiosk = self._new("kiosk-in-the-shop", ACME)

    def next(self) -> Person:
        """The next visitor: a new person, a returning one, or the shop's own kiosk."""
        dice = self._dice
        if dice.chance(KIOSK_CHANCE):
            # Whoever uses it logs in as themselves, or not at all.
            self._kiosk.user, self._kiosk.account = None, self._someones_account()
            return self._kiosk
        if self._known and dice.chance(RETURN_CHANCE):
            return dice.choice(self._known)
        twin = self._known and dice.chance(TWIN_CHANCE)
        visitor = dice.choice(self._known).visitor if twin else dice.uuid()
        person = self._new(visitor, dice.pick(BY_TRAFFIC))
        if dice.chance(SECOND_DEVICE_CHANCE):
            person.account = self._someones_account()
        self._remember(person)
        return person

    def session(self) -> str:
        """A session id; occasionally one that several visitors share."""
        if self._dice.chance(SHARED_SESSION_CHANCE):
            return "shared-by-mistake"
        return self._dice.uuid()

    def _someones_account(self) -> Account | None:
        asked = self._dice.choices(self._known, k=_ASKED) if self._known else []
        return next((person.user for person in asked if person.user), None)

    def _new(self, visitor: str, organization: str | None) -> Person:
        dice = self._dice
        return Person(
            visitor,
            organization,
            contexts.device(dice),
            dice.pick(CURRENCIES[organization]),
            dice.pick(_SKEWS_MS),
            experiments.assigned(dice),
        )

    def _remember(self, person: Person) -> None:
        if len(self._known) < PEOPLE_MAX:
            self._known.append(person)
        else:
            self._known[self._dice.randrange(PEOPLE_MAX)] = person

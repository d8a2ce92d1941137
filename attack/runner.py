"""Runs attacks one after the other on a fleet, and starts a new fleet when one is hurt."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Self

from attack import bounds
from attack.attack import Attack, Sent
from attack.attacker import AttackFailed, make
from attack.catalogue import RECOUNTED
from attack.fleet import MEMBERS, Fleet, Guarded, guarded_fleet
from attack.outcome import Outcome, latency_failures, memory_failures, p99s, slowed
from attack.samples import Samples

_QUIET_SECONDS = 5.0
_WINDOW_SECONDS_MIN = 2.0
_VERIFY_SECONDS_MAX = 150.0
_VERIFY = "verify --all"

Log = Callable[[str], None]
"""Gets a line of progress."""


class Runner:
    """Owns the fleet while it is entered. `seconds_max`: attacks that would begin later are not
    made, and did not hold. `notes`: a sentence for each fleet that was started."""

    def __init__(self, log: Log, seconds_max: float) -> None:
        self._log = log
        self._deadline = time.monotonic() + seconds_max
        self._stack = ExitStack()
        self._guarded: Guarded | None = None
        self._quiet = Samples([])
        self._counted: list[str] = []
        self._is_hurt = False
        self.notes: list[str] = []

    def run(self, part: str, attacks: Sequence[Attack]) -> Iterator[Outcome]:
        """The outcomes of a part's attacks, and of the recount of a fleet that they have hurt."""
        for attack in attacks:
            if time.monotonic() > self._deadline:
                yield _not_made(part, attack.name)
                continue
            outcome = self._attack(part, attack)
            held = "held" if outcome.held else "did not hold"
            self._log(f"{part}: {attack.name}: {held} ({outcome.seconds:.0f} s)")
            yield outcome
            if part in RECOUNTED and part not in self._counted:
                self._counted.append(part)
            if self._is_hurt:
                yield from self.finish()

    def finish(self) -> Iterator[Outcome]:
        """Ends the fleet, with the outcome of comparing all that it has counted with a recount."""
        if self._guarded is not None and self._counted:
            yield self._verify(self._guarded.fleet)
        self._end_fleet()

    def _attack(self, part: str, attack: Attack) -> Outcome:
        guarded = self._healthy()
        fleet, witness, memory = guarded.fleet, guarded.witness, guarded.memory
        memory.begin()
        faults, began = fleet.faults(), time.monotonic()
        try:
            sent = make(part, attack, fleet.target)
        except AttackFailed as error:
            sent = Sent("", [f"the attack could not be made: {error}"])
        finally:
            fleet.resume_servers()
        time.sleep(max(0.0, began + _WINDOW_SECONDS_MIN - time.monotonic()))
        ended = time.monotonic()
        failures = list(sent.failures)
        behind = fleet.wait_for_no_lag(attack.settle_seconds_max)
        dead = fleet.dead()
        is_well = bool(dead) or witness.wait_until_well(ended, bounds.RECOVERY_SECONDS_MAX)
        during = witness.between(began, ended)
        failures += dead + behind
        if not is_well:
            seconds = f"{bounds.RECOVERY_SECONDS_MAX:.0f} s"
            failures.append(f"others are not answered {seconds} after the attack")
        if raised := fleet.faults() - faults:
            failures.append(f"{raised:,} failures of the services themselves are in their logs")
        failures += latency_failures(attack.judged, during, self._quiet, attack.judged_percent)
        peaks = memory.peaks()
        failures += memory_failures(peaks, {p.name: p.kind for p in fleet.processes})
        outcome = Outcome(
            part,
            attack.name,
            sent.what,
            time.monotonic() - began,
            failures,
            p99s(during),
            fleet.alive(),
            len(fleet.processes),
            peaks,
            slowed(during, self._quiet),
        )
        self._is_hurt = bool(dead or behind) or not is_well
        return outcome

    def _verify(self, fleet: Fleet) -> Outcome:
        began = time.monotonic()
        with ThreadPoolExecutor(len(MEMBERS)) as threads:
            found = threads.map(lambda group: fleet.verify(group, _VERIFY_SECONDS_MAX), MEMBERS)
        failures = [failure for failure in found if failure]
        what = f"numbers of {len(MEMBERS)} groups, recounted after {', '.join(self._counted)}"
        held = "equal" if not failures else "NOT equal"
        seconds, count = time.monotonic() - began, len(fleet.processes)
        self._log(f"{_VERIFY}: {held} ({seconds:.0f} s)")
        return Outcome("all", _VERIFY, what, seconds, failures, {}, fleet.alive(), count, {})

    def _healthy(self) -> Guarded:
        """The fleet, a new one if there is none."""
        if self._guarded is None:
            self._log("starting a fleet")
            self._guarded = self._stack.enter_context(guarded_fleet())
            began = time.monotonic()
            time.sleep(_QUIET_SECONDS)
            self._quiet = self._guarded.witness.between(began, time.monotonic())
            known = [f"{kind} p99 {ms or 0:,.0f} ms" for kind, ms in p99s(self._quiet).items()]
            self.notes.append(f"a fleet, while nobody attacked: {', '.join(known)}")
        return self._guarded

    def _end_fleet(self) -> None:
        self._guarded = None
        self._counted, self._is_hurt = [], False
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_fleet()


def _not_made(part: str, name: str) -> Outcome:
    return Outcome(part, name, "", 0.0, ["not made: the time was up"], {}, 0, 0, {})

"""A visitor's history, message by message, and what it comes to."""

from collections.abc import Iterable

from daybook.simulate.answer import attempts, experiments, funnels, plain, steps, tickets
from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.definitions import Definitions
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.memory import Memory


def count(
    ledger: Ledger, definitions: Definitions, organization: str, history: Iterable[Deed]
) -> None:
    """Adds all that the visitor's deeds, in the log's order, come to.

    A session that is forgotten has given what it gave until then: what was remembered with it,
    less what is remembered without it, is booked for good.
    """
    memory = Memory()
    for deed in history:
        if deed.bot:
            plain.bot(ledger, organization, deed)
            continue
        _forget(ledger, organization, memory, memory.expired(deed.appended_ms))
        _forget(ledger, organization, memory, memory.crowded_out(deed.session))
        memory.seen(deed.at.day)
        plain.count(ledger, organization, deed)
        if memory.keep(deed) and deed.kind == "step_entry" and deed.funnel:
            day = (deed.funnel, deed.at.day)
            in_force = definitions.in_force(organization, deed.funnel, deed.place)
            if day not in memory.pins and in_force:
                memory.pins[day] = in_force
    _measure(ledger, organization, memory)


def _forget(ledger: Ledger, organization: str, memory: Memory, sessions: list[str]) -> None:
    if not sessions:
        return
    _measure(ledger, organization, memory)
    memory.forget(sessions)
    ledger.sign = -1
    _measure(ledger, organization, memory)
    ledger.sign = 1


def _measure(ledger: Ledger, organization: str, memory: Memory) -> None:
    """Everything that depends on more than one event, of what is remembered."""
    deeds = sorted(memory.deeds(), key=lambda deed: deed.order)
    for funnel in sorted({deed.funnel for deed in deeds if deed.funnel}):
        names = (organization, funnel)
        own = [deed for deed in deeds if deed.funnel == funnel]
        funnels.count(ledger, names, own, memory.first_day)
        steps.count(ledger, names, own)
        attempts.count(ledger, names, own, memory.pins)
    experiments.count(ledger, organization, deeds)
    tickets.count(ledger, organization, deeds)

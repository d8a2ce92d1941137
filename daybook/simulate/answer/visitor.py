"""Counts a visitor's history, message by message."""

from collections.abc import Iterable
from dataclasses import replace

from daybook.simulate.answer import attempts, experiments, funnels, plain, steps, tickets
from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.definitions import Definitions
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.memory import Memory


def count(
    ledger: Ledger, definitions: Definitions, organization: str, history: Iterable[Deed]
) -> None:
    """Adds everything that the visitor's deeds, in the log's order, count.

    Amounts of a session stay when it is forgotten: the measure with it, less the measure without
    it, is booked for good.
    """
    memory = Memory()
    user: str | None = None
    for event in history:
        if event.bot:
            plain.bot(ledger, organization, event)
            continue
        user = event.data.get("user_id", user)
        deed = replace(event, user=user)
        _forget(ledger, organization, memory, memory.expired(deed.appended_ms))
        _forget(ledger, organization, memory, memory.crowded_out(deed.session))
        memory.seen(deed.at.day)
        plain.count(ledger, organization, deed)
        if memory.keep(deed) and deed.kind == "step_entry" and deed.funnel:
            day = (deed.funnel, deed.at.day)
            in_force = definitions.in_force(organization, deed.funnel, deed.place)
            if day not in memory.pins and in_force:
                memory.pin(day, in_force)
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
    """Adds every number that depends on more than one event, from the remembered deeds."""
    deeds = sorted(memory.deeds(), key=lambda deed: deed.order)
    for funnel in sorted({deed.funnel for deed in deeds if deed.funnel}):
        names = (organization, funnel)
        in_funnel = [deed for deed in deeds if deed.funnel == funnel]
        funnels.count(ledger, names, in_funnel, memory.first_day)
        steps.count(ledger, names, in_funnel)
        attempts.count(ledger, names, in_funnel, memory.pins)
    experiments.count(ledger, organization, deeds)
    tickets.count(ledger, organization, deeds)

"""`daybook demo`: the guided first run."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import typer
from rich.console import Console

from daybook.cli.demo import cdnow, check, ecom, funnel_tables, publish, serve, traffic
from daybook.cli.demo.cdnow_events import Event, shop
from daybook.cli.demo.console import Steps, bars
from daybook.cli.demo.groups import count_all, verify_all
from daybook.cli.demo.report import Books, as_json, span, table
from daybook.cli.support.local_servers import given_servers, local_directory, sentences
from daybook.cli.support.printing import print_line
from daybook.engine.errors import DaybookError
from daybook.engine.mongo.client import database, reachable
from daybook.engine.settings import Settings, settings
from daybook.simulate.message import Message
from models.revenue import RevenueDay

DAY = "1997-03-25"
"""The day that is shown whole."""

_NEXT = f"""
What to try next:
  daybook show revenue --date {DAY}    the documents as a table
  daybook simulate --seed 2 --rate 500      other visitors; start a member to count them
  daybook serve query                       reports and the dashboard; docs/dashboard.md
  daybook serve collector                   events over HTTP; docs/collector.md has a first one
  daybook status                            lag, freshness, members
  daybook run revenue                       a member: start several, `kill -9` one while you
                                            publish, and `daybook verify revenue --all` still
                                            finds every number right
  daybook verify order-funnel --date {DAY}
                                            damage a document by hand in mongosh, and this names
                                            the field, what is stored and what the log says
  daybook rebuild order-funnel --date {DAY}
                                            heals it, while the group runs
  daybook demo                              once more: no number changes
  daybook down --wipe                       ends the local servers and removes their data
"""


class WrongTotals(DaybookError):
    """The documents do not add up to what CDNOW sold."""


def demo() -> None:
    """See a real shop's purchases become daily documents, and every number recounted.

    Brings the servers up, fetches CDNOW's 69,659 purchases of 1997 and 1998 (a file of 2 MB, kept
    in your user cache), publishes them as the events of orders and users, and counts them by the
    groups side by side. Then the same with what visitors do: 31,106 clicks of 600 users of a shop,
    and a simulated storefront of which the answer is known. Every document is recounted from the
    log, and the dashboard served over them, until Ctrl-C. Takes two to four minutes. Without a
    terminal, or with DAYBOOK_DEMO_SERVE=0, it ends once the dashboard was tried.

    Event ids are the same in every run: a second one publishes only what the log misses, which is
    nothing unless the first was stopped half-way, and changes no number. What is tried at the end
    is of an organization of its own, `demo`.

    Example: daybook demo
    """
    console = Console()
    try:
        _demo(console)
    except KeyboardInterrupt:
        print_line(
            "\nStopped. Run `daybook demo` again to continue; nothing is counted twice.", console
        )
        raise typer.Exit(130) from None


def _demo(console: Console) -> None:
    steps = Steps(console, 11)
    with steps.step("Servers: Kafka, MongoDB and Redis, topics and indexes"):
        _servers(console)
    own = settings()
    logs = _logs()
    with steps.step("CDNOW: what a shop sold in 1997 and 1998"), sentences():
        purchases = cdnow.fetch(lambda line: print_line(line, console))
        print_line(str(cdnow.totals(purchases)), console)
    with steps.step("Publish: the purchases as events, in the order of their time"):
        with console.status("making events of the purchases"):
            events = shop(purchases)
        _publish(own, console, events)
    with steps.step("Count: the groups side by side, each event exactly once"):
        print_line(f"what the members say: {logs}", console)
        count_all(own, console, logs)
    with steps.step("Documents: one a day and group, here by month, and a day of revenue"):
        books = _show(own, console, events)
    with steps.step("Visitors: the clicks of a shop, and a simulated storefront"), sentences():
        clicks = ecom.fetch(lambda line: print_line(line, console))
        print_line(str(ecom.totals(clicks)), console)
        messages = _track(own, console, clicks)
    with steps.step("Count: whoever comes twice, late or out of order, once"):
        count_all(own, console, logs)
    with steps.step("Funnels: how far visitors came, and two experiments"):
        console.print(funnel_tables.funnels(database(own)))
        console.print(funnel_tables.experiments(database(own)))
    with steps.step("Verify: every document recounted from the log, field by field"):
        verify_all(console)
    with steps.step("Totals: the documents against CDNOW, and against the storefront's answer"):
        _compare(console, books.totals())
        with console.status("counting the traffic a second time"):
            known = traffic.known(own, messages)
        equal = traffic.compare(database(own), known)
        print_line(
            f"{equal:,} documents of visitors equal the known answer in every number", console
        )
    with ExitStack() as stack:
        with steps.step("Serve: the dashboard over it, and an event through the collector"):
            served = stack.enter_context(serve.services(own, console, logs))
            right = check.look(served.query, *span(events), known)
            print_line(f"{right} numbers of the reports are what the documents came to", console)
            seconds = check.track(served.collector, served.query)
            print_line(f"a tracked event reached the live stream after {seconds:.1f} s", console)
        print_line(f"\nAll of it took {steps.total}.", console)
        print_line(_NEXT, console)
        if serve.goes_on(own):
            print_line(serve.invitation(served), console)
            serve.stay(served, console)


def _servers(console: Console) -> None:
    # Deferred: what starts servers is slow to import, and every command imports this module.
    from daybook.cli.up import prepare, servers_up

    servers_up(console)
    prepare()


def _publish(own: Settings, console: Console, events: list[Event]) -> None:
    with console.status("asking the log what it holds already"):
        wanted = {event.event_id for event in events}
        present = publish.ids_in_log(own, publish.TOPICS, wanted)
    missing = publish.missing(events, present)
    if not missing:
        print_line(f"already published: the log holds all {len(events):,} events", console)
        return
    if len(missing) < len(events):
        held = len(events) - len(missing)
        print_line(
            f"{held:,} of {len(events):,} events are published; publishing the rest", console
        )
    with bars(console, {"publishing": len(missing)}) as advance:
        publish.publish(own, missing, lambda done: advance("publishing", done))


def _track(own: Settings, console: Console, clicks: list[ecom.Click]) -> list[Message]:
    with console.status("making the storefront's traffic, asking the log what it holds already"):
        messages = traffic.traffic(clicks)
        missing = traffic.missing(own, messages)
    if not missing:
        print_line(f"already published: the log holds all {len(messages):,} messages", console)
        return messages
    with bars(console, {"publishing": traffic.tracked(missing)}) as advance:
        traffic.publish(own, missing, lambda done: advance("publishing", done))
    return messages


def _logs() -> Path:
    """`.daybook/logs`; a temporary directory when no server of ours has one."""
    if {"kafka", "mongodb"} <= given_servers().keys():
        return Path(tempfile.mkdtemp(prefix="daybook-demo-"))
    logs = local_directory() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    return logs


def _show(own: Settings, console: Console, events: list[Event]) -> Books:
    documents = database(own)
    books = Books.load(documents, *span(events))
    console.print(table(books.months()))
    with reachable():
        day = documents[RevenueDay.collection].find_one({"_id": DAY})
    if day:
        print_line(f"\n{RevenueDay.collection}, {DAY}:", console)
        console.print(as_json(day), markup=False, soft_wrap=True)
    return books


def _compare(console: Console, found: cdnow.Totals) -> None:
    """Raises WrongTotals."""
    if found != cdnow.PUBLISHED:
        raise WrongTotals(
            f"the documents hold {found}, but CDNOW sold {cdnow.PUBLISHED}. If you published "
            "orders of your own for those days, or made a topic anew, that is why: "
            "`daybook verify revenue --all` says whether the documents are what the log says"
        )
    print_line(f"{found}: as CDNOW says", console)

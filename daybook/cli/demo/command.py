"""`daybook demo`: the guided first run, with real data."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import typer
from rich.console import Console

from daybook.cli.demo import cdnow, check, ecom, funnel_tables, publish, segments, serve, traffic
from daybook.cli.demo.cdnow_events import Event, purchase_events
from daybook.cli.demo.console import Steps, bars
from daybook.cli.demo.groups import count_all, verify_all
from daybook.cli.demo.report import Documents, as_json, date_range, table
from daybook.cli.support.local_directory import local_directory
from daybook.cli.support.local_servers import given_servers, server_errors
from daybook.cli.support.printing import print_line
from daybook.engine.errors import DaybookError
from daybook.engine.mongo.client import database, reachable
from daybook.engine.settings import Settings, settings
from daybook.simulate.message import Message
from models.revenue import RevenueDay

DAY = "1997-03-25"
"""The day whose document is printed in full."""

_NEXT = f"""
What to try next:
  daybook show revenue --date {DAY}    show the documents as a table
  daybook simulate --seed 2 --rate 500      send other visitors; start a member to count them
  daybook serve query                       serve reports and the dashboard; docs/dashboard.md
  daybook serve exports                     make reports as files; docs/exports.md
  daybook serve collector                   take events over HTTP; first steps: docs/collector.md
  daybook segments list --organization acme show segments; docs/segments.md
  daybook status                            show lag, freshness, members
  daybook run revenue                       run a member: start several, `kill -9` one while you
                                            publish, and `daybook verify revenue --all` still
                                            finds every number right
  daybook verify order-funnel --date {DAY}
                                            damage a document by hand in mongosh; this prints the
                                            field, the stored and the recounted value
  daybook rebuild order-funnel --date {DAY}
                                            repair it while the group runs
  daybook demo                              run the demo again: no number changes
  daybook down --wipe                       stop the local servers and remove their data
"""


class WrongTotals(DaybookError):
    """The documents' totals differ from CDNOW's."""


def demo() -> None:
    """Count a real shop's purchases into daily documents, recount them, serve the dashboard.

    The demo starts the servers and downloads CDNOW's 69,659 purchases of 1997 and 1998 (a file of
    2 MB, kept in your user cache). It publishes them as events of orders and users, and all groups
    count them in parallel. It then does the same with visitors: 31,106 clicks of 600 users of a
    shop, and a simulated storefront with a known answer. It defines three audience segments, and
    shows who is in them at two moments. It recounts every document from the log, and serves the
    dashboard until Ctrl-C. All of this takes three to five minutes. Without a terminal, or with
    DAYBOOK_DEMO_SERVE=0, it ends after a test of the dashboard.

    Event ids are the same in every run, so another run publishes only events that the log lacks,
    and changes no number. Test events at the end belong to an organization of their own, `demo`.

    Example: `daybook demo`
    """
    console = Console()
    try:
        _demo(console)
    except KeyboardInterrupt:
        print_line(
            "\nStopped. Run `daybook demo` again to continue; no event is counted twice.", console
        )
        raise typer.Exit(130) from None


def _demo(console: Console) -> None:
    steps = Steps(console, 12)
    with steps.step("Servers: Kafka, MongoDB and Redis, topics and indexes"):
        _servers(console)
    config = settings()
    logs = _logs()
    with steps.step("CDNOW: a shop's sales in 1997 and 1998"), server_errors():
        purchases = cdnow.fetch(lambda line: print_line(line, console))
        print_line(str(cdnow.totals(purchases)), console)
    with steps.step("Publish: the purchases as events, by time"):
        with console.status("turning purchases into events"):
            events = purchase_events(purchases)
        _publish(config, console, events)
    with steps.step("Count: all groups in parallel, each event exactly once"):
        print_line(f"the members log to {logs}", console)
        count_all(config, console, logs)
    with steps.step("Documents: one per day and group, here by month, and a day of revenue"):
        documents = _show(config, console, events)
    with steps.step("Visitors: the clicks of a shop, and a simulated storefront"), server_errors():
        clicks = ecom.fetch(lambda line: print_line(line, console))
        print_line(str(ecom.totals(clicks)), console)
        messages = _track(config, console, clicks)
    with steps.step("Count: duplicate, late and disordered events, each once"):
        count_all(config, console, logs)
    with steps.step("Funnels: how far visitors came, and two experiments"):
        console.print(funnel_tables.funnels(database(config)))
        console.print(funnel_tables.experiments(database(config)))
    with steps.step("Segments: who is in at two moments, and why"):
        segments.run(config, console, logs)
        console.print(segments.members(config))
        segments.explain(config, console)
    with steps.step("Verify: every document recounted from the log, field by field"):
        verify_all(console)
    with steps.step("Totals: the documents against CDNOW and the storefront's known answer"):
        _compare(console, documents.totals())
        with console.status("computing the known answer of the traffic"):
            known = traffic.known(config, messages)
        equal = traffic.compare(database(config), known)
        print_line(f"{equal:,} documents of visitors equal the known answer", console)
    with ExitStack() as stack:
        with steps.step("Serve: the dashboard, and an event through the collector"):
            served = stack.enter_context(serve.services(config, console, logs))
            compared = check.check_reports(served.query, *date_range(events), known)
            print_line(f"{compared} totals in reports equal those of the documents", console)
            seconds = check.track(served.collector, served.query)
            print_line(f"a tracked event reached the live stream after {seconds:.1f} s", console)
        print_line(f"\nThe demo took {steps.total}.", console)
        print_line(_NEXT, console)
        if serve.keeps_serving(config):
            print_line(serve.invitation(served), console)
            serve.wait_for_interrupt(served, console)


def _servers(console: Console) -> None:
    # Deferred: what starts servers is slow to import, and every command imports this module.
    from daybook.cli.up import prepare, servers_up

    servers_up(console)
    prepare()


def _publish(config: Settings, console: Console, events: list[Event]) -> None:
    with console.status("reading which events the log holds"):
        wanted = {event.event_id for event in events}
        present = publish.ids_in_log(config, publish.TOPICS, wanted)
    missing = publish.missing(events, present)
    if not missing:
        print_line(f"already published: the log holds all {len(events):,} events", console)
        return
    if len(missing) < len(events):
        published = len(events) - len(missing)
        print_line(
            f"{published:,} of {len(events):,} events are published; publishing the rest", console
        )
    with bars(console, {"publishing": len(missing)}) as advance:
        publish.publish(config, missing, lambda done: advance("publishing", done))


def _track(config: Settings, console: Console, clicks: list[ecom.Click]) -> list[Message]:
    with console.status("simulating the storefront, reading which events the log holds"):
        messages = traffic.traffic(clicks)
        missing = traffic.missing(config, messages)
    if not missing:
        print_line(f"already published: the log holds all {len(messages):,} messages", console)
        return messages
    with bars(console, {"publishing": traffic.tracked(missing)}) as advance:
        traffic.publish(config, missing, lambda done: advance("publishing", done))
    return messages


def _logs() -> Path:
    """`.daybook/logs`; a temporary directory if Kafka and MongoDB are not local ones."""
    if {"kafka", "mongodb"} <= given_servers().keys():
        return Path(tempfile.mkdtemp(prefix="daybook-demo-"))
    logs = local_directory() / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    return logs


def _show(config: Settings, console: Console, events: list[Event]) -> Documents:
    mongodb = database(config)
    documents = Documents.load(mongodb, *date_range(events))
    console.print(table(documents.months()))
    with reachable():
        day = mongodb[RevenueDay.collection].find_one({"_id": DAY})
    if day:
        print_line(f"\n{RevenueDay.collection}, {DAY}:", console)
        console.print(as_json(day), markup=False, soft_wrap=True)
    return documents


def _compare(console: Console, found: cdnow.Totals) -> None:
    """Raises WrongTotals."""
    if found != cdnow.PUBLISHED:
        raise WrongTotals(
            f"the documents hold {found}, but CDNOW has {cdnow.PUBLISHED}. Did you publish orders "
            "of your own for these days, or re-create a topic? `daybook verify revenue --all` "
            "shows whether the documents equal the log"
        )
    print_line(f"{found}: equal to CDNOW", console)

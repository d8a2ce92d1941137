"""The queue in memory is the truth: its copy may fail, and is not another tab's to touch."""

import pytest

from tests.collector.web_client.conftest import AWAY, BACK, LINES, WAITING, Visitor

DISABLED = (
    'Object.defineProperty(window, "localStorage", { get() { throw new Error("disabled"); } });'
)
FULL = """for (let n = 2 ** 23; n; n >>= 1)
    try { localStorage["filler" + n] = "x".repeat(n); } catch {}"""
CORRUPT = """for (const name of ["visitor", "session", "queue.other"])
    localStorage["daybook." + name] = '{"id":\\n{';"""
ODD = """localStorage["daybook.visitor"] = "{}"; localStorage["daybook.session"] = "5";"""


@pytest.mark.parametrize(
    "before", [DISABLED, FULL, CORRUPT, ODD], ids=["disabled", "full", "corrupt", "odd"]
)
def test_storage_that_fails_loses_nothing(visitor: Visitor, before: str) -> None:
    visitor.visit("/", """daybook.track("one"); daybook.track("two")""", before=before)
    events = [one.event["data"] for one in visitor.logged_once(3)]
    assert len({event["visitor_id"] for event in events}) == 1
    assert len({event["session_id"] for event in events}) == 1


@pytest.mark.parametrize(
    "meanwhile",
    [
        "localStorage.clear()",
        'for (const name of Object.keys(localStorage)) localStorage[name] = "{"',
    ],
    ids=["cleared", "overwritten"],
)
def test_storage_that_others_change_loses_nothing(visitor: Visitor, meanwhile: str) -> None:
    visitor.visit("/", f"""daybook.track("one"); {meanwhile}; daybook.track("two"); {meanwhile}""")
    events = [one.event["data"] for one in visitor.logged_once(3)]
    assert len({event["visitor_id"] for event in events}) == 1
    assert len({event["session_id"] for event in events}) == 1


def test_two_tabs_send_their_own_events_and_leave_each_others(visitor: Visitor) -> None:
    one = visitor.visit("/one", """daybook.track("one")""", before=AWAY)
    two = visitor.visit("/two", """daybook.track("two")""", before=AWAY)
    for page in (one, two):
        page.wait_for_function("tried > 0")
    assert one.evaluate(WAITING) == 4
    one.evaluate(BACK)
    one.wait_for_function(f"{WAITING} == 2")
    assert all("two" in line for line in two.evaluate(LINES))
    two.evaluate(BACK)
    two.wait_for_function(f"!{WAITING}")
    visitor.logged_once(4)


def test_another_tab_sends_the_events_of_one_that_was_asleep_for_long(visitor: Visitor) -> None:
    """The stored queue says how long its page owns it; that time has passed here."""
    asleep = visitor.visit("/asleep", """daybook.track("one")""", before=AWAY)
    asleep.wait_for_function("tried > 0")
    asleep.evaluate(
        """Object.defineProperty(navigator, "onLine", { value: false, configurable: true });
        for (const name of Object.keys(localStorage)) if (name.startsWith("daybook.queue."))
            localStorage[name] = localStorage[name].replace(/^\\d+/, Date.now() - 1)"""
    )
    visitor.send("/awake")
    visitor.logged_once(3)
    asleep.evaluate(f"""delete navigator.onLine; {BACK} daybook.track("two")""")
    asleep.wait_for_function(f"!{WAITING}")
    visitor.logged_once(4)

"""What daybook.js keeps: events that are strange, large, refused, or tracked while calls fail."""

import pytest

from daybook.collector.body import BODY_BYTES_MAX
from tests.collector.web_client.conftest import AWAY, BACK, LINES, SPY, WAITING, Visitor

KEEPALIVE_BYTES_MAX = 65_536
PURCHASE = 'daybook.send("conversion", { conversion_type: "purchase", value_cents: 4990 });'


def types(visitor: Visitor, count: int) -> list[str]:
    return sorted(one.event["event_type"] for one in visitor.logged_once(count))


def test_half_an_emoji_is_replaced_wherever_it_stands(visitor: Visitor) -> None:
    visitor.send(
        "/",
        r"""daybook.track("\ud83d", { "key \ude00": [{ deep: "a\udc00b" }],
                                      whole: "\ud83d\ude00", text: "\\ud83d" });"""
        + PURCHASE,
    )
    (data,) = (x.event["data"] for x in visitor.logged_once(3) if x.event["event_type"] == "custom")
    assert data["name"] == "\ufffd"
    assert data["properties"] == {
        "key \ufffd": [{"deep": "a\ufffdb"}],
        "whole": "\U0001f600",
        "text": r"\ud83d",
    }


def test_after_a_400_events_go_one_by_one_and_only_the_bad_one_is_dropped(visitor: Visitor) -> None:
    visitor.send(
        "/",
        f"""daybook.track("bad"); {PURCHASE}""",
        before="""const real = fetch; window.fetch = (url, o) =>
            real(url, { ...o, body: o.body.includes('"bad"') ? "{" : o.body });""",
    )
    assert types(visitor, 2) == ["conversion", "page_view"]
    (warning,) = visitor.warned()
    assert warning.startswith("daybook: the collector refused custom: not JSON")


def test_an_invalid_event_is_dropped_with_the_fields_that_are_wrong(visitor: Visitor) -> None:
    visitor.send("/", f"""daybook.send("step_entry"); {PURCHASE}""")
    assert types(visitor, 2) == ["conversion", "page_view"]
    assert visitor.warned() == [
        "daybook: the collector refused step_entry: funnel_step_id: Field required"
    ]


@pytest.mark.parametrize(
    "value", ["10n", "(() => { let a = {}; return a.a = a; })()"], ids=["a BigInt", "a cycle"]
)
def test_what_is_no_json_is_dropped_alone(visitor: Visitor, value: str) -> None:
    visitor.send("/", f"""daybook.track("odd", {{ value: {value} }}); {PURCHASE}""")
    assert types(visitor, 2) == ["conversion", "page_view"]
    (warning,) = visitor.warned()
    assert "the event custom is dropped: TypeError" in warning


def test_batches_are_cut_by_bytes_as_browsers_limit_what_outlives_a_page(visitor: Visitor) -> None:
    """An emoji has two characters and four bytes."""
    page = visitor.send(
        "/",
        """for (let n = 0; n < 8; n++)
            daybook.send("page_view", { ignored: "\\u{1f600}".repeat(5e3) });""",
        before=SPY,
    )
    calls = page.evaluate("calls")
    assert [call["events"] for call in calls] == [3, 2, 2, 2]
    assert all(call["keepalive"] and call["bytes"] < KEEPALIVE_BYTES_MAX for call in calls)
    visitor.logged_once(9)


def test_an_event_too_large_for_keepalive_goes_alone_without_it(visitor: Visitor) -> None:
    page = visitor.send(
        "/",
        f"""daybook.send("page_view", {{ ignored: "x".repeat(1e5) }}); {PURCHASE}""",
        before=SPY,
    )
    assert page.evaluate("calls.map(call => [call.events, call.keepalive])") == [
        [2, True],
        [1, False],
    ]
    visitor.logged_once(3)


def test_an_event_larger_than_the_collector_takes_is_dropped(visitor: Visitor) -> None:
    page = visitor.send(
        "/",
        f"""for (const size of [1_047_000, {BODY_BYTES_MAX}])
            daybook.send("page_view", {{ ignored: "x".repeat(size) }}); {PURCHASE}""",
        before=SPY,
    )
    assert max(call["bytes"] for call in page.evaluate("calls")) > 1_047_000
    assert types(visitor, 3) == ["conversion", "page_view", "page_view"]
    assert visitor.warned() == ["daybook: the event page_view is dropped: it is larger than 1 MiB"]


@pytest.mark.parametrize(
    ("tracked", "event", "kept"),
    [(230, '"custom", { name: "e" }', 200), (5, '"page_view", { ignored: "x".repeat(5e5) }', 4)],
    ids=["200 events", "2 MB"],
)
def test_the_oldest_events_of_a_full_queue_are_dropped(
    visitor: Visitor, tracked: int, event: str, kept: int
) -> None:
    page = visitor.visit(
        "/",
        f"""for (let n = 0; n < {tracked}; n++) daybook.send({event}); {PURCHASE}""",
        before=AWAY,
    )
    assert visitor.warned() == ["daybook: too many events wait: the oldest are dropped"]
    stored: list[str] = page.evaluate(LINES)
    assert len(stored) == kept
    assert "purchase" in stored[-1]
    page.evaluate(BACK)
    page.wait_for_function(f"!{WAITING}")
    assert "conversion" in types(visitor, kept)


def test_a_call_is_repeated_when_the_collector_asks_for_it(visitor: Visitor) -> None:
    """Events that are tracked in between do not put it off. Alone, it would wait for 1 to 2 s."""
    page = visitor.send(
        "/",
        """setInterval(() => calls.length < 2 && daybook.track("e"), 200)""",
        before=f"""{SPY} const spied = fetch;
        window.fetch = (...all) => spied(...all).then(reply => calls.length > 1 ? reply :
            new Response("{{}}", {{ status: 429, headers: {{ "Retry-After": "3" }} }}));""",
    )
    page.wait_for_function(f"calls.length > 1 && !{WAITING}")
    first, second = page.evaluate("calls.slice(0, 2).map(call => call.at)")
    assert second - first >= 3_000
    assert page.evaluate("calls[1].keepalive") is False


def test_a_call_without_an_answer_ends_and_is_repeated(visitor: Visitor) -> None:
    """The limit of 30 s is 50 ms here."""
    page = visitor.send(
        "/",
        before="""const after = setTimeout, real = fetch; let hung = 0;
        window.setTimeout = (run, ms) => after(run, ms == 3e4 && !hung ? 50 : ms);
        window.fetch = (url, o) => hung++ ? real(url, o) : new Promise((_, reject) =>
            o.signal.addEventListener("abort", reject));""",
    )
    assert page.evaluate("hung") == 2
    visitor.logged_once(1)


def test_events_are_sent_at_once_when_the_page_is_hidden(visitor: Visitor) -> None:
    visitor.visit(
        "/",
        f"""{PURCHASE} Object.defineProperty(document, "hidden", {{ value: true }});
        document.dispatchEvent(new Event("visibilitychange"));""",
        before="window.setTimeout = () => 0;",
    )
    assert types(visitor, 2) == ["conversion", "page_view"]


def test_what_no_beacon_takes_is_sent_by_the_next_page(visitor: Visitor) -> None:
    page = visitor.visit(
        "/",
        """for (let n = 0; n < 6; n++) daybook.send("page_view", { ignored: "x".repeat(2e4) });
        dispatchEvent(new Event("pagehide"));""",
        before="window.setTimeout = () => 0;",
    )
    assert page.evaluate(WAITING) == 4
    visitor.send("/next")
    visitor.logged_once(8)


def test_the_next_page_sends_what_could_not_be_sent(visitor: Visitor) -> None:
    """A beacon would be lost without a word, so while calls fail there is none."""
    page = visitor.visit("/", PURCHASE, before=AWAY)
    page.wait_for_function("tried > 0")
    page.goto(visitor.serve("/next"))
    page.wait_for_function(f"!{WAITING}")
    assert types(visitor, 3) == ["conversion", "page_view", "page_view"]

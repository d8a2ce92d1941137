"""Pages count when they are shown: prerendered ones, and those that come back from a cache."""

from collections import Counter
from pathlib import Path

from tests.collector.web_client.conftest import LINES, WAITING, Visitor
from tests.support.browser import undriven
from tests.support.wait import until


def test_a_page_that_comes_back_from_the_back_forward_cache_counts_again(
    visitor: Visitor, tmp_path: Path
) -> None:
    # A browser may decline to keep a page: both wait for their requests, and it is tried again.
    wait = f"const once = then => {WAITING} ? setTimeout(once, 10, then) : then();"
    address = visitor.serve(
        "/",
        f"""{wait}
        addEventListener("pageshow", event => {{
            daybook.track("shown", {{ cached: event.persisted }});
            if (!event.persisted) setTimeout(once, 0, () => location.href = "/next");
        }});""",
    )
    visitor.serve(
        "/next",
        f"""{wait}
        addEventListener("pageshow", () => setTimeout(once, 0, () => history.back()));""",
    )

    def shown() -> list[bool]:
        events = [message.event["data"] for message in visitor.messages()]
        return [event["properties"]["cached"] for event in events if "properties" in event]

    with undriven(address, tmp_path):
        until(lambda: True in shown(), "the page comes back from the cache")
    pages = Counter(message.event["data"].get("page") for message in visitor.messages())
    loads = shown().count(False)
    assert pages == {"/": loads + 1, "/next": loads, None: loads + 1}


def test_a_prerendered_page_counts_when_it_is_shown(visitor: Visitor, tmp_path: Path) -> None:
    address = visitor.serve(
        "/",
        """document.write(`<script type="speculationrules">
            {"prerender": [{"urls": ["/next"], "eagerness": "immediate"}]}<${"/"}script>`);
        addEventListener("storage", event => {
            if (event.key == "prerendered" && event.newValue == "true") location.href = "/next";
        });""",
    )
    visitor.serve(
        "/next",
        f"""daybook.track("early");
        const queued = {LINES}.filter(line => line.includes("/next")).length;
        document.addEventListener("prerenderingchange", () => daybook.track("shown", {{ queued }}));
        localStorage.prerendered = document.prerendering;""",
    )
    with undriven(address, tmp_path):
        events = [one.event["data"] for one in visitor.logged_once(4)]
    assert sorted(x["page"] for x in events if "page" in x) == ["/", "/next"]
    customs = {x["name"]: x.get("properties") for x in events if "name" in x}
    assert customs == {"early": None, "shown": {"queued": 0}}

"""Pages count when they are shown: prerendered ones, and those that come back from a cache."""

from pathlib import Path

from tests.collector.web_client.conftest import LINES, Visitor
from tests.support.browser import undriven


def test_a_page_that_comes_back_from_the_back_forward_cache_counts_again(
    visitor: Visitor, tmp_path: Path
) -> None:
    address = visitor.serve(
        "/",
        """addEventListener("pageshow", event => {
            daybook.track("shown", { cached: event.persisted });
            if (!event.persisted) setTimeout(() => location.href = "/next");
        });""",
    )
    visitor.serve(
        "/next", """addEventListener("pageshow", () => setTimeout(() => history.back()))"""
    )
    with undriven(address, tmp_path):
        events = [one.event["data"] for one in visitor.logged_once(5)]
    assert sorted(x["page"] for x in events if "page" in x) == ["/", "/", "/next"]
    shown = [x["properties"]["cached"] for x in events if "properties" in x]
    assert sorted(shown) == [False, True]


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

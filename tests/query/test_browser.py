"""The browser that tests drive: what goes wrong in a page does not go by unseen."""

import pytest
from playwright.sync_api import Browser

from tests.support import browser
from tests.support.shop_pages import Pages
from tests.support.wait import until

PAGE = """<title>x</title>
<script>
  console.error("said");
  console.warn("warned");
  Promise.reject(new Error("rejected"));
  setTimeout(() => { throw new Error("thrown") });
  fetch("/asked");
</script>
<img src="/gone.png">"""


def test_what_goes_wrong_in_a_page_is_noticed(chromium: Browser) -> None:
    with Pages({"/": PAGE}) as shop:
        page = chromium.new_page()
        found = browser.troubles(page)
        page.goto(shop.url("/"))
        until(lambda: page.title() and len(found) >= 5, "all of it is noticed")
        page.close()
        gone = f"not loaded: {shop.origin}/gone.png: 404"
    assert sorted(found) == [gone, "rejected", "said", "thrown", "warned"]


def test_without_a_browser_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(browser.PROGRAM, "/nowhere")
    with pytest.raises(AssertionError, match="DAYBOOK_TEST_CHROMIUM names /nowhere"):
        browser.program()
    monkeypatch.delenv(browser.PROGRAM)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AssertionError, match="make browser"):
        browser.program()

"""One page, host or campaign has one name, however it is written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.collector.acquisition.normal_form import normal_host, parameter, plain, readable_path
from daybook.collector.acquisition.url import PARAMETERS, PATH_CHARS_MAX, page, path


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/caf%C3%A9", "/café"),
        ("/caf%c3%a9", "/café"),
        ("/cafe%CC%81", "/café"),
        ("/cafe\u0301", "/café"),
        ("/%E6%97%A5%E6%9C%AC/%F0%9F%8E%B8", "/日本/🎸"),
        ("/a%20b+c", "/a b+c"),
        ("/%7Euser", "/~user"),
        ("/a%2fb%3Fc%23d%25e", "/a%2Fb%3Fc%23d%25e"),
        ("/%FF%fe", "/%FF%fe"),
        ("/%C3%A9%FF/%C3%A9", "/%C3%A9%FF/é"),
        ("/a%00b%0a%E2%80%AE", "/a%00b%0A%E2%80%AE"),
        ("/%E2%82", "/%E2%82"),
        ("/100%", "/100%"),
        ("/%zz", "/%zz"),
        ("", "/"),
    ],
)
def test_a_path_is_readable_text(written: str, path: str) -> None:
    found = page(f"https://a.example{written}?q=%C3%A9")
    assert found.path == path


def test_a_landing_page_has_the_same_form() -> None:
    assert path("/caf%C3%A9?x=1") == path("https://a.example/cafe%CC%81#top") == "/café"


def test_a_path_is_cut_after_it_is_decoded() -> None:
    long = "/" + "%C3%A9" * 300
    assert path(long) == "/" + "é" * 300
    assert len(path("/" + "x" * 5_000)) == PATH_CHARS_MAX


@given(st.text())
def test_a_readable_path_stays_as_it_is(text: str) -> None:
    once = readable_path(text)
    assert readable_path(once) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("Shop.Example", "shop.example"),
        ("shop.example.", "shop.example"),
        ("BÜCHER.example.", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("my_shop.example", "my_shop.example"),
        ("ü" * 300, "ü" * 300),
        ("ü..example", "ü..example"),
        ("", ""),
    ],
)
def test_a_host_is_written_as_idna_does(written: str, host: str) -> None:
    assert normal_host(written) == host


def test_the_own_site_is_recognised_in_any_form() -> None:
    assert page("https://BÜCHER.example./x").host == page("https://xn--bcher-kva.example").host


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("spring%20sale", "spring sale"),
        ("spring+sale", "spring sale"),
        ("%20%09spring%0D%0A", "spring"),
        ("spr%00ing%7F%E2%80%AE", "spring"),
        ("a%26amp%3Bb", "a&b"),
        ("a%2526b", "a&b"),
        ("caf%25C3%25A9", "café"),
        ("caf%2525C3%2525A9", "caf%C3%A9"),
        ("cafe%CC%81", "café"),
        ("50%25", "50%"),
        ("50%25off", "50%off"),
        ("%FF", "\ufffd"),
        ("%D9%85%DB%8C%E2%80%8C%D8%B4%D9%88%D8%AF", "می\u200cشود"),
        ("%20%0A", ""),
    ],
)
def test_a_parameter_is_decoded_trimmed_and_without_control_characters(
    written: str, name: str
) -> None:
    assert parameter(written) == name
    assert page(f"https://a.example/?utm_campaign={written}").parameters == (
        {"utm_campaign": name} if name else {}
    )


@given(st.text(max_size=200))
def test_a_plain_name_has_no_control_characters(text: str) -> None:
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in plain(text))


def test_parameters_whose_separator_was_encoded_are_read() -> None:
    query = "a=1&amp;utm_source=one&amp%3Butm_medium=two&amp;gclid=three"
    found = page(f"https://a.example/?{query}").parameters
    assert found == {"utm_source": "one", "utm_medium": "two", "gclid": "three"}


def test_the_first_200_parameters_are_looked_at() -> None:
    for others, found in ((199, {"utm_source": "one"}), (200, {})):
        assert page(f"/?{'a&' * others}utm_source=one").parameters == found


def test_the_first_value_that_is_not_empty_counts() -> None:
    found = page("/?ref=&ref=%20&ref=one&ref=two").parameters
    assert found == {"ref": "one"}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_of_the_list_is_read(name: str) -> None:
    assert page(f"/?x=1&{name}=one").parameters == {name: "one"}

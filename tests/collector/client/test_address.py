"""Whose address counts: no header that just anyone can write is believed."""

from ipaddress import ip_address

import pytest

from daybook.collector.client.address import caller, hashed, read

TRUSTED = ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1, rubbish"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, rubbish, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ['"[2001:db8::1]:4711"'], "2001:db8::1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("", ["198.51.100.1"], None),
    ],
)
def test_the_rightmost_address_that_no_trusted_proxy_has(
    peer: str, forwarded: list[str], found: str | None
) -> None:
    expected = ip_address(found) if found else None
    assert caller(TRUSTED)(peer, forwarded) == expected


def test_a_thousand_forged_headers_are_one_caller() -> None:
    find = caller(TRUSTED)
    forged = [[f"198.51.100.{n % 250}, 203.0.113.7"] for n in range(1_000)]
    assert {find("10.0.0.1", header) for header in forged} == {ip_address("203.0.113.7")}
    assert {find("203.0.113.9", header) for header in forged} == {ip_address("203.0.113.9")}


def test_a_header_of_a_hundred_thousand_hops_is_read_from_its_end() -> None:
    header = ",".join(["1.2.3.4"] * 100_000) + ", 203.0.113.7"
    assert caller(TRUSTED)("10.0.0.1", [header]) == ip_address("203.0.113.7")


def test_a_hash_needs_the_key_and_an_ipv6_network_is_one_caller() -> None:
    one, other = ip_address("203.0.113.7"), ip_address("203.0.113.8")
    assert hashed(one, b"k") == hashed(one, b"k")
    assert len({hashed(one, b"k"), hashed(other, b"k"), hashed(one, b"another")}) == 3
    home = [ip_address(f"2001:db8:1:2::{n}") for n in (1, 2)]
    assert hashed(home[0], b"k") == hashed(home[1], b"k")
    assert hashed(home[0], b"k") != hashed(ip_address("2001:db8:1:3::1"), b"k")


@pytest.mark.parametrize("text", ["", "unknown", "_hidden", "1.2.3", "[::1", "1.2.3.4.5:80"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert read(text) is None or text == "[::1"

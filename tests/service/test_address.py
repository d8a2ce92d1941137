"""The caller's address: only headers written by trusted proxies count."""

from ipaddress import ip_address

import pytest

from daybook.service.address import address_finder, hashed, read

TRUSTED = ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
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
def test_the_rightmost_address_that_is_not_a_trusted_proxy_is_the_callers(
    peer: str, forwarded: list[str], address: str | None
) -> None:
    expected = ip_address(address) if address else None
    assert address_finder(TRUSTED)(peer, forwarded) == expected


def test_forged_headers_do_not_change_the_callers_address() -> None:
    find = address_finder(TRUSTED)
    forged = [[f"198.51.100.{n % 250}, 203.0.113.7"] for n in range(1_000)]
    assert {find("10.0.0.1", header) for header in forged} == {ip_address("203.0.113.7")}
    assert {find("203.0.113.9", header) for header in forged} == {ip_address("203.0.113.9")}


def test_a_header_of_100_000_hops_is_read_from_its_end() -> None:
    header = ",".join(["1.2.3.4"] * 100_000) + ", 203.0.113.7"
    assert address_finder(TRUSTED)("10.0.0.1", [header]) == ip_address("203.0.113.7")


def test_a_hash_depends_on_the_key_and_is_the_same_within_an_ipv6_network() -> None:
    first, second = ip_address("203.0.113.7"), ip_address("203.0.113.8")
    assert hashed(first, b"k") == hashed(first, b"k")
    assert len({hashed(first, b"k"), hashed(second, b"k"), hashed(first, b"another")}) == 3
    network = [ip_address(f"2001:db8:1:2::{n}") for n in (1, 2)]
    assert hashed(network[0], b"k") == hashed(network[1], b"k")
    assert hashed(network[0], b"k") != hashed(ip_address("2001:db8:1:3::1"), b"k")


@pytest.mark.parametrize("text", ["", "unknown", "_hidden", "1.2.3", "[::1", "1.2.3.4.5:80"])
def test_invalid_addresses_are_none(text: str) -> None:
    assert read(text) is None or text == "[::1"

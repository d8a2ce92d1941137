"""Determines the caller's IP address in a way that no client can forge."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_HOPS_MAX = 32
_CHARS_MAX = 100
_HASH_BYTES = 16
_HOST_BITS_V6 = 64


def address_finder(trusted: Iterable[str]) -> Callable[[str | None, Sequence[str]], Address | None]:
    """A function from the peer's address and the X-Forwarded-For headers to the caller's address.

    A proxy appends the address that it was called from. So the list is read from its end, as long
    as addresses belong to trusted proxies; the first other address is the caller's. Any client may
    have written what stands further left.
    """
    networks = [ip_network(network) for network in trusted]

    def is_trusted(address: Address) -> bool:
        return any(address in network for network in networks)

    def find(peer: str | None, forwarded: Sequence[str]) -> Address | None:
        nearest = read(peer or "")
        if nearest is None or not is_trusted(nearest):
            return nearest
        hops = [hop for header in forwarded for hop in header.rsplit(",", _HOPS_MAX)]
        for hop in reversed(hops[-_HOPS_MAX:]):
            address = read(hop)
            if address is None:
                break
            nearest = address
            if not is_trusted(address):
                break
        return nearest

    return find


def read(text: str) -> Address | None:
    """Parses an address as proxies write it: with a port, in brackets, or IPv4 in IPv6.

    None if it is not an address.
    """
    text = text[:_CHARS_MAX].strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def caller_part(address: Address) -> bytes:
    """What tells one caller from another: an IPv4 address, or the /64 network of an IPv6 one."""
    return address.packed if address.version == 4 else address.packed[: _HOST_BITS_V6 // 8]


def hashed(address: Address, key: bytes) -> str:
    """A keyed hash in place of an address, for Redis. An IPv6 /64 network counts as one caller."""
    return blake2b(caller_part(address), key=key, digest_size=_HASH_BYTES).hexdigest()

"""Who called: the address that no client can choose."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_HOPS_MAX = 32
_HASH_BYTES = 16
_HOST_BITS_V6 = 64


def caller(trusted: Iterable[str]) -> Callable[[str | None, Sequence[str]], Address | None]:
    """A function from the peer's address and the X-Forwarded-For headers to the caller's.

    A proxy appends the address that it was called from. So the list is read from its end, for as
    long as who says it is a trusted proxy; the first address that is none is the caller. What
    stands further left anyone may have written.
    """
    networks = [ip_network(network) for network in trusted]

    def is_trusted(address: Address) -> bool:
        return any(address in network for network in networks)

    def find(peer: str | None, forwarded: Sequence[str]) -> Address | None:
        found = read(peer or "")
        if found is None or not is_trusted(found):
            return found
        hops = [hop for header in forwarded for hop in header.rsplit(",", _HOPS_MAX)]
        for hop in reversed(hops[-_HOPS_MAX:]):
            address = read(hop)
            if address is None:
                break
            found = address
            if not is_trusted(address):
                break
        return found

    return find


def read(text: str) -> Address | None:
    """An address as proxies write it: with a port, in brackets, or IPv4 within IPv6."""
    text = text.strip().strip('"')
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


def hashed(address: Address, key: bytes) -> str:
    """What stands for an address in Redis. An IPv6 network of one household is one caller."""
    packed = address.packed
    if address.version == 6:
        packed = packed[: _HOST_BITS_V6 // 8]
    return blake2b(packed, key=key, digest_size=_HASH_BYTES).hexdigest()

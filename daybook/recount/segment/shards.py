"""The shard of a profile: the partition that Kafka gives its `_id`, of 12."""

SHARDS = 12

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995


def shard_of(profile: str) -> int:
    """The shard, by the hash `murmur2` of Kafka's Java client."""
    key = profile.encode()
    h = 0x9747B28C ^ len(key)
    rest = len(key) % 4
    for at in range(0, len(key) - rest, 4):
        k = int.from_bytes(key[at : at + 4], "little") * _M & _MASK
        h = h * _M & _MASK ^ (k ^ k >> 24) * _M & _MASK
    if rest:
        h = (h ^ int.from_bytes(key[-rest:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return ((h ^ h >> 15) & 0x7FFFFFFF) % SHARDS

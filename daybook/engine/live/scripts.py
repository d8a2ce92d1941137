"""The Lua scripts that write live numbers to Redis; each refuses data older than what it holds."""

import hashlib
from typing import NamedTuple


class Script(NamedTuple):
    """Called by `sha`; the `text` is sent only to a server that does not have the script yet."""

    text: str
    sha: str


def _script(text: str) -> Script:
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

OVERWRITE = _script(
    _NOW
    + """
local date, revision = ARGV[1], tonumber(ARGV[2])
local left = tonumber(ARGV[4]) - now
if left <= 0 then return -1 end
local held = redis.call('HMGET', KEYS[1], 'date', 'revision')
local held_revision = tonumber(held[2] or '') or -1
local is_of_the_day = held[1] == date
if held[1] and (held[1] > date or (is_of_the_day and held_revision > revision)) then return -1 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'date', date, 'revision', ARGV[2], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[1], math.min(tonumber(ARGV[3]), left))
return (is_of_the_day and held_revision == revision) and 0 or 1
"""
)
"""KEYS: the hash. ARGV: date, revision, lifetime in ms, end of the day in ms, fields and values.

Returns 1 if the hash changed, 0 if it held these totals (its lifetime is extended), -1 if it holds
newer ones or the day is over.
"""

ENTER = _script(
    _NOW
    + """
local window, kept = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 3, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if kept > 0 then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -kept - 1) end
return redis.call('PEXPIRE', KEYS[1], window)
"""
)
"""KEYS: the sorted set. ARGV: window in ms, number of members kept (0: all), times and members."""

MOVE = _script(
    _NOW
    + """
local window = tonumber(ARGV[1])
local function leave(who)
  local place = redis.call('HGET', KEYS[2], who)
  if place then
    redis.call('ZREM', KEYS[1] .. ':' .. place, who)
    redis.call('HDEL', KEYS[2], who)
  end
end
for i = 2, #ARGV, 4 do
  local who, at, moves, place = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
  local held = tonumber(redis.call('ZSCORE', KEYS[1], who) or '')
  if at > now - window and not (held and held > at) then
    redis.call('ZADD', KEYS[1], at, who)
    if moves == '1' then
      leave(who)
      if place ~= '' then redis.call('HSET', KEYS[2], who, place) end
    else
      place = redis.call('HGET', KEYS[2], who) or ''
    end
    if place ~= '' then
      redis.call('ZADD', KEYS[1] .. ':' .. place, at, who)
      redis.call('PEXPIRE', KEYS[1] .. ':' .. place, window)
    end
  end
end
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - window, 'LIMIT', 0, 1000)
for _, who in ipairs(gone) do
  leave(who)
  redis.call('ZREM', KEYS[1], who)
end
redis.call('PEXPIRE', KEYS[1], window)
redis.call('PEXPIRE', KEYS[2], window)
return #gone
"""
)
"""KEYS: the sorted set of everyone, the hash of places. ARGV: window in ms, then for each person:
who, when (ms), 1 if the place changes, and the place. A time older than the stored one changes
nothing. Returns how many people were removed because their time is outside the window."""

PUBLISH = _script(
    """
local items = {}
for i = 2, #KEYS do
  local held = redis.call('HMGET', KEYS[i], 'date', 'revision')
  local date, revision = ARGV[3 * i - 1], tonumber(ARGV[3 * i])
  if held[1] == date and tonumber(held[2] or '') == revision then
    items[#items + 1] = ARGV[3 * i + 1]
  end
end
if #items == 0 then return 1 end
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then return 0 end
redis.call('PUBLISH', ARGV[2], ARGV[3] .. table.concat(items, ',') .. ARGV[4])
return 1
"""
)
"""KEYS: the rate-limit key, then each item's hash. ARGV: minimum milliseconds between two messages,
the channel, the text before and after the items, then for each item its date, revision and JSON.

An item whose hash has another revision by now is left out: the writer of the newer one publishes
it. Returns 0 if the channel had a message too recently, else 1.
"""

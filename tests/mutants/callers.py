"""Seeded bugs of what hostile callers meet: collector, shared service code, settings."""

from tests.mutants.mutant import Mutant

LINEAR = ("tests/collector/test_linear.py",)
KEYS = ("tests/service/test_key_cache.py",)
CONNECTION = ("tests/service/test_connection.py",)

CALLERS = (
    Mutant(
        "names of campaigns reach the patterns uncut",
        "daybook/collector/acquisition/origin.py",
        "name: text[:_NAME_CHARS_MAX].rstrip()",
        "name: text",
        LINEAR,
    ),
    Mutant(
        "values of a body are made before they are counted",
        "daybook/collector/body.py",
        "    if _values(body) > VALUES_MAX:\n",
        "    if from_json(body) and _values(body) > VALUES_MAX:\n",
        LINEAR,
    ),
    Mutant(
        "unknown keys share the memory of good ones",
        "daybook/service/key_cache.py",
        "_remember(self._unknown, text, self._clock())",
        "_remember(self._entries, text, None)  # type: ignore[arg-type]",
        KEYS,
    ),
    Mutant(
        "every call waits for a database that does not answer",
        "daybook/service/key_cache.py",
        "            if lookup.done():\n                return lookup.result()\n"
        "            self._set_away()\n",
        "            if lookup.done():\n                return lookup.result()\n",
        (*KEYS, "-k", "hangs"),
    ),
    Mutant(
        "headers may take any time",
        "daybook/service/connection.py",
        "        super().connection_made(transport)\n"
        "        self._start_timer(self._limits.head_seconds)\n",
        "        super().connection_made(transport)\n",
        CONNECTION,
    ),
    Mutant(
        "a turn is passed on at once, so that a crowd's turns fill one pass of the loop",
        "daybook/service/turns.py",
        "asyncio.get_running_loop().call_later(REST_SECONDS, self._pass_on)",
        "self._pass_on()",
        ("tests/service/test_turns.py",),
    ),
    Mutant(
        "an invalid event's error is kept, and with its trace the whole call",
        "daybook/collector/track.py",
        "                errors = error.errors if isinstance(error, Invalid)",
        "                kept = error\n"
        "                errors = kept.errors if isinstance(kept, Invalid)",
        ("tests/collector/test_tracker.py",),
    ),
    Mutant(
        "strings are cut out of a body however many there are",
        "daybook/collector/body.py",
        "> 2 * VALUES_MAX:",
        "> 2**40:",
        LINEAR,
    ),
    Mutant(
        "one address may hold the room of all large bodies",
        "daybook/collector/body.py",
        "own > self._bytes_max // 4",
        "own > self._bytes_max",
        LINEAR,
    ),
    Mutant(
        "what lies in a scratch folder's place may be a link's target",
        "daybook/files/folder.py",
        "if directory.is_dir() and not directory.is_symlink():",
        "if directory.is_dir():",
        ("tests/files/test_private.py",),
    ),
    Mutant(
        "a recount adds a day to a time of arrival at the end of all times",
        "daybook/recount/replay/events.sql",
        "least(appended_ms, 4102444800000)",
        "appended_ms",
        ("tests/recount/replay/test_events.py",),
    ),
    Mutant(
        "without authentication, any Host is answered",
        "daybook/service/this_machine.py",
        '        and is_loopback(matched[1].strip("[]"))\n',
        "",
        ("tests/service/test_this_machine.py",),
    ),
    Mutant(
        "the error of a wrong URI repeats what the driver says of it",
        "daybook/engine/redis_client.py",
        "    except (ValueError, TypeError, OSError, RedisError):\n"
        "        raise WrongSetting(_WRONG_URL) from None\n",
        "    except (ValueError, TypeError, OSError, RedisError) as error:\n"
        "        raise WrongSetting(str(error)) from None\n",
        ("tests/engine/test_no_values.py", "-k", "redis_url or wrong_uri"),
    ),
)

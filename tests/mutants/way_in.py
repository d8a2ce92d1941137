"""Seeded bugs of the way in: times, ids, sources and user agents."""

from tests.mutants.mutant import Mutant

MOMENT = ("tests/engine/test_moment.py",)
EVENTS_SQL = "daybook/recount/replay/events.sql"
RECOUNTED = "tests/recount/replay/test_events.py"
ANSWERED = "tests/simulate/answer/test_orders.py::test_times_in_any_form_and_ids_of_any_text_count"
SOURCES = "tests/collector/acquisition/test_source.py"
ORIGIN = "tests/collector/acquisition/test_origin.py"

WAY_IN = (
    Mutant(
        "a leap second is the second before it",
        "daybook/engine/moment.py",
        "return moment + timedelta(minutes=1)",
        "return moment + timedelta(seconds=59)",
        MOMENT,
    ),
    Mutant(
        "the calendar takes a small z for the end of an offset",
        "daybook/engine/documents/calendar.py",
        'if occurred_at[-1] not in "Zz":',
        'if occurred_at[-1] != "Z":',
        ("tests/engine/documents/test_calendar.py",),
    ),
    Mutant(
        "the recount rounds a time up to the millisecond",
        EVENTS_SQL,
        r"regexp_extract(text, '\.(\d{1,3})', 1), 3, '0') AS BIGINT)",
        r"regexp_extract(text, '\.(\d{1,3})', 1), 3, '0') AS BIGINT) + 1",
        (RECOUNTED, "-k", "in_every_form"),
    ),
    Mutant(
        "ULIDs in other letters are the same id to the recount",
        "daybook/recount/replay/log.sql",
        "CAST(sha256(text)[:32] AS UUID)",
        "CAST(sha256(lower(text))[:32] AS UUID)",
        (RECOUNTED, "-k", "to_the_members"),
    ),
    Mutant(
        "ULIDs in other letters are the same id to the known answer",
        "daybook/simulate/answer/keys.py",
        "return event_id.lower() if _UUID.fullmatch(event_id) else event_id",
        "return event_id.lower()",
        (f"{ANSWERED}_the_same",),
    ),
    Mutant(
        "a click id wins over a source that is well known",
        "daybook/collector/acquisition/source.py",
        "sources.by_host(bare_host) or network(sources, parameters)",
        "network(sources, parameters) or sources.by_host(bare_host)",
        (ORIGIN,),
    ),
    Mutant(
        "a search engine is known under every domain of three letters",
        "daybook/collector/acquisition/known_sources.py",
        'return labels[0] == "com" or labels[0] in COUNTRIES',
        "return len(labels[0]) <= 3",
        (SOURCES,),
    ),
    Mutant(
        "the web client does not know one of the click ids",
        "daybook/collector/daybook.js",
        " wbraid dclid",
        " dclid",
        ("tests/collector/web_client/test_tracked.py", "-k", "one_list"),
    ),
    Mutant(
        "an encoded slash divides a path",
        "daybook/collector/acquisition/normal_form.py",
        '_DELIMITERS = frozenset("/?#%")',
        '_DELIMITERS = frozenset("?#%")',
        ("tests/collector/acquisition/test_normal_form.py",),
    ),
    Mutant(
        "Mobile before the last Android is a tablet's",
        "daybook/collector/client/user_agent.py",
        'return agent.startswith("mozilla/") and "android" in agent and "mobi" not in agent',
        'return agent.rfind("android") > agent.rfind("mobi")',
        ("tests/collector/client/test_user_agent.py",),
    ),
)

"""Seeded bugs of a recount that takes up some keys at a time."""

from tests.mutants.mutant import Mutant

SLICES = ("tests/recount/replay/test_slices.py",)
EVENTS = ("tests/recount/replay/test_events.py",)
EQUAL = ("tests/recount/compare/test_equal.py",)
SEGMENT = ("tests/recount/segment/test_recount_segment.py",)

RECOUNTS = (
    Mutant(
        "a recount keeps the results of the last slice alone",
        "daybook/recount/replay/replay.py",
        "            runner.measure()\n",
        "            runner.measure()\n            self._results.clear()\n",
        (*SLICES, "-k", "slices"),
    ),
    Mutant(
        "a recount looks for duplicates within a slice",
        "daybook/recount/replay/log.sql",
        "PARTITION BY partition, organization_id, main.id_of(event_id)",
        "PARTITION BY partition, organization_id, message_key, main.id_of(event_id)",
        (*EVENTS, "-k", "another_key"),
    ),
    Mutant(
        "a recount measures the first units alone",
        "daybook/recount/funnel_step/measures.py",
        "SELECT DISTINCT batch FROM batches ORDER BY batch",
        "SELECT DISTINCT batch FROM batches ORDER BY batch LIMIT 1",
        (*SLICES, "-k", "units"),
    ),
    Mutant(
        "a state that is ahead is recounted up to its group",
        "daybook/recount/session.py",
        "ahead += [((collection, name), applied) for name, applied in found.ahead]",
        "pass",
        ("tests/scenarios/test_recount.py", "tests/scenarios/test_recount_funnel.py"),
    ),
    Mutant(
        "a state with the right fields is equal, whatever their values",
        "daybook/recount/compare/equal.py",
        "is_equal = own is not None",
        "is_equal = True",
        EQUAL,
    ),
    Mutant(
        "a state in doubt is equal",
        "daybook/recount/compare/equal.py",
        'if part.coverage.document_doubt(marks(own, "applied"), {}):',
        "if False:",
        EQUAL,
    ),
    Mutant(
        "a state is looked for among those of another part",
        "daybook/recount/compare/parts.py",
        'document.split(b":", 2)[1]',
        'document.split(b":", 2)[0]',
        EQUAL,
    ),
    Mutant(
        "what a visitor did before a log-in stays the visitor's in a recount",
        "daybook/recount/segment.sql",
        "    arg_min(named_person, n) AS person,\n",
        "    arg_max(named_person, n) AS person,\n",
        (*SEGMENT, "-k", "of_the_log or first"),
    ),
    Mutant(
        "a recount keeps what was tracked before a withdrawal",
        "daybook/recount/segment/facts.sql",
        "WHERE ms > coalesce(if(is_tracked(kind), c.tracked, anything), -1)\n",
        "WHERE ms > coalesce(anything, -1)\n",
        (*SEGMENT, "-k", "of_the_log"),
    ),
    Mutant(
        "a recount accepts changes that are not in turn",
        "daybook/recount/segment/compare.py",
        "FROM main.told WHERE number IS DISTINCT FROM nth",
        "FROM main.told WHERE false",
        (*SEGMENT, "-k", "turn"),
    ),
    Mutant(
        "a recount of segments counts bots",
        "daybook/recount/segment.sql",
        "WHERE coalesce(len(context.bot), 0) = 0;",
        ";",
        (*SEGMENT, "-k", "bot"),
    ),
)

"""Seeded bugs of what callers share, and of text that is taken for something else."""

from tests.mutants.mutant import Mutant

CELLS = ("tests/exports/formats/test_cell.py",)

SHARING = (
    Mutant(
        "a text in a workbook may be markup",
        "daybook/exports/formats/xlsx_file.py",
        "self._book.add_worksheet(name, _LiteralWorksheet)",
        "self._book.add_worksheet(name)",
        CELLS,
    ),
    Mutant(
        "a formula behind a separator stays one in csv",
        "daybook/exports/formats/csv_file.py",
        "return harmless_in_parts(value)",
        "return value",
        CELLS,
    ),
    Mutant(
        "an object with $ref is read as a reference",
        "daybook/query/read/mongo.py",
        "return collection.with_options(codec_options=LITERAL) if is_free else collection",
        "return collection",
        ("tests/query/test_literal.py", "-k", "metadata"),
    ),
    Mutant(
        "a request takes its turn before its body is there",
        "daybook/query/middleware.py",
        "receive = await _with_body(receive)",
        "pass",
        ("tests/query/test_middleware.py",),
    ),
    Mutant(
        "turns are given in the order of the requests",
        "daybook/query/answer/fair_queue.py",
        "if self._running[owner] >= REPORTS_PER_OWNER:",
        "if False:",
        ("tests/query/test_fair_queue.py",),
    ),
    Mutant(
        "a call's time limit begins again with every byte",
        "daybook/service/outbound.py",
        """            self._has_ended = True
            _shut(self._connections)
""",
        "            pass\n",
        ("tests/service/test_outbound.py", "-k", "drips"),
    ),
    Mutant(
        "the organization with the oldest export is always next",
        "daybook/exports/runner.py",
        "chosen = never[0] if never else",
        "chosen = waiting[0] if True else",
        ("tests/exports/test_sharing.py", "-k", "longest"),
    ),
)

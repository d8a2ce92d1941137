"""Seeded bugs of the last line of defence: messages that would end a member."""

from tests.mutants.mutant import Mutant

UNIT = "tests/engine/protocol/test_quarantine.py"
SCENARIO = "tests/scenarios/test_quarantine.py"

QUARANTINE = (
    Mutant(
        "a whole run of messages goes into quarantine with one of them",
        "daybook/engine/protocol/quarantine.py",
        "elif step == 1:",
        "elif True:",
        (UNIT, "-k", "to_blame"),
    ),
    Mutant(
        "messages in quarantine stay in the duplicate window",
        "daybook/engine/protocol/settle.py",
        "repeated = self._window.find_repeated(window_ids, batch.offsets)",
        "repeated = self._window.seen_in_run(window_ids, batch.offsets)",
        (UNIT, "-k", "duplicate_window"),
    ),
    Mutant(
        "a definition in quarantine is taken in part",
        "daybook/funnels/registry.py",
        """        if kind.startswith("funnel."):
            name = organization, data["funnel_id"]""",
        """        self._ids.add(place)
        if kind.startswith("funnel."):
            name = organization, data["funnel_id"]""",
        (UNIT, "-k", "definition"),
    ),
    Mutant(
        "faults of earlier members are not counted",
        "daybook/engine/protocol/dead_letters.py",
        "return FAULTS_AN_HOUR_MAX - count",
        "return FAULTS_AN_HOUR_MAX",
        (SCENARIO, "-k", "limit_in_an_hour"),
    ),
    Mutant(
        "a counted message can be excluded",
        "daybook/engine/operations/dead_letter_exclude.py",
        "if reached > offset:",
        "if reached < 0:",
        (SCENARIO, "-k", "excluded"),
    ),
)

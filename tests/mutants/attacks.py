"""Seeded bugs of `make attack`: it must not say that an attack held when it did not."""

from tests.mutants.mutant import Mutant

ATTACKS = (
    Mutant(
        "attack: late answers to others are no failure",
        "attack/outcome.py",
        "late > bound",
        "late > bound * 1_000",
        ("tests/attack/test_outcome.py",),
    ),
    Mutant(
        "attack: calls without an answer are left out",
        "attack/samples.py",
        "missing = number - sum(",
        "missing = 0 * number - sum(",
        ("tests/attack/test_samples.py",),
    ),
    Mutant(
        "attack: a process that has ended is taken for alive",
        "attack/process.py",
        "return self._process.poll() is None",
        "return self._process.pid > 0",
        ("tests/attack/test_processes.py",),
    ),
    Mutant(
        "attack: a formula after an invisible character is taken for text",
        "attack/subjects/texts.py",
        "bare = part.lstrip(_INVISIBLE)",
        "bare = part",
        ("tests/attack/test_files.py",),
    ),
)

"""The seeded bugs still fit the code."""

import pytest

from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.seeded import MUTANTS


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: str(mutant.name))
def test_a_seeded_bugs_text_occurs_once_and_its_tests_exist(mutant: Mutant) -> None:
    assert mutant.occurs_once(), f"change `old` of {mutant.name!r} in tests/mutants/"
    files = [word.partition("::")[0] for word in mutant.tests if word.startswith("tests/")]
    assert files
    assert all((ROOT / name).exists() for name in files), files

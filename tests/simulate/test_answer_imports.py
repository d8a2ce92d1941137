"""The answer is worked out without a line of what it checks, or of what made the events."""

import re

from tests.test_imports import ROOT, imports


def test_the_answer_imports_nothing_of_the_house_but_itself() -> None:
    files = sorted((ROOT / "simulate/answer").glob("*.py"))
    assert files
    assert {package for path in files for _, package in imports(path)} == {"simulate"}
    own = [line for path in files for line in path.read_text().splitlines() if "simulate" in line]
    assert [line for line in own if re.match(r"\s*(from|import) simulate(?!\.answer)", line)] == []

"""The answer is worked out without a line of what it checks, or of what made the events."""

from tests.test_imports import ROOT, imports


def test_the_answer_imports_nothing_of_the_house_but_itself() -> None:
    files = sorted((ROOT / "daybook/simulate/answer").glob("*.py"))
    assert files
    imported = {module for path in files for _, module in imports(path)}
    assert imported
    assert all(module.startswith("daybook.simulate.answer") for module in imported)

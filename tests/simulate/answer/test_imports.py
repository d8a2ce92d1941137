"""The known answer shares no code with what it checks, nor with the generator of the events."""

from tests.test_imports import ROOT, imports


def test_the_answer_imports_nothing_of_daybook_but_itself() -> None:
    files = sorted((ROOT / "daybook/simulate/answer").glob("*.py"))
    assert files
    imported = {module for path in files for _, module in imports(path)}
    assert imported
    assert all(module.startswith("daybook.simulate.answer") for module in imported)

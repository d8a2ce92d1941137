"""The pages name every setting, metric and command that there is, and only tests that exist."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.main import get_command

from daybook.cli.main import app
from daybook.engine.settings import PREFIX, Settings
from tests.test_imports import MAY_IMPORT

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs/operations.md").read_text()
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_every_setting_stands_in_operations_with_its_default() -> None:
    documented = dict(re.findall(r"^\| `(DAYBOOK_\w+)` \| `?(.*?)`? \|", OPERATIONS, re.MULTILINE))
    defaults = {
        f"{PREFIX}{name.upper()}": _text(field.default)
        for name, field in Settings.model_fields.items()
    }
    roles = f"{PREFIX}LEADER_ROLES"
    assert (
        frozenset(documented.pop(roles).split(",")) == Settings.model_fields["leader_roles"].default
    )
    del defaults[roles]
    assert documented == defaults, "write it into the table of settings in docs/operations.md"


def _text(default: object) -> str:
    if default is None:
        return "unset"
    if default == ():
        return "unset"
    if isinstance(default, bool):
        return str(default).lower()
    return default.get_secret_value() if isinstance(default, SecretStr) else str(default)


def test_every_metric_stands_in_operations() -> None:
    program = ROOT / "daybook"
    sources = [*program.glob("*/metrics.py"), program / "cli/support/status_exporter.py"]
    names = {n for path in sources for n in re.findall(r'"(daybook_\w+)"', path.read_text())}
    documented = set(re.findall(r"`(daybook_\w+)`", OPERATIONS))
    assert documented == names, "name each metric in a table of docs/operations.md"


def test_every_command_stands_in_the_table_of_commands() -> None:
    page = (ROOT / "docs/commands.md").read_text()
    rows = re.findall(r"^\| (`daybook .*?) \|", page, re.MULTILINE)
    documented = {word for row in rows for word in re.findall(r"`(?:daybook )?([a-z]+)", row)}
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert commands <= documented, f"add {commands - documented} to the table in docs/commands.md"


def test_the_architecture_says_who_may_import_whom() -> None:
    table = ARCHITECTURE.partition("| package | may import |\n|---|---|\n")[2].partition("\n\n")[0]
    rows = [re.fullmatch(r"\| `([\w.]+)` \| (.+) \|", line) for line in table.splitlines()]
    named = {
        row[1]: set() if row[2] == "nothing of the house" else _names(row[2]) for row in rows if row
    }
    assert all(rows), "a line of the table cannot be read"
    assert named == MAY_IMPORT, "make the table in docs/architecture.md say what MAY_IMPORT says"


def _names(cell: str) -> set[str]:
    return {name.strip("`") for name in cell.split(", ")}


def test_every_test_that_the_architecture_names_exists() -> None:
    rows = re.findall(r"^\| .* \| .* \| (`.*) \|$", ARCHITECTURE, re.MULTILINE)
    files = {path.name: path.read_text() for path in (ROOT / "tests").rglob("*.py")}
    tests = set(files) | {
        name
        for text in files.values()
        for name in re.findall(r"^(?:class |def |)(\w+)[(: ]", text, re.MULTILINE)
    }
    named = {name for row in rows for name in re.findall(r"`(test_[\w.]+|[A-Z]\w+)`", row)}
    assert named, "the table of holes is gone"
    assert named <= tests, f"{sorted(named - tests)}: no such test"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", text)
    links += re.findall(r'<img src="([^":]+)"', text)
    broken = [link for link in links if not (page.parent / link).exists()]
    assert not broken

"""What all commands share: exit codes, error messages, and a closed stdout."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daybook.cli.main import COMMANDS, app, is_of_this_machine
from daybook.cli.support.lazy_command import LazyCommand
from daybook.engine.settings import settings

ROOT = Path(__file__).parents[2]
DAYBOOK = [sys.executable, "-m", "daybook"]
WRONG_DATE = "is not a date: write 2026-11-20"


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for variable in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "REDIS_URL"):
        monkeypatch.delenv(f"DAYBOOK_{variable}", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    "command",
    [
        ["show", "revenue", "--date", "2026-02-30"],
        ["show", "revenue", "--to", "yesterday"],
        ["simulate", "--start", "2026-13-01"],
        ["verify", "revenue", "--date", "2026-02-30"],
        ["rebuild", "revenue", "--from", "2026-02-30", "--to", "2026-03-01"],
    ],
    ids=" ".join,
)
def test_every_command_refuses_a_wrong_date_with_the_same_message(command: list[str]) -> None:
    done = CliRunner().invoke(app, command, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert WRONG_DATE in done.output


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["show", "incomes"], "no group incomes; the groups are user-lifecycle"),
        (["show", "segment"], "counts no days: see `daybook segments`"),
        (["verify", "segment", "--date", "2026-11-20"], "segments have no days: use --all"),
        (["dlq", "list", "sc.x"], "no topic sc.x in topics.yaml; the topics of events are"),
        (["schemas", "sc.x"], "no topic sc.x in topics.yaml; the topics of events are"),
        (["keys", "revoke", "x"], "'x' is not a key id: `daybook keys list` shows the ids"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_an_unknown_name_is_a_usage_error(command: list[str], message: str) -> None:
    done = subprocess.run([*DAYBOOK, *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert message in done.stderr


def test_daybook_up_is_suggested_only_for_servers_that_no_setting_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert is_of_this_machine("MongoDB does not answer: 127.0.0.1:27117: refused")
    monkeypatch.setenv("DAYBOOK_MONGODB_URI", "mongodb://foo")
    settings.cache_clear()
    assert not is_of_this_machine("MongoDB does not answer: foo:27017: no such host")
    assert is_of_this_machine("Kafka does not answer: 127.0.0.1:19092: refused")
    assert not is_of_this_machine("DAYBOOK_EXPORTS_FOLDER: Permission denied")


@pytest.mark.parametrize("command", [["--help"], ["schemas"]], ids=" ".join)
def test_a_closed_stdout_is_not_a_failure(command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*DAYBOOK, *command], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_reaches_an_open_stdout() -> None:
    done = subprocess.run([*DAYBOOK, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "daybook demo" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_quotes_the_help_of_each(name: str) -> None:
    command = LazyCommand(name, COMMANDS[name]).load()
    first = str(command.help).split("\n\n")[0].replace("\n", " ")
    assert COMMANDS[name].help == first, f"change the help of {name} in daybook/cli/main.py"


def test_commands_that_do_not_recount_do_not_load_duckdb() -> None:
    """DuckDB prints pages of errors if a service that has merely loaded it is stopped."""
    code = "import sys, daybook.cli.main; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0

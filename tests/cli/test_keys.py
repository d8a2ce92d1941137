"""`daybook keys`: made once, hashed at rest, listed without, ended for ever."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from daybook.cli.main import app
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.service import api_keys
from tests.support.world import World


@pytest.fixture
def daybook(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    for name, value in world.variables.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    monkeypatch.setattr("daybook.cli.keys.database", lambda _: world.documents)
    yield CliRunner()
    settings.cache_clear()


def keys(daybook: CliRunner, *words: str) -> Result:
    return daybook.invoke(app, ["keys", *words])


def test_a_key_is_shown_once_and_kept_as_a_hash(daybook: CliRunner, world: World) -> None:
    made = json.loads(keys(daybook, "create", "org-1", "--name", "shop", "--json").stdout)
    assert made["key"].startswith("dbwrite_")
    found = api_keys.find(world.documents, made["key"])
    assert found and (found.id, found.organization_id, found.kind) == (
        made["id"],
        "org-1",
        "write",
    )
    (kept,) = world.documents["_daybook_keys"].find()
    assert made["key"] not in str(kept)
    assert made["key"] not in keys(daybook, "list").stdout
    (listed,) = json.loads(keys(daybook, "list", "--json").stdout)
    assert listed == {name: value for name, value in made.items() if name != "key"}


def test_a_revoked_key_is_none_for_ever(daybook: CliRunner, world: World) -> None:
    made = json.loads(keys(daybook, "create", "org-1", "--kind", "server", "--json").stdout)
    assert keys(daybook, "revoke", made["id"]).exit_code == 0
    assert api_keys.find(world.documents, made["key"]) is None
    (first,) = json.loads(keys(daybook, "list", "--json").stdout)
    assert keys(daybook, "revoke", made["id"]).exit_code == 0
    assert json.loads(keys(daybook, "list", "--json").stdout) == [first]
    assert first["revoked_at"]


@pytest.mark.parametrize("key_id", ["0" * 12, "zz", "", '{"$gt": ""}'])
def test_an_unknown_id_is_told(daybook: CliRunner, key_id: str) -> None:
    result = keys(daybook, "revoke", key_id)
    assert isinstance(result.exception, DaybookError)
    assert "daybook keys list" in str(result.exception)


def test_an_organization_that_no_event_may_name_is_refused(daybook: CliRunner) -> None:
    assert keys(daybook, "create", "two words").exit_code == 2


def test_a_key_that_reads_has_a_role(daybook: CliRunner, world: World) -> None:
    made = json.loads(keys(daybook, "create", "org-1", "--kind", "read", "--json").stdout)
    assert made["key"].startswith("dbread_")
    assert made["role"] == "analyst"
    words = ("--kind", "read", "--role", "creator", "--subject", "anna")
    made = json.loads(keys(daybook, "create", "org-1", *words, "--json").stdout)
    found = api_keys.find(world.documents, made["key"])
    assert found and (found.role, found.subject) == ("creator", "anna")
    assert "read creator anna" in keys(daybook, "list").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("--role", "analyst"),
        ("--kind", "read", "--role", "creator"),
        ("--kind", "read", "--role", "analyst", "--subject", "anna"),
        ("--kind", "read", "--role", "nobody"),
    ],
)
def test_a_role_that_does_not_fit_is_refused(daybook: CliRunner, words: tuple[str, ...]) -> None:
    assert keys(daybook, "create", "org-1", *words).exit_code == 2

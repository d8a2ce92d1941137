"""`daybook keys`: a key is shown once, stored as a hash, and revoked permanently."""

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


def keys(daybook: CliRunner, *arguments: str) -> Result:
    return daybook.invoke(app, ["keys", *arguments])


def test_a_key_is_shown_once_and_stored_as_a_hash(daybook: CliRunner, world: World) -> None:
    created = json.loads(keys(daybook, "create", "org-1", "--name", "shop", "--json").stdout)
    assert created["key"].startswith("dbwrite_")
    key = api_keys.find(world.documents, created["key"])
    assert key and (key.id, key.organization_id, key.kind) == (created["id"], "org-1", "write")
    (stored,) = world.documents["_daybook_keys"].find()
    assert created["key"] not in str(stored)
    assert created["key"] not in keys(daybook, "list").stdout
    (listed,) = json.loads(keys(daybook, "list", "--json").stdout)
    assert listed == {name: value for name, value in created.items() if name != "key"}


def test_a_key_is_revoked_permanently(daybook: CliRunner, world: World) -> None:
    created = json.loads(keys(daybook, "create", "org-1", "--kind", "server", "--json").stdout)
    assert keys(daybook, "revoke", created["id"]).exit_code == 0
    assert api_keys.find(world.documents, created["key"]) is None
    (first,) = json.loads(keys(daybook, "list", "--json").stdout)
    assert keys(daybook, "revoke", created["id"]).exit_code == 0
    assert json.loads(keys(daybook, "list", "--json").stdout) == [first]
    assert first["revoked_at"]


@pytest.mark.parametrize("key_id", ["0" * 12, "zz", "", '{"$gt": ""}'])
def test_an_unknown_id_is_an_error(daybook: CliRunner, key_id: str) -> None:
    result = keys(daybook, "revoke", key_id)
    assert isinstance(result.exception, DaybookError)
    assert "daybook keys list" in str(result.exception)


def test_an_invalid_organization_id_is_refused(daybook: CliRunner) -> None:
    assert keys(daybook, "create", "two words").exit_code == 2


def test_a_read_key_has_a_role(daybook: CliRunner, world: World) -> None:
    created = json.loads(keys(daybook, "create", "org-1", "--kind", "read", "--json").stdout)
    assert created["key"].startswith("dbread_")
    assert created["role"] == "analyst"
    options = ("--kind", "read", "--role", "creator", "--subject", "anna")
    created = json.loads(keys(daybook, "create", "org-1", *options, "--json").stdout)
    key = api_keys.find(world.documents, created["key"])
    assert key and (key.role, key.subject) == ("creator", "anna")
    assert "read creator anna" in keys(daybook, "list").stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--role", "analyst"),
        ("--kind", "read", "--role", "creator"),
        ("--kind", "read", "--role", "analyst", "--subject", "anna"),
        ("--kind", "read", "--role", "nobody"),
    ],
)
def test_a_role_that_does_not_fit_the_kind_or_the_subject_is_refused(
    daybook: CliRunner, options: tuple[str, ...]
) -> None:
    assert keys(daybook, "create", "org-1", *options).exit_code == 2

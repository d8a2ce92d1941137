"""`daybook serve query` refuses unsafe addresses and wrong settings."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daybook.cli.main import app
from daybook.engine.errors import WrongSetting
from daybook.engine.settings import settings


@pytest.fixture
def daybook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CliRunner]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("daybook.cli.serve.logs.configure", lambda _: None)
    monkeypatch.setattr("daybook.service.server.serve_app", lambda *_: None)
    settings.cache_clear()
    yield CliRunner()
    settings.cache_clear()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "board.example"])
def test_without_auth_it_refuses_addresses_that_are_not_loopback(
    daybook: CliRunner, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("DAYBOOK_AUTH", "off")
    result = daybook.invoke(app, ["serve", "query", "--host", host, "--port", "0"])
    assert isinstance(result.exception, WrongSetting)
    assert "DAYBOOK_AUTH" in str(result.exception)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_without_auth_it_listens_on_loopback(
    daybook: CliRunner, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("DAYBOOK_AUTH", "off")
    assert daybook.invoke(app, ["serve", "query", "--host", host, "--port", "0"]).exit_code == 0


def test_the_error_names_a_secret_that_is_too_short_but_does_not_print_it(
    daybook: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("ALGORITHM", "HS256"),
        ("SECRET", "short"),
        ("ISSUER", "https://login.example"),
        ("AUDIENCE", "daybook"),
    ):
        monkeypatch.setenv(f"DAYBOOK_JWT_{name}", value)
    result = daybook.invoke(app, ["serve", "query", "--port", "0"])
    assert "DAYBOOK_JWT_SECRET" in str(result.exception)
    assert "short" not in str(result.exception)

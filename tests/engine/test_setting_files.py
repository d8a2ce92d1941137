"""A setting may be the content of a file, which is never repeated in an error."""

from pathlib import Path

import pytest

from daybook.cli.support.unknown_settings import warnings
from daybook.engine.errors import WrongSetting
from daybook.engine.setting_files import BYTES_MAX
from daybook.engine.settings import Settings, settings

SECRET = "hunter2"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secret"
    monkeypatch.setenv("DAYBOOK_KAFKA_SASL_PASSWORD_FILE", str(path))
    return path


def read() -> Settings:
    settings.cache_clear()
    try:
        return settings()
    finally:
        settings.cache_clear()


def password() -> str | None:
    found = read().kafka_sasl_password
    return found.get_secret_value() if found else None


@pytest.mark.parametrize(
    ("content", "value"),
    [("a\n", "a"), ("a", "a"), ("a\r\n", "a"), (" a \n\n", " a \n"), ("a\nb\n", "a\nb")],
)
def test_one_newline_at_the_end_of_the_file_is_cut(file: Path, content: str, value: str) -> None:
    file.write_bytes(content.encode())
    assert password() == value


def test_every_kind_of_setting_may_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (("linger_ms", "7"), ("leader_roles", "captain,admin"), ("zone", "UTC")):
        path = tmp_path / name
        path.write_text(f"{value}\n")
        monkeypatch.setenv(f"DAYBOOK_{name.upper()}_FILE", str(path))
    found = read()
    assert found.linger_ms == 7
    assert found.leader_roles == {"captain", "admin"}
    assert list(warnings(["DAYBOOK_LINGER_MS_FILE"])) == []


def test_a_setting_whose_name_ends_so_is_no_file_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DAYBOOK_GEOIP_FILE", "/nowhere/countries.mmdb")
    assert read().geoip_file == "/nowhere/countries.mmdb"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "there is no such file"),
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        (b"\xff" + SECRET.encode(), "cannot be read as a file of text"),
        (SECRET.encode() * (BYTES_MAX // 7 + 1), "the file is larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_by_its_variable(
    file: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(WrongSetting) as raised:
        read()
    assert str(raised.value) == f"DAYBOOK_KAFKA_SASL_PASSWORD_FILE: {sentence}"


def test_a_folder_is_no_file(file: Path) -> None:
    file.mkdir()
    with pytest.raises(WrongSetting, match="_FILE: cannot be read"):
        read()


def test_both_variables_are_one_too_many(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(SECRET)
    monkeypatch.setenv("DAYBOOK_KAFKA_SASL_PASSWORD", SECRET)
    with pytest.raises(WrongSetting, match="PASSWORD_FILE: give one of them") as raised:
        read()
    assert SECRET not in str(raised.value)


def test_an_invalid_value_names_the_file_and_not_what_it_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "zone"
    path.write_text(SECRET)
    monkeypatch.setenv("DAYBOOK_ZONE_FILE", str(path))
    with pytest.raises(WrongSetting, match="DAYBOOK_ZONE_FILE: ") as raised:
        read()
    assert SECRET not in str(raised.value)

"""On the stack of this machine, exports work without a setting."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from daybook.cli.support.local_secret import FILE, local_secret, with_local_secret
from daybook.engine.errors import DaybookError, WrongSetting
from daybook.engine.settings import Settings
from daybook.query.exports.secret import SECRET_BYTES_MIN, Secret

VARIABLES = ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "QUERY_MONGODB_URI", "EXPORTS_SECRET")


@pytest.fixture(autouse=True)
def on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(f"DAYBOOK_{name}", raising=False)


def test_the_first_start_makes_a_secret_that_later_ones_use(tmp_path: Path) -> None:
    first, again = (with_local_secret(Settings()) for _ in range(2))
    assert first.exports_secret == again.exports_secret
    assert Secret(first).sign("job", "x") == Secret(again).sign("job", "x")
    file = tmp_path / ".daybook" / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_text().strip()) >= SECRET_BYTES_MIN
    assert [path.name for path in file.parent.iterdir()] == [FILE]


@pytest.mark.parametrize("name", VARIABLES)
def test_where_a_setting_names_servers_or_a_secret_none_is_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DAYBOOK_{name}", "mongodb://elsewhere.example")
    config = Settings()
    assert with_local_secret(config) is config
    assert not (tmp_path / ".daybook").exists()


def test_processes_that_start_together_have_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(local_secret, [tmp_path / "stack"] * 64))
    assert len(set(found)) == 1


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("s" * 64)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(WrongSetting, match="its owner alone"):
        local_secret(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("s" * 64)
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DaybookError, match="cannot be used"):
        local_secret(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE, 0o600)
    with pytest.raises(WrongSetting, match="its owner alone"):
        local_secret(tmp_path)

"""Unfinished files are this user's alone: a place that somebody else could enter is refused."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings
from daybook.files.bucket import Bucket
from daybook.files.folder import Folder
from daybook.files.private import discard, make_file, make_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_directory_is_made_for_this_user_alone_and_found_again(tmp_path: Path) -> None:
    for _ in range(2):
        assert make_private(tmp_path / "own", "TMPDIR") == tmp_path / "own"
    assert mode(tmp_path / "own") == 0o700


@pytest.mark.parametrize("rights", [0o755, 0o770, 0o701, 0o720])
def test_a_directory_that_others_may_enter_is_refused(tmp_path: Path, rights: int) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(rights)
    with pytest.raises(WrongSetting, match=r"TMPDIR: .*may be entered by other users; remove it"):
        make_private(place, "TMPDIR")
    assert mode(place) == rights


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_is_refused(tmp_path: Path, is_there: bool) -> None:
    if is_there:
        (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(WrongSetting, match="is a link"):
        make_private(tmp_path / "link", "TMPDIR")


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    make_file(tmp_path / "file")
    with pytest.raises(WrongSetting, match="is no directory"):
        make_private(tmp_path / "file", "TMPDIR")


def test_a_link_in_a_folder_changes_no_rights_elsewhere(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    pages.chmod(0o755)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "unfinished").symlink_to(pages)
    with pytest.raises(WrongSetting, match="is a link"):
        Folder(tmp_path / "files").scratch()
    assert mode(pages) == 0o755


def test_somebody_elses_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "theirs"
    place.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: place.stat().st_uid + 1)
    with pytest.raises(WrongSetting, match="belongs to another user"):
        make_private(place, "TMPDIR")


def test_each_user_has_a_scratch_directory_for_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    files = Bucket(Settings(exports_bucket="x", exports_s3_region="us-east-1"))
    assert files.scratch() == tmp_path / f"daybook-exports-{os.geteuid()}"
    files.scratch().chmod(0o777)
    with pytest.raises(WrongSetting, match="TMPDIR"):
        files.scratch()


def test_a_folder_and_its_files_are_this_users_alone(tmp_path: Path) -> None:
    """Also one that an earlier version made."""
    folder = tmp_path / "a" / "files"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    files = Folder(folder)
    path = files.scratch() / "one.csv"
    make_file(path)
    path.write_text("1")
    files.put(path, "one.csv")
    assert (mode(folder), mode(folder / "unfinished")) == (0o700, 0o700)
    assert mode(folder / "one.csv") == 0o600


def test_a_new_file_does_not_follow_a_link_that_lies_in_its_place(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "one.csv"
    target.write_text("precious")
    path.symlink_to(target)
    make_file(path)
    path.write_text("1")
    assert target.read_text() == "precious"


def test_what_is_discarded_is_gone_whatever_it_was(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "one").write_text("1")
    (tmp_path / "file").write_text("1")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("parts", "file", "link", "nothing"):
        discard(tmp_path / name)
    assert list(tmp_path.iterdir()) == []

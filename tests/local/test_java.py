"""Java and Maven are looked for where they can be, and missed in a sentence."""

from pathlib import Path

import pytest

from daybook.local.errors import ServerError
from daybook.local.java import find_java, find_maven


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def java(place: Path, version: str) -> Path:
    return executable(place / "java", f"echo 'openjdk version \"{version}\" 2025-04-15' >&2")


@pytest.mark.parametrize(
    ("version", "major"), [("17.0.15", 17), ("21", 21), ("25-ea", 25), ("17.0.1_internal", 17)]
)
def test_new_enough_java_of_the_path(version: str, major: int, tmp_path: Path) -> None:
    path = java(tmp_path, version)
    found = find_java({"PATH": str(tmp_path)})
    assert (found.path, found.major) == (str(path), major)


def test_no_java_says_what_to_install_or_to_set(tmp_path: Path) -> None:
    with pytest.raises(ServerError) as raised:
        find_java({"PATH": str(tmp_path)})
    assert "Java 17 or newer and there is none on PATH" in str(raised.value)
    assert "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS" in str(raised.value)


@pytest.mark.parametrize(("version", "major"), [("1.8.0_402", 8), ("11.0.2", 11)])
def test_old_java_is_told_from_none(version: str, major: int, tmp_path: Path) -> None:
    java(tmp_path, version)
    with pytest.raises(ServerError, match=f"only Java {major} is here"):
        find_java({"PATH": str(tmp_path)})


def test_java_home_wins_when_it_fits(tmp_path: Path) -> None:
    java(tmp_path / "path", "21.0.1")
    home = java(tmp_path / "home" / "bin", "17.0.1")
    environ = {"PATH": str(tmp_path / "path"), "JAVA_HOME": str(tmp_path / "home")}
    assert find_java(environ).path == str(home)


def test_old_java_home_gives_way_to_the_path(tmp_path: Path) -> None:
    path = java(tmp_path / "path", "21.0.1")
    java(tmp_path / "home" / "bin", "11.0.1")
    environ = {"PATH": str(tmp_path / "path"), "JAVA_HOME": str(tmp_path / "home")}
    assert find_java(environ).path == str(path)


def test_stub_that_only_asks_to_install_java_is_none(tmp_path: Path) -> None:
    executable(tmp_path / "java", "echo 'Unable to locate a Java Runtime.' >&2; exit 1")
    with pytest.raises(ServerError, match="there is none on PATH"):
        find_java({"PATH": str(tmp_path)})


def test_maven_of_the_path(tmp_path: Path) -> None:
    path = executable(tmp_path / "mvn", "exit 0")
    assert find_maven({"PATH": str(tmp_path)}) == str(path)


def test_no_maven_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="no `mvn` on PATH: install it .*apt install maven"):
        find_maven({"PATH": str(tmp_path)})

"""Java and Maven are found in JAVA_HOME and PATH; if missing, the error says what to install."""

from pathlib import Path

import pytest

from daybook.local.errors import ServerError
from daybook.local.java import find_java, find_maven


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def java(directory: Path, version: str) -> Path:
    return executable(directory / "java", f"echo 'openjdk version \"{version}\" 2025-04-15' >&2")


@pytest.mark.parametrize(
    ("version", "major"), [("17.0.15", 17), ("21", 21), ("25-ea", 25), ("17.0.1_internal", 17)]
)
def test_a_new_enough_java_on_path_is_found(version: str, major: int, tmp_path: Path) -> None:
    path = java(tmp_path, version)
    found = find_java({"PATH": str(tmp_path)})
    assert (found.path, found.major) == (str(path), major)


def test_without_java_the_error_says_what_to_install_or_set(tmp_path: Path) -> None:
    with pytest.raises(ServerError) as raised:
        find_java({"PATH": str(tmp_path)})
    assert "Java 17 or newer, but there is none on PATH" in str(raised.value)
    assert "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS" in str(raised.value)


@pytest.mark.parametrize(("version", "major"), [("1.8.0_402", 8), ("11.0.2", 11)])
def test_the_error_names_the_version_of_an_old_java(
    version: str, major: int, tmp_path: Path
) -> None:
    java(tmp_path, version)
    with pytest.raises(ServerError, match=f"this is Java {major}"):
        find_java({"PATH": str(tmp_path)})


def test_java_home_wins_over_path(tmp_path: Path) -> None:
    java(tmp_path / "path", "21.0.1")
    home = java(tmp_path / "home" / "bin", "17.0.1")
    environ = {"PATH": str(tmp_path / "path"), "JAVA_HOME": str(tmp_path / "home")}
    assert find_java(environ).path == str(home)


def test_path_is_used_if_java_home_is_too_old(tmp_path: Path) -> None:
    path = java(tmp_path / "path", "21.0.1")
    java(tmp_path / "home" / "bin", "11.0.1")
    environ = {"PATH": str(tmp_path / "path"), "JAVA_HOME": str(tmp_path / "home")}
    assert find_java(environ).path == str(path)


def test_a_stub_that_only_asks_to_install_java_does_not_count(tmp_path: Path) -> None:
    executable(tmp_path / "java", "echo 'Unable to locate a Java Runtime.' >&2; exit 1")
    with pytest.raises(ServerError, match="there is none on PATH"):
        find_java({"PATH": str(tmp_path)})


def test_maven_on_path_is_found(tmp_path: Path) -> None:
    path = executable(tmp_path / "mvn", "exit 0")
    assert find_maven({"PATH": str(tmp_path)}) == str(path)


def test_without_maven_the_error_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="no `mvn` on PATH: install it .*apt install maven"):
        find_maven({"PATH": str(tmp_path)})

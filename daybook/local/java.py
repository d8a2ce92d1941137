"""Finds Java and Maven on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from daybook.local.errors import ServerError

NEEDED = 17
_ALTERNATIVE = "or name your own brokers in DAYBOOK_KAFKA_BOOTSTRAP_SERVERS"


@dataclass(frozen=True)
class Java:
    """The path of an executable, its major version, and what `java -version` prints."""

    path: str
    major: int
    version: str


def find_java(environ: Mapping[str, str] | None = None) -> Java:
    """The first Java in JAVA_HOME or PATH that is new enough. Raises ServerError."""
    environ = os.environ if environ is None else environ
    home = environ.get("JAVA_HOME")
    paths = [os.path.join(home, "bin")] if home else []
    installed = [java for path in [*paths, environ.get("PATH", "")] if (java := _java_in(path))]
    suitable = next((java for java in installed if java.major >= NEEDED), None)
    if suitable:
        return suitable
    problem = f"this is Java {installed[0].major}" if installed else "there is none on PATH"
    raise ServerError(
        f"Kafka needs Java {NEEDED} or newer, but {problem}: install it "
        f"(`apt install openjdk-17-jre-headless`, `brew install openjdk`), {_ALTERNATIVE}."
    )


def find_maven(environ: Mapping[str, str] | None = None) -> str:
    """The path of `mvn`. Raises ServerError."""
    environ = os.environ if environ is None else environ
    executable = shutil.which("mvn", path=environ.get("PATH", ""))
    if executable:
        return executable
    raise ServerError(
        "Maven downloads Kafka's jars, but there is no `mvn` on PATH: install it "
        f"(`apt install maven`, `brew install maven`), {_ALTERNATIVE}."
    )


def _java_in(path: str) -> Java | None:
    executable = shutil.which("java", path=path)
    if executable is None:
        return None
    try:
        done = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return Java(executable, int(version[1]), done.stderr) if version else None

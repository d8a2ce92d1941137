"""The Java and the Maven of this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from daybook.local.errors import ServerError

NEEDED = 17
_OTHERWISE = "or name brokers of your own in DAYBOOK_KAFKA_BOOTSTRAP_SERVERS"


@dataclass(frozen=True)
class Java:
    """An executable and what it says it is."""

    path: str
    major: int
    version: str


def find_java(environ: Mapping[str, str] | None = None) -> Java:
    """The first Java of JAVA_HOME and PATH that is new enough. Raises ServerError."""
    environ = os.environ if environ is None else environ
    home = environ.get("JAVA_HOME")
    places = [os.path.join(home, "bin")] if home else []
    found = [java for place in [*places, environ.get("PATH", "")] if (java := _java_in(place))]
    fit = next((java for java in found if java.major >= NEEDED), None)
    if fit:
        return fit
    here = f"only Java {found[0].major} is here" if found else "there is none on PATH"
    raise ServerError(
        f"Kafka needs Java {NEEDED} or newer and {here}: install it "
        f"(`apt install openjdk-17-jre-headless`, `brew install openjdk`), {_OTHERWISE}."
    )


def find_maven(environ: Mapping[str, str] | None = None) -> str:
    """Raises ServerError."""
    environ = os.environ if environ is None else environ
    found = shutil.which("mvn", path=environ.get("PATH", ""))
    if found:
        return found
    raise ServerError(
        "Kafka's jars are fetched by Maven and there is no `mvn` on PATH: install it "
        f"(`apt install maven`, `brew install maven`), {_OTHERWISE}."
    )


def _java_in(path: str) -> Java | None:
    executable = shutil.which("java", path=path)
    if executable is None:
        return None
    try:
        done = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return Java(executable, int(said[1]), done.stderr) if said else None

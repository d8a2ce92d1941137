"""Kafka's jars, downloaded by Maven, and a class archive that halves a broker's start time."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daybook.local import cache
from daybook.local.cache import Notify
from daybook.local.errors import ServerError
from daybook.local.java import Java, find_java, find_maven

VERSION = "4.3.1"
# The digest of the lines "<sha256>  <name>" of all jars, Kafka's and its dependencies', by name.
SHA256 = "9b241538730d32e890117f2362eee3ff6ed60f753d73e6a46652b547a64df32f"
_NAME = f"kafka-{VERSION}-{SHA256[:8]}"
_POM = Path(__file__).parent / "kafka" / "pom.xml"


@dataclass(frozen=True)
class Jars:
    """Java, the directory of jars, and flags: all that is needed to run Kafka's main classes."""

    java: Java
    directory: Path
    flags: tuple[str, ...] = ()

    def command(self, *arguments: str) -> list[str]:
        # Listed one by one: Java refuses the class archive if their order differs.
        class_path = ":".join(str(jar) for jar in sorted(self.directory.glob("*.jar")))
        fast_start = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return [self.java.path, *fast_start, *self.flags, "-cp", class_path, *arguments]


def require() -> None:
    """Raises ServerError if Java is missing or too old, or if Maven is needed and missing."""
    find_java()
    if not cache.path(_NAME).exists():
        find_maven()


def fetch(notify: Notify) -> Jars:
    """The jars, without a class archive. Raises ServerError."""
    return Jars(find_java(), cache.cached(_NAME, lambda target: _download(target, notify), notify))


def archived(jars: Jars, run_broker: Callable[[Jars, Path], None], notify: Notify) -> Jars:
    """The same jars, with an archive of the classes that a broker loads, made by this Java.

    `run_broker` starts and stops a broker with the given jars in the given directory. Raises what
    it raises.
    """

    def make(target: Path) -> None:
        notify("preparing fast starts (once)")
        flags = (f"-XX:ArchiveClassesAtExit={target}",)
        run_broker(Jars(jars.java, jars.directory, flags), target.parent / "broker")
        target.touch()  # an empty archive: not tried again with a Java that makes none

    java = hashlib.sha256(f"{jars.java.path} {jars.java.version}".encode()).hexdigest()[:8]
    archive = cache.cached(f"{_NAME}-{java}.jsa", make, notify)
    flags = (f"-XX:SharedArchiveFile={archive}",) if archive.stat().st_size else ()
    return Jars(jars.java, jars.directory, flags)


def _download(target: Path, notify: Notify) -> None:
    notify(f"downloading Kafka {VERSION} with Maven (45 MB)")
    command = [find_maven(), "-B", "-ntp", "-q", "-C", "-f", str(_POM)]
    command += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={target}"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if line.startswith("[ERROR]")]
        why = errors[0].removeprefix("[ERROR]").strip() if errors else done.stderr.strip()[-300:]
        raise ServerError(f"Maven could not download Kafka (is there a network?): {why[:400]}")
    if _digest(target) != SHA256:
        shutil.rmtree(target)
        raise ServerError(
            "The jars that Maven downloaded differ from the published ones; they are not used."
        )


def _digest(directory: Path) -> str:
    total = hashlib.sha256()
    for jar in sorted(directory.glob("*.jar")):
        digest = hashlib.sha256(jar.read_bytes()).hexdigest()
        total.update(f"{digest}  {jar.name}\n".encode())
    return total.hexdigest()

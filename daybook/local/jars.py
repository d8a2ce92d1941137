"""Kafka's jars, fetched by Maven, and an archive of their classes that halves a broker's start."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daybook.local import cache
from daybook.local.cache import Say
from daybook.local.errors import ServerError
from daybook.local.java import Java, find_java, find_maven

VERSION = "4.3.1"
# Over the lines "<sha256>  <name>" of every jar, by name: Kafka's and all it needs.
SHA256 = "9b241538730d32e890117f2362eee3ff6ed60f753d73e6a46652b547a64df32f"
_NAME = f"kafka-{VERSION}-{SHA256[:8]}"
_POM = Path(__file__).parent / "kafka" / "pom.xml"


@dataclass(frozen=True)
class Jars:
    """What it takes to run Kafka's main classes."""

    java: Java
    directory: Path
    flags: tuple[str, ...] = ()

    def command(self, *arguments: str) -> list[str]:
        # Named one by one: the class archive is refused when their order differs.
        classes = ":".join(str(jar) for jar in sorted(self.directory.glob("*.jar")))
        quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        return [self.java.path, *quick, *self.flags, "-cp", classes, *arguments]


def require() -> None:
    """Raises ServerError when there is no fit Java, or no Maven while the jars are not here."""
    find_java()
    if not cache.path(_NAME).exists():
        find_maven()


def fetch(say: Say) -> Jars:
    """The jars, without a class archive. Raises ServerError."""
    return Jars(find_java(), cache.kept(_NAME, lambda target: _copy(target, say), say))


def archived(jars: Jars, rehearse: Callable[[Jars, Path], None], say: Say) -> Jars:
    """The same jars with the classes that `rehearse` loads kept ready for this very Java.

    `rehearse` runs a broker with the jars and in the directory it is given, and ends it.
    Raises what it raises.
    """

    def make(target: Path) -> None:
        say("preparing quick starts (once)")
        flags = (f"-XX:ArchiveClassesAtExit={target}",)
        rehearse(Jars(jars.java, jars.directory, flags), target.parent / "broker")
        target.touch()  # a Java that makes no archive is not asked again

    java = hashlib.sha256(f"{jars.java.path} {jars.java.version}".encode()).hexdigest()[:8]
    archive = cache.kept(f"{_NAME}-{java}.jsa", make, say)
    flags = (f"-XX:SharedArchiveFile={archive}",) if archive.stat().st_size else ()
    return Jars(jars.java, jars.directory, flags)


def _copy(target: Path, say: Say) -> None:
    say(f"fetching Kafka {VERSION} with Maven (45 MB)")
    command = [find_maven(), "-B", "-ntp", "-q", "-C", "-f", str(_POM)]
    command += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={target}"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.startswith("[ERROR]")]
        why = said[0].removeprefix("[ERROR]").strip() if said else done.stderr.strip()[-300:]
        raise ServerError(f"Maven could not fetch Kafka (is the network there?): {why[:400]}")
    if _digest(target) != SHA256:
        shutil.rmtree(target)
        raise ServerError("The jars that Maven fetched are not Kafka's as published: not used.")


def _digest(directory: Path) -> str:
    whole = hashlib.sha256()
    for jar in sorted(directory.glob("*.jar")):
        digest = hashlib.sha256(jar.read_bytes()).hexdigest()
        whole.update(f"{digest}  {jar.name}\n".encode())
    return whole.hexdigest()

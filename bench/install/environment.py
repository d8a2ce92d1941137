"""Creates virtual environments with Daybook's wheel and the dependencies of some extras."""

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Collection, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def build_wheel(directory: Path) -> Path:
    """Builds the project's wheel into a directory."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir")
    _pip("wheel", *options, "--wheel-dir", str(directory), str(ROOT))
    (wheel,) = directory.glob("*.whl")
    return wheel


def make_environment(directory: Path, wheel: Path, extras: Collection[str] = ()) -> Path:
    """Creates an environment with the wheel installed; the path of its Python.

    The dependencies are links into the current environment, so nothing is downloaded.
    """
    venv.create(directory, symlinks=True)
    python = directory / "bin/python"
    _pip("--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    here = Path(sysconfig.get_path("purelib"))
    (packages,) = directory.glob("lib/python*/site-packages")
    for dependency in _dependencies("daybook", extras, set()):
        for entry in {file.parts[0] for file in dependency.files or ()}:
            if (here / entry).exists() and not (packages / entry).exists():
                (packages / entry).symlink_to(here / entry)
    return python


def _dependencies(
    name: str, extras: Collection[str], known: set[tuple[str, str]]
) -> Iterator[Distribution]:
    """The dependencies of a distribution with these extras, including indirect ones."""
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        for extra in ("", *extras):
            key = requirement.name, f"{extra}{sorted(requirement.extras)}"
            if key in known or (marker and not marker.evaluate({"extra": extra})):
                continue
            known.add(key)
            if requirement.name != "daybook":
                yield distribution(requirement.name)
            yield from _dependencies(requirement.name, requirement.extras, known)


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, cwd=ROOT)

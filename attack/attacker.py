"""`python -m attack.attacker PART NAME`: makes one attack, from a process of its own.

It gets the target as JSON on stdin, and prints what it sent as JSON. So whoever started it can
end it at its time limit, and the system closes all that it left open.
"""

import json
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from attack.attack import Attack, Sent, Target
from attack.catalogue import PARTS
from attack.priority import lower_own

_ROOT = Path(__file__).parents[1]
_FILES = 8_192
_SHOWN_CHARS_MAX = 400


class AttackFailed(Exception):
    """The attack itself could not be made; the message has the end of its error output."""


def make(part: str, attack: Attack, target: Target) -> Sent:
    """Makes an attack from a process of its own. Raises AttackFailed."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "attack.attacker", part, attack.name],
            cwd=_ROOT,
            input=json.dumps(asdict(target)),
            capture_output=True,
            text=True,
            timeout=attack.seconds_max,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return Sent("", [f"the attack did not end within {attack.seconds_max:.0f} s"])
    if done.returncode:
        raise AttackFailed(done.stderr.strip()[-_SHOWN_CHARS_MAX:])
    return Sent(**json.loads(done.stdout))


def main() -> None:
    part, name = sys.argv[1:]
    target = Target(**json.load(sys.stdin))
    (attack,) = (attack for attack in PARTS[part] if attack.name == name)
    lower_own(attack.nice)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    print(json.dumps(asdict(attack.run(target))))


if __name__ == "__main__":
    main()

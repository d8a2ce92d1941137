"""Every attack has a name of its own, and docs/security.md says what it shows."""

import re
from collections import Counter
from pathlib import Path

from attack.catalogue import PARTS

PAGE = (Path(__file__).parents[2] / "docs/security.md").read_text()
NAMES = [f"{part}: {attack.name}" for part, attacks in PARTS.items() for attack in attacks]


def test_no_two_attacks_have_the_same_name() -> None:
    assert [name for name, times in Counter(NAMES).items() if times > 1] == []


def test_the_page_on_security_names_every_attack_and_no_other() -> None:
    named = {text for text in re.findall(r"`([^`]+)`", PAGE) if text.partition(": ")[0] in PARTS}
    assert named == set(NAMES), "say in docs/security.md what the attack shows"

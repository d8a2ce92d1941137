"""Every attack has a name of its own, and docs/security.md says what it shows."""

import re
from collections import Counter
from pathlib import Path

import pytest

from attack.catalogue import PARTS, chosen

PAGE = (Path(__file__).parents[2] / "docs/security.md").read_text()
NAMES = [f"{part}: {attack.name}" for part, attacks in PARTS.items() for attack in attacks]


def test_no_two_attacks_have_the_same_name() -> None:
    assert [name for name, times in Counter(NAMES).items() if times > 1] == []


def test_the_page_on_security_names_every_attack_and_no_other() -> None:
    named = {text for text in re.findall(r"`([^`]+)`", PAGE) if text.partition(": ")[0] in PARTS}
    assert named == set(NAMES), "say in docs/security.md what the attack shows"


def test_a_part_or_a_single_attack_can_be_chosen() -> None:
    assert [len(attacks) for attacks in chosen([]).values()] == [len(of) for of in PARTS.values()]
    assert list(chosen(["texts"])) == ["texts"]
    (attack,) = chosen(["collector: gzip bombs"])["collector"]
    assert attack.name == "gzip bombs"


@pytest.mark.parametrize("name", ["nothing", "collector: nothing", "collector: ", ""])
def test_a_name_that_there_is_none_of_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        chosen([name])

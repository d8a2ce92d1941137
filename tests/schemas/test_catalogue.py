"""Using another `topics.yaml`, whose topics may have other names on the cluster."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from daybook.engine.errors import DaybookError, Unknown, WrongSetting
from schemas.catalogue import catalogue, load_catalogue, source, topic_name

ROOT = Path(__file__).parents[2]
ORDERS = "sc.domain.order"
Rename = Callable[[dict[str, Any]], None]


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Rename], Path]:
    """Writes a changed copy of topics.yaml, and sets DAYBOOK_TOPICS to it."""

    def change(rename: Rename) -> Path:
        file = yaml.safe_load((ROOT / "topics.yaml").read_text())
        rename(file["topics"])
        path = tmp_path / "topics.yaml"
        path.write_text(yaml.safe_dump(file))
        monkeypatch.setenv("DAYBOOK_TOPICS", str(path))
        return path

    return change


def called_prod(topics: dict[str, Any]) -> None:
    topics[ORDERS]["name"] = "prod.orders.v1"


def test_the_default_is_daybooks_own_topics_yaml() -> None:
    assert topic_name(ORDERS) == ORDERS


def test_a_topic_is_read_under_its_name_on_the_cluster(own: Callable[[Rename], Path]) -> None:
    own(called_prod)
    assert source.__wrapped__(ORDERS).topic == "prod.orders.v1"
    assert source.__wrapped__("prod.orders.v1").topic == "prod.orders.v1"
    assert topic_name("sc.domain.user") == "sc.domain.user"


def test_a_renamed_topic_renames_its_dead_letter_topic(own: Callable[[Rename], Path]) -> None:
    own(called_prod)
    assert topic_name(f"{ORDERS}.dlq") == "prod.orders.v1.dlq"


def name_of_dead_letters(topics: dict[str, Any]) -> None:
    topics[f"{ORDERS}.dlq"]["name"] = "elsewhere"


def twice(topics: dict[str, Any]) -> None:
    topics[ORDERS]["name"] = "sc.domain.user"


def blank(topics: dict[str, Any]) -> None:
    topics[ORDERS]["name"] = "prod orders"


@pytest.mark.parametrize(
    ("rename", "why"),
    [
        (name_of_dead_letters, "sc.domain.order.dlq must not have a name"),
        (twice, "two topics have the name sc.domain.user on the cluster"),
        (blank, "topics.sc.domain.order.name: String should match pattern"),
    ],
)
def test_an_invalid_name_is_refused(
    own: Callable[[Rename], Path], rename: Rename, why: str
) -> None:
    path = own(rename)
    with pytest.raises(DaybookError, match=f"topics.yaml: .*{why}"):
        load_catalogue(path)


def test_a_missing_file_is_named_by_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYBOOK_TOPICS", "/nowhere/topics.yaml")
    with pytest.raises(WrongSetting, match="DAYBOOK_TOPICS"):
        catalogue()


def test_an_unknown_topic_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Unknown, match="no topic sc.domain.orders in topics.yaml"):
        source("sc.domain.orders")

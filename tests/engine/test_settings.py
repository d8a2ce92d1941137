"""An invalid setting is reported with its variable's name."""

import pytest

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import settings


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DAYBOOK_ZONE", "Mars/Olympus"),
        ("DAYBOOK_LINGER_MS", "soon"),
        ("DAYBOOK_LINGER_MS", "-1"),
        ("DAYBOOK_DUPLICATE_WINDOW", "-5"),
        ("DAYBOOK_KAFKA_GROUP_PROTOCOL", "eager"),
        ("DAYBOOK_MONGODB_DATABASE", "a/b"),
        ("DAYBOOK_HEALTH_PORT", "70000"),
        ("DAYBOOK_KAFKA_BOOTSTRAP_SERVERS", ""),
        ("DAYBOOK_CURRENCY", "EURO"),
        ("DAYBOOK_CURRENCY", "eur"),
        ("DAYBOOK_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example"),
        ("DAYBOOK_COLLECTOR_RATE", "0"),
        ("DAYBOOK_LOCAL_PORTS", "29092,37117"),
        ("DAYBOOK_LOCAL_PORTS", "29092,29093,26379"),
        ("DAYBOOK_LOCAL_PORTS", "29092,37117,99999"),
    ],
)
def test_an_invalid_setting_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    settings.cache_clear()
    with pytest.raises(WrongSetting, match=variable):
        settings()
    settings.cache_clear()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYBOOK_MONGODB_URI", "mongodb://user:hunter2@127.0.0.1/")
    settings.cache_clear()
    assert "hunter2" not in repr(settings())
    settings.cache_clear()


def test_roles_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYBOOK_LEADER_ROLES", " captain, ,admin")
    settings.cache_clear()
    assert settings().leader_roles == {"captain", "admin"}
    settings.cache_clear()


def test_local_servers_on_other_ports_are_found_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DAYBOOK_LOCAL_PORTS", "29092,37117,26379")
    monkeypatch.setenv("DAYBOOK_REDIS_URL", "redis://cache.example:6379/0")
    settings.cache_clear()
    own = settings()
    settings.cache_clear()
    assert own.kafka_bootstrap_servers == "127.0.0.1:29092"
    assert own.mongodb_uri.get_secret_value() == "mongodb://127.0.0.1:37117/?replicaSet=daybook"
    assert own.redis_url.get_secret_value() == "redis://cache.example:6379/0"
    assert "mongodb_uri" not in own.model_fields_set

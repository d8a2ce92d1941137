"""An invalid setting is reported with its variable's name."""

import pytest

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings, settings


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


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("HTTPS://Shop.Example:443/", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:8080/", "http://shop.example:8080"),
        ("https://shop.example:80", "https://shop.example:80"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[2001:DB8:0::1]:8080", "http://[2001:db8::1]:8080"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("*", "*"),
    ],
)
@pytest.mark.parametrize("setting", ["collector_origins", "query_origins"])
def test_an_origin_is_brought_to_the_form_that_browsers_send(
    monkeypatch: pytest.MonkeyPatch, setting: str, written: str, sent: str
) -> None:
    monkeypatch.setenv(f"DAYBOOK_{setting.upper()}", f" {written}, https://other.example ,")
    assert getattr(Settings(), setting) == (sent, "https://other.example")


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example",
        "https://",
        "https://shop.example/spring",
        "https://shop.example?a=b",
        "https://shop.example/#top",
        "https://user@shop.example",
        "https://*.shop.example",
        "https://shop.example:port",
        "https://shop.example:99999",
        "https://shop example",
        "//shop.example",
        "null",
    ],
)
def test_what_is_no_origin_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("DAYBOOK_COLLECTOR_ORIGINS", origin)
    settings.cache_clear()
    with pytest.raises(WrongSetting, match="DAYBOOK_COLLECTOR_ORIGINS"):
        settings()
    settings.cache_clear()

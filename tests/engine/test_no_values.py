"""No error about a setting repeats any setting's value, whatever is wrong with it."""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from daybook.collector.client.country import locator
from daybook.engine.errors import DaybookError, WrongSetting
from daybook.engine.kafka import clients
from daybook.engine.member.health import Health
from daybook.engine.mongo.client import database
from daybook.engine.redis_client import FailFastRedis, blocking
from daybook.engine.settings import PREFIX, Settings, settings
from daybook.exports.notices.mail import Mail
from daybook.exports.notices.webhook import Webhook
from daybook.files.bucket import Bucket
from daybook.query.access.jwt import Tokens
from daybook.query.read.mongo import Reader
from daybook.query.stream.redis_subscription import Subscription

MARK = "hunter2"
"""Part of every hostile value; no message may contain it."""

HOSTILE = (
    MARK,
    f"-{MARK}",
    f"{MARK},{MARK}:1",
    f"1.5{MARK}",
    f"/nowhere/{MARK}",
    f"https://user:{MARK}@host.example:port/",
    f"mongodb://user:{MARK}@host:port/",
    f"mongodb://user:12/{MARK}@127.0.0.1/",
    f"mongodb://us@er:{MARK}%zz@127.0.0.1/",
    f"mongodb://127.0.0.1/?fooBar={MARK}",
    f"mongodb://127.0.0.1/?connectTimeoutMS={MARK}",
    f"mongodb://127.0.0.1/?{MARK}=1",
    f"mongodb://127.0.0.1/?tls=true&tlsCAFile=/nowhere/{MARK}",
    f"mongodb://127.0.0.1/?authMechanism={MARK}",
    f"mongodb://127.0.0.1/{MARK}.{MARK}",
    f"redis://user:{MARK}@host:port/0",
    f"redis://user:12/{MARK}@127.0.0.1/0",
    f"redis://127.0.0.1/0?{MARK}=1",
    f"redis://127.0.0.1/0?socket_timeout={MARK}",
    f"rediss://127.0.0.1/0?ssl_cert_reqs={MARK}",
    f"smtp://user:{MARK}@host:port",
    f"http://[{MARK}",
    f"{MARK}\n{MARK}",
)


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def _readers(name: str, config: Settings) -> Iterator[Callable[[], object]]:
    """What reads the setting when a command or service starts."""
    if name.startswith("kafka_"):
        yield lambda: clients.admin(config)
        yield lambda: clients.member(config, "group").close()
    elif name in ("mongodb_uri", "mongodb_database"):
        yield lambda: database(config).client.close()
        yield lambda: Reader(config)
    elif name == "query_mongodb_uri":
        yield lambda: Reader(config)
    elif name == "redis_url":
        yield lambda: FailFastRedis(config, "", "")
        yield lambda: blocking(config, 1.0)
        yield lambda: Subscription(config, print, print, print)
    elif name.startswith("health_"):
        yield lambda: Health(config.health_host, config.health_port, _fine, _fine).close()
    elif name == "geoip_file":
        yield lambda: locator(config.geoip_file)
    elif name.startswith("jwt_") and config.jwt_algorithm:
        yield lambda: Tokens(config)
    elif name.startswith(("exports_s3_", "exports_bucket")):
        yield lambda: Bucket(config.model_copy(update={"exports_bucket": "files"}))
    elif name == "exports_smtp_url":
        yield lambda: Mail(config)
    elif name.startswith("exports_webhook_"):
        yield lambda: Webhook(config)


def _fine() -> str | None:
    return None


def _messages(work: Callable[[], object]) -> Iterator[str]:
    """What a person would be shown: the error's message, and warnings of libraries."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            work()
        except DaybookError as error:
            yield str(error)
    yield from (str(warning.message) for warning in caught)


ALONGSIDE = {
    "jwt_jwks": {"jwt_algorithm": "RS256", "jwt_issuer": "i", "jwt_audience": "a"},
    "jwt_secret": {"jwt_algorithm": "HS256", "jwt_issuer": "i", "jwt_audience": "a"},
    "exports_smtp_url": {"exports_mail_from": "a@b.example", "exports_mail_to": "a@b.example"},
    "kafka_ssl_ca_location": {"kafka_security_protocol": "SSL"},
    "kafka_ssl_certificate_location": {"kafka_security_protocol": "SSL"},
    "kafka_ssl_key_location": {"kafka_security_protocol": "SSL"},
    "kafka_sasl_username": {"kafka_security_protocol": "SASL_PLAINTEXT"},
    "kafka_sasl_password": {"kafka_security_protocol": "SASL_PLAINTEXT"},
}
"""Further settings, without which a setting is not read."""


@pytest.mark.parametrize("name", Settings.model_fields)
def test_no_error_of_a_setting_repeats_its_value(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for further, value in ALONGSIDE.get(name, {}).items():
        monkeypatch.setenv(PREFIX + further.upper(), value)
    for value in HOSTILE if name.endswith(("_uri", "_url", "_jwks")) else HOSTILE[:6]:
        monkeypatch.setenv(PREFIX + name.upper(), value)
        settings.cache_clear()
        shown = list(_messages(settings))
        with suppress(WrongSetting):
            for work in _readers(name, settings()):
                shown += _messages(work)
        assert not [message for message in shown if MARK in message], value
    output = capfd.readouterr()
    assert MARK not in output.out + output.err


def test_the_error_of_a_wrong_uri_names_the_setting_and_says_what_it_must_be() -> None:
    wrong = Settings(mongodb_uri=SecretStr(f"mongodb://user:{MARK}@host:port/"))
    with pytest.raises(WrongSetting, match=re.escape("DAYBOOK_MONGODB_URI: must be mongodb://")):
        database(wrong)
    wrong = Settings(redis_url=SecretStr(f"redis://user:{MARK}@host:port/"))
    with pytest.raises(WrongSetting, match=re.escape("DAYBOOK_REDIS_URL: must be redis://")):
        blocking(wrong, 1.0)


def test_special_characters_in_a_password_can_be_percent_encoded() -> None:
    uri = "mongodb://user:a%2Fb%40c@127.0.0.1:1/?replicaSet=daybook&authSource=admin"
    database(Settings(mongodb_uri=SecretStr(uri))).client.close()
    blocking(Settings(redis_url=SecretStr("redis://user:a%2Fb%40c@127.0.0.1:1/0")), 1.0)


def test_a_file_that_is_no_database_of_countries_is_named_by_its_setting(tmp_path: Path) -> None:
    file = tmp_path / MARK
    file.write_bytes(b"no database")
    with pytest.raises(WrongSetting, match="DAYBOOK_GEOIP_FILE") as caught:
        locator(str(file))
    assert MARK not in str(caught.value)

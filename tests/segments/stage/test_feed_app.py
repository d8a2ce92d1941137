"""How Faust is configured: where it connects, and where it begins to read."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings
from daybook.segments.stage.feed_app import FeedApp


async def starts(*_: Any) -> dict[int, int]:
    return {}


def app(tmp_path: Path, **own: Any) -> FeedApp:
    return FeedApp("group", Settings.model_validate(own), starts, tmp_path)


def test_it_connects_to_every_broker_and_reads_its_environment_from_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_URL", "kafka://elsewhere:9092")
    monkeypatch.setenv("WEB_ENABLED", "1")
    conf = app(tmp_path, kafka_bootstrap_servers="a:9092, b:9093").conf
    assert [(url.scheme, url.host, url.port) for url in conf.broker] == [
        ("aiokafka", "a", 9092),
        ("aiokafka", "b", 9093),
    ]
    assert not conf.web_enabled
    assert conf.broker_credentials is None


def test_the_session_is_that_of_the_members(tmp_path: Path) -> None:
    conf = app(tmp_path, kafka_session_timeout_ms=6_000, kafka_max_poll_interval_ms=90_000).conf
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval) == (6.0, 2.0)
    assert conf.broker_max_poll_interval == 90.0
    long = app(tmp_path, kafka_session_timeout_ms=1_800_000).conf
    assert long.broker_request_timeout >= long.broker_session_timeout


def test_a_user_and_a_client_certificate_are_those_of_the_settings(tmp_path: Path) -> None:
    authority = trustme.CA()
    ca, own = tmp_path / "ca.pem", tmp_path / "own.pem"
    authority.cert_pem.write_to_path(str(ca))
    issued = authority.issue_cert("daybook")
    issued.private_key_and_cert_chain_pem.write_to_path(str(own))
    files = {
        "kafka_ssl_ca_location": str(ca),
        "kafka_ssl_certificate_location": str(own),
        "kafka_ssl_key_location": str(own),
    }
    credentials: Any = app(tmp_path, kafka_security_protocol="SSL", **files).conf.broker_credentials
    assert credentials.protocol.value == "SSL"
    assert credentials.context.verify_mode == ssl.CERT_REQUIRED
    assert len(credentials.context.get_ca_certs()) == 1
    user = {
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "kafka_sasl_username": "daybook",
        "kafka_sasl_password": "secret",
    }
    for protocol in ("SASL_SSL", "SASL_PLAINTEXT"):
        sasl: Any = app(
            tmp_path, kafka_security_protocol=protocol, **user, **files
        ).conf.broker_credentials
        assert sasl.protocol.value == protocol
        assert (sasl.mechanism.value, sasl.username, sasl.password) == (
            "SCRAM-SHA-512",
            "daybook",
            "secret",
        )


def test_a_certificate_that_cannot_be_read_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="DAYBOOK_KAFKA_SSL_"):
        app(
            tmp_path,
            kafka_security_protocol="SSL",
            kafka_ssl_ca_location=str(tmp_path / "missing.pem"),
        )

"""A broker that wants callers to sign in, by each way that `DAYBOOK_KAFKA_*` knows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import trustme
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from daybook.local.kafka import Kafka
from daybook.local.ports import LOOPBACK, free_ports

USER, PASSWORD = "daybook", "a password of the broker's"
WAYS = (
    "SCRAM over TLS",
    "PLAIN over TLS",
    "SCRAM in plain text",
    "mutual TLS",
    "mutual TLS with an encrypted key",
)
_SCRAM_ITERATIONS = 4_096
_MODULE = "org.apache.kafka.common.security"


@contextmanager
def secured_broker(directory: Path) -> Iterator[Mapping[str, Mapping[str, str]]]:
    """The variables of each of WAYS to sign in to a broker of the test's own."""
    port, controller, tls, plain, mutual = free_ports(5)
    ca, files = trustme.CA(), directory / "certificates"
    files.mkdir()
    ca.cert_pem.write_to_path(str(files / "ca.pem"))
    own, client = ca.issue_cert(LOOPBACK), ca.issue_cert("member.daybook.example")
    _write_keystore(own, files / "broker.pem")
    client.private_key_pem.write_to_path(str(files / "client-key.pem"))
    (files / "encrypted-key.pem").write_bytes(_pkcs8(client, PASSWORD.encode()))
    client.cert_chain_pems[0].write_to_path(str(files / "client.pem"))
    listeners = {
        "PLAINTEXT": port, "CONTROLLER": controller, "TLS": tls, "OPEN": plain, "MUTUAL": mutual
    }  # fmt: skip
    urls = [f"{name}://{LOOPBACK}:{number}" for name, number in listeners.items()]
    settings = {
        "listeners": ",".join(urls),
        "advertised.listeners": ",".join(url for url in urls if "CONTROLLER" not in url),
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
        "TLS:SASL_SSL,OPEN:SASL_PLAINTEXT,MUTUAL:SSL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.tls.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(files / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(files / "ca.pem"),
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.tls.plain.sasl.jaas.config": f"{_MODULE}.plain.PlainLoginModule required "
        f'user_{USER}="{PASSWORD}";',
    }
    for name in ("tls", "open"):
        option = f"listener.name.{name}.scram-sha-512.sasl.jaas.config"
        settings[option] = f"{_MODULE}.scram.ScramLoginModule required;"
    broker = Kafka(directory / "kafka", port, controller, settings=settings)
    broker.start()
    try:
        _create_user(broker.address)
        user = {"DAYBOOK_KAFKA_SASL_USERNAME": USER, "DAYBOOK_KAFKA_SASL_PASSWORD": PASSWORD}
        trust = {"DAYBOOK_KAFKA_SSL_CA_LOCATION": str(files / "ca.pem")}
        certificate = {
            "DAYBOOK_KAFKA_SSL_CERTIFICATE_LOCATION": str(files / "client.pem"),
            "DAYBOOK_KAFKA_SSL_KEY_LOCATION": str(files / "client-key.pem"),
        }
        yield {
            "SCRAM over TLS": _way(tls, "SASL_SSL", "SCRAM-SHA-512") | user | trust,
            "PLAIN over TLS": _way(tls, "SASL_SSL", "PLAIN") | user | trust,
            "SCRAM in plain text": _way(plain, "SASL_PLAINTEXT", "SCRAM-SHA-512") | user,
            "mutual TLS": _way(mutual, "SSL") | trust | certificate,
            "mutual TLS with an encrypted key": _way(mutual, "SSL")
            | trust
            | certificate
            | {
                "DAYBOOK_KAFKA_SSL_KEY_LOCATION": str(files / "encrypted-key.pem"),
                "DAYBOOK_KAFKA_SSL_KEY_PASSWORD": PASSWORD,
            },
        }
    finally:
        broker.kill()
        broker.wipe()


def _way(port: int, protocol: str, mechanism: str | None = None) -> dict[str, str]:
    variables = {
        "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{port}",
        "DAYBOOK_KAFKA_SECURITY_PROTOCOL": protocol,
    }
    return variables | ({"DAYBOOK_KAFKA_SASL_MECHANISM": mechanism} if mechanism else {})


def _write_keystore(certificate: trustme.LeafCert, path: Path) -> None:
    chain = b"".join(one.bytes() for one in certificate.cert_chain_pems)
    path.write_bytes(_pkcs8(certificate) + chain)


def _pkcs8(certificate: trustme.LeafCert, password: bytes = b"") -> bytes:
    """The private key in the only form that Java reads."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _create_user(address: str) -> None:
    client = AdminClient({"bootstrap.servers": address})
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _SCRAM_ITERATIONS)
    upsertion = UserScramCredentialUpsertion(USER, scram, PASSWORD.encode())
    for done in client.alter_user_scram_credentials([upsertion]).values():
        done.result()

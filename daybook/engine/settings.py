"""Every setting, read from `DAYBOOK_*` environment variables; the defaults fit the local stack."""

import os
import re
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from daybook.engine.currency import CODES
from daybook.engine.errors import WrongSetting
from daybook.engine.setting_files import SUFFIX, read_files

PREFIX = "DAYBOOK_"

S = TypeVar("S", bound=BaseSettings)

LOCAL_PORTS = "19092,27117,16379"
LOCAL_KAFKA = "127.0.0.1:19092"
LOCAL_MONGODB = "mongodb://127.0.0.1:27117/?replicaSet=daybook"
LOCAL_REDIS = "redis://127.0.0.1:16379/0"


class _TopicsFile(BaseSettings):
    """The one setting that is read before all others, when groups are declared."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", defer_build=True
    )

    topics: FilePath | None = Field(None, description="topics.yaml to use instead of Daybook's own")


class Settings(_TopicsFile):
    """Each field is a variable: `kafka_bootstrap_servers` is `DAYBOOK_KAFKA_BOOTSTRAP_SERVERS`, or
    the content of the file that `DAYBOOK_KAFKA_BOOTSTRAP_SERVERS_FILE` names."""

    local_ports: str = Field(
        LOCAL_PORTS,
        pattern=r"^\d{1,5},\d{1,5},\d{1,5}$",
        description="ports of the servers of `daybook up`: Kafka, MongoDB, Redis; Kafka also takes "
        "the port after its own",
    )
    kafka_bootstrap_servers: str = Field(
        LOCAL_KAFKA, min_length=1, description="brokers as host:port, comma-separated"
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="protocol of the connections to the brokers"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="SASL mechanism; required with a SASL_ protocol"
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user name")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password")
    kafka_ssl_ca_location: str | None = Field(None, description="file with the brokers' CA")
    kafka_ssl_certificate_location: str | None = Field(None, description="client certificate file")
    kafka_ssl_key_location: str | None = Field(None, description="client key file")
    kafka_ssl_key_password: SecretStr | None = Field(
        None, description="password of the client key file, if it is encrypted"
    )
    kafka_group_protocol: Literal["classic", "consumer"] = Field(
        "classic",
        description="rebalance protocol: classic (cooperative-sticky) or consumer (KIP-848)",
    )
    kafka_session_timeout_ms: int = Field(
        10_000,
        ge=1_000,
        le=1_800_000,
        description="a member that sends no heartbeat this long is removed (classic protocol)",
    )
    kafka_max_poll_interval_ms: int = Field(
        300_000,
        ge=1_000,
        le=86_400_000,
        description="a member that does not poll for this long is removed",
    )
    mongodb_uri: SecretStr = Field(
        SecretStr(LOCAL_MONGODB), description="URI of a replica set, with user and TLS options"
    )
    mongodb_database: str = Field(
        "daybook", pattern=r"^[A-Za-z0-9_-]{1,63}$", description="database of the fleet"
    )
    redis_url: SecretStr = Field(
        SecretStr(LOCAL_REDIS), description="URL of Redis; rediss:// for TLS"
    )
    live_refresh_ms: int = Field(
        30_000,
        ge=100,
        le=60_000,
        description="how often all of today's documents are written to Redis again",
    )
    topics_replication: int | None = Field(
        None,
        ge=1,
        le=32_767,
        description="replication factor of new topics; unset: as in topics.yaml",
    )
    zone: str = Field(
        "UTC", description="time zone that defines days and hours; bound to the database"
    )
    leader_roles: Annotated[frozenset[str], NoDecode] = Field(
        frozenset({"leader", "admin"}),
        description="roles that count as leader, comma-separated; bound to the database",
    )
    duplicate_window: int = Field(
        50_000,
        ge=0,
        le=10_000_000,
        description="offsets for which an event id is remembered; bound to the database",
    )
    batch_messages_max: int = Field(
        50_000, ge=1, le=1_000_000, description="messages in a batch, at most"
    )
    batch_bytes_max: int = Field(
        32 * 2**20, ge=2**20, description="bytes buffered by a member before it counts them"
    )
    linger_ms: int = Field(
        100, ge=0, le=60_000, description="how long a message may wait for its batch to fill"
    )
    shutdown_grace_ms: int = Field(
        30_000, ge=100, description="time after SIGTERM for counting the messages already read"
    )
    health_host: str = Field(
        "127.0.0.1", description="address that serves /live, /ready and /metrics"
    )
    health_port: int = Field(
        0, ge=0, le=65_535, description="port of /live, /ready and /metrics; 0: any free port"
    )
    recount_memory_mib: int = Field(
        1_024,
        ge=768,
        description="memory of verify and rebuild in MiB; beyond it they use the disk",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: console on a terminal, else JSON"
    )
    currency: str = Field("EUR", description="currency of tracked values that name none")
    collector_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="origins whose pages may read the collector's responses; *: every origin"
    )
    collector_rate: int = Field(
        100, ge=1, le=1_000_000, description="events a second that a client address may send"
    )
    collector_burst: int = Field(
        500, ge=1, le=10_000_000, description="events that a client address may send at once"
    )
    collector_sources_max: int = Field(
        1_000,
        ge=0,
        le=1_000_000,
        description="unknown sources stored per API key and day; later ones become `other`",
    )
    collector_linger_ms: int = Field(
        5, ge=0, le=1_000, description="how long an event may wait for its Kafka batch to fill"
    )
    collector_queue_messages: int = Field(
        100_000, ge=500, le=10_000_000, description="events that may wait for the broker"
    )
    collector_ack_ms: int = Field(
        10_000,
        ge=100,
        le=300_000,
        description="how long the broker may take to acknowledge, before a 503",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="networks whose X-Forwarded-For is trusted, such as 10.0.0.0/8"
    )
    connections_per_address: int = Field(
        200,
        ge=1,
        le=100_000,
        description="connections that one address may have open to a service; trusted proxies may "
        "have any number",
    )
    address_key: SecretStr | None = Field(
        None,
        description="key for hashing client addresses in the rate limit; unset: random per process",
    )
    geoip_file: str | None = Field(None, description="file of a MaxMind country database")
    query_mongodb_uri: SecretStr | None = Field(
        None, description="URI for a read-only MongoDB user; unset: DAYBOOK_MONGODB_URI"
    )
    query_timeout_ms: int = Field(
        5_000, ge=100, le=60_000, description="time limit of MongoDB for a report"
    )
    query_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="origins whose pages may read reports"
    )
    query_rate: int = Field(
        100, ge=1, le=1_000_000, description="requests a second that a caller may make"
    )
    query_burst: int = Field(
        2_000, ge=1, le=10_000_000, description="requests that a caller may make at once"
    )
    auth: Literal["on", "off"] = Field(
        "on", description="off: no authentication, for callers on this machine only"
    )
    jwt_algorithm: Literal["HS256", "RS256", "ES256"] | None = Field(
        None, description="the only algorithm accepted for tokens; unset: no tokens"
    )
    jwt_secret: SecretStr | None = Field(None, description="HS256 secret, at least 32 bytes")
    jwt_jwks: str | None = Field(None, description="file or https:// URL of the public keys (JWKS)")
    jwt_issuer: str | None = Field(None, description="required `iss` claim of tokens")
    jwt_audience: str | None = Field(None, description="required `aud` claim of tokens")
    demo_serve: bool = Field(
        True, description="whether `daybook demo` keeps serving afterwards, on a terminal"
    )

    exports_secret: SecretStr | None = Field(
        None,
        description="signs download links and job ids, at least 32 bytes; unset: no exports",
    )
    exports_folder: str = Field(
        ".daybook/exports", min_length=1, description="folder of finished files, without a bucket"
    )
    exports_csv_bom: bool = Field(
        False, description="begin csv files with a byte-order mark, so that Excel reads UTF-8"
    )
    exports_bucket: str | None = Field(None, description="S3 bucket of finished files")
    exports_s3_endpoint: str | None = Field(
        None, description="URL of the S3-compatible service; unset: AWS"
    )
    exports_s3_region: str | None = Field(None, description="region of the bucket")
    exports_s3_access_key_id: str | None = Field(
        None, description="access key id; unset: AWS's default credential chain"
    )
    exports_s3_secret_access_key: SecretStr | None = Field(None, description="secret access key")
    exports_public_url: str | None = Field(
        None, description="public URL of the query service, the base of download links"
    )
    exports_webhook_url: str | None = Field(
        None, description="URL notified when an export is ready (https, or loopback)"
    )
    exports_webhook_secret: SecretStr | None = Field(
        None, description="signs webhook notifications, at least 32 bytes"
    )
    exports_smtp_url: SecretStr | None = Field(
        None, description="smtps://user:password@host:465, or smtp:// with STARTTLS"
    )
    exports_mail_from: str | None = Field(None, description="sender address; required with SMTP")
    exports_mail_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="recipients, comma-separated; this or domains are required with SMTP"
    )
    exports_mail_domains: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="domains to which notices for the requester may go, comma-separated"
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value != "UTC" and value not in available_timezones():
            raise ValueError("not a time zone of the tz database, such as Europe/Berlin")
        return value

    @field_validator("leader_roles", mode="before")
    @classmethod
    def _split_roles(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(role for part in value.split(",") if (role := part.strip()))
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in CODES:
            raise ValueError("not an ISO 4217 code, such as USD")
        return value

    @field_validator(
        "collector_origins",
        "query_origins",
        "trusted_proxies",
        "exports_mail_to",
        "exports_mail_domains",
        mode="before",
    )
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(item for part in value.split(",") if (item := part.strip()))
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _valid_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for network in value:
                ip_network(network)
        except ValueError:
            # The library's message would repeat the value.
            raise ValueError("must be networks, such as 10.0.0.0/8, without host bits") from None
        return value

    @field_validator("exports_mail_domains")
    @classmethod
    def _valid_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        domains = tuple(domain.lower() for domain in value)
        if not all(_DOMAIN.fullmatch(domain) for domain in domains):
            raise ValueError("must be domains, such as example.com, without wildcards")
        return domains

    @field_validator("collector_origins", "query_origins")
    @classmethod
    def _normal_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(_normal_origin, value)))

    @field_validator("local_ports")
    @classmethod
    def _distinct_ports(cls, value: str) -> str:
        kafka, mongodb, redis = map(int, value.split(","))
        taken = {kafka, kafka + 1, mongodb, redis}
        if len(taken) < 4 or min(taken) < 1 or max(taken) > 65_535:
            raise ValueError(
                "must be three ports, such as 29092,37117,26379, and Kafka's next port is taken too"
            )
        return value

    @model_validator(mode="after")
    def _address_local_servers(self) -> Self:
        kafka, mongodb, redis = self.local_ports.split(",")
        for name, address in (
            ("kafka_bootstrap_servers", f"127.0.0.1:{kafka}"),
            ("mongodb_uri", SecretStr(f"mongodb://127.0.0.1:{mongodb}/?replicaSet=daybook")),
            ("redis_url", SecretStr(f"redis://127.0.0.1:{redis}/0")),
        ):
            if name not in self.model_fields_set:
                # It stays a default: a server that no setting names is started by `daybook up`.
                self.__dict__[name] = address
        return self

    def zone_info(self) -> ZoneInfo:
        """`zone` as a `ZoneInfo`."""
        return ZoneInfo(self.zone)


_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9._-]+")
_DOMAIN = re.compile(r"([a-z0-9-]{1,63}\.)+[a-z0-9-]{1,63}")


def _normal_origin(text: str) -> str:
    """An origin as browsers send it: in lower case and ASCII, without default port and slash.

    Raises ValueError for anything but a scheme, a host and a port, or `*`.
    """
    if text == "*":
        return text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        if ":" in host:
            host = f"[{ip_address(host).compressed}]"
        elif not _HOST.fullmatch(host := host.encode("idna").decode()):
            raise ValueError
    except ValueError:
        raise ValueError(_WRONG_ORIGIN) from None
    named = f"{parts.scheme}://{parts.netloc}".lower()
    if "@" in parts.netloc or text.lower() not in (named, f"{named}/"):
        raise ValueError(_WRONG_ORIGIN)
    is_default = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if is_default else f":{port}")


_WRONG_ORIGIN = "must be origins, such as https://shop.example, without a path; or *"


def topics_file() -> Path | None:
    """The file that DAYBOOK_TOPICS names, if set. Raises WrongSetting if it is not a file."""
    return _read(_TopicsFile).topics


@cache
def settings() -> Settings:
    """The settings of this process. Raises WrongSetting, naming each invalid variable."""
    return _read(Settings)


def _read(kind: type[S]) -> S:
    # The file of topics is read by path anyway.
    from_files = read_files(PREFIX, kind.model_fields.keys() - {"topics"}, os.environ)
    try:
        return kind(**from_files)
    except ValidationError as error:
        problems = []
        for e in error.errors(include_url=False, include_input=False):
            name = str(e["loc"][0])
            suffix = SUFFIX if name in from_files else ""
            problems.append(f"{PREFIX}{name.upper()}{suffix}: {e['msg']}")
        raise WrongSetting("; ".join(problems)) from None

"""Every setting, read from `DAYBOOK_*` environment variables; unset, the local stack's."""

from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from daybook.engine.currency import CODES
from daybook.engine.errors import WrongSetting

PREFIX = "DAYBOOK_"

S = TypeVar("S", bound=BaseSettings)

LOCAL_PORTS = "19092,27117,16379"
LOCAL_KAFKA = "127.0.0.1:19092"
LOCAL_MONGODB = "mongodb://127.0.0.1:27117/?replicaSet=daybook"
LOCAL_REDIS = "redis://127.0.0.1:16379/0"


class _TopicsFile(BaseSettings):
    """The one setting that is read when groups are declared, so before all others."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", defer_build=True
    )

    topics: FilePath | None = Field(None, description="another topics.yaml than Daybook's own")


class Settings(_TopicsFile):
    """One field a variable: `kafka_bootstrap_servers` is `DAYBOOK_KAFKA_BOOTSTRAP_SERVERS`."""

    local_ports: str = Field(
        LOCAL_PORTS,
        pattern=r"^\d{1,5},\d{1,5},\d{1,5}$",
        description="ports of the servers of `daybook up`: Kafka, MongoDB, Redis; Kafka also takes "
        "the port after its own",
    )
    kafka_bootstrap_servers: str = Field(LOCAL_KAFKA, min_length=1, description="host:port, …")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to talk to the brokers"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="needed with a SASL_ protocol"
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password")
    kafka_ssl_ca_location: str | None = Field(None, description="file of the brokers' CA")
    kafka_ssl_certificate_location: str | None = Field(None, description="client certificate file")
    kafka_ssl_key_location: str | None = Field(None, description="client key file")
    kafka_group_protocol: Literal["classic", "consumer"] = Field(
        "classic", description="classic is cooperative-sticky; consumer is KIP-848's"
    )
    kafka_session_timeout_ms: int = Field(
        10_000, ge=1_000, le=1_800_000, description="a silent member is out (classic protocol)"
    )
    kafka_max_poll_interval_ms: int = Field(
        300_000, ge=1_000, le=86_400_000, description="a stuck member is out"
    )
    mongodb_uri: SecretStr = Field(
        SecretStr(LOCAL_MONGODB), description="a replica set; TLS and user in the URI"
    )
    mongodb_database: str = Field(
        "daybook", pattern=r"^[A-Za-z0-9_-]{1,63}$", description="where the documents live"
    )
    redis_url: SecretStr = Field(SecretStr(LOCAL_REDIS), description="rediss:// for TLS")
    live_refresh_ms: int = Field(
        30_000, ge=100, le=60_000, description="how often all of today is shown again in Redis"
    )
    topics_replication: int | None = Field(
        None, ge=1, le=32_767, description="copies of a topic that is made; unset: topics.yaml's"
    )
    zone: str = Field("UTC", description="the zone whose days are counted; bound in the database")
    leader_roles: Annotated[frozenset[str], NoDecode] = Field(
        frozenset({"leader", "admin"}), description="roles that make a leader; bound"
    )
    duplicate_window: int = Field(
        50_000, ge=0, le=10_000_000, description="offsets in which an event id is remembered; bound"
    )
    batch_messages_max: int = Field(
        50_000, ge=1, le=1_000_000, description="messages folded together at most"
    )
    batch_bytes_max: int = Field(
        32 * 2**20, ge=2**20, description="bytes held by a member at most, before a fold"
    )
    linger_ms: int = Field(
        100, ge=0, le=60_000, description="how long a message may wait for others to fold with"
    )
    shutdown_grace_ms: int = Field(
        30_000, ge=100, description="how long SIGTERM may take to count what was fetched"
    )
    health_host: str = Field("127.0.0.1", description="where /live, /ready and /metrics listen")
    health_port: int = Field(
        0, ge=0, le=65_535, description="/live, /ready and /metrics; 0 takes a free one"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: console on a terminal, else JSON"
    )
    currency: str = Field("EUR", description="of tracked values that come without one")
    collector_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="web origins whose pages may read the collector's answers; * is all"
    )
    collector_rate: int = Field(
        100, ge=1, le=1_000_000, description="events a second that an address may track"
    )
    collector_burst: int = Field(
        500, ge=1, le=10_000_000, description="events that an address may track at once"
    )
    collector_sources_max: int = Field(
        1_000, ge=0, le=1_000_000, description="unknown sources a key and day, then `other`"
    )
    collector_linger_ms: int = Field(
        5, ge=0, le=1_000, description="how long an event may wait for others to be sent with"
    )
    collector_queue_messages: int = Field(
        100_000, ge=500, le=10_000_000, description="events that may wait for the broker"
    )
    collector_ack_ms: int = Field(
        10_000, ge=100, le=300_000, description="how long the broker may take before a 503"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="networks whose X-Forwarded-For is believed, such as 10.0.0.0/8"
    )
    address_key: SecretStr | None = Field(
        None, description="hashes addresses for the rate limit; unset: one a process"
    )
    geoip_file: str | None = Field(None, description="a MaxMind country database")
    query_mongodb_uri: SecretStr | None = Field(
        None, description="of a user who can only read; unset: DAYBOOK_MONGODB_URI"
    )
    query_timeout_ms: int = Field(
        5_000, ge=100, le=60_000, description="how long MongoDB may take for a report"
    )
    query_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="web origins whose pages may read reports"
    )
    query_rate: int = Field(
        100, ge=1, le=1_000_000, description="calls a second that a reader may make"
    )
    query_burst: int = Field(
        2_000, ge=1, le=10_000_000, description="calls that a reader may make at once"
    )
    auth: Literal["on", "off"] = Field(
        "on", description="off: everybody reads everything; on a loopback address only"
    )
    jwt_algorithm: Literal["HS256", "RS256", "ES256"] | None = Field(
        None, description="the only algorithm of tokens that is accepted; unset: no tokens"
    )
    jwt_secret: SecretStr | None = Field(None, description="of HS256, 32 bytes at least")
    jwt_jwks: str | None = Field(None, description="file or https:// address of the public keys")
    jwt_issuer: str | None = Field(None, description="the `iss` that tokens must have")
    jwt_audience: str | None = Field(None, description="the `aud` that tokens must name")
    demo_serve: bool = Field(
        True, description="on a terminal `daybook demo` goes on serving; else it ends"
    )

    exports_secret: SecretStr | None = Field(
        None, description="signs links and job ids, 32 bytes at least; unset: no exports"
    )
    exports_folder: str = Field(
        ".daybook/exports", min_length=1, description="where finished files are, without a bucket"
    )
    exports_bucket: str | None = Field(None, description="an S3-style bucket, instead of a folder")
    exports_s3_endpoint: str | None = Field(
        None, description="address of the bucket's service; unset: AWS"
    )
    exports_s3_region: str | None = Field(None, description="the bucket's region")
    exports_s3_access_key_id: str | None = Field(
        None, description="unset: as AWS's own tools find one"
    )
    exports_s3_secret_access_key: SecretStr | None = Field(None, description="of that key")
    exports_public_url: str | None = Field(
        None, description="the query service's own address, put before download links"
    )
    exports_webhook_url: str | None = Field(
        None, description="is told when a file is ready; https://, or on this machine"
    )
    exports_webhook_secret: SecretStr | None = Field(
        None, description="signs what it is told, 32 bytes at least"
    )
    exports_smtp_url: SecretStr | None = Field(
        None, description="smtps://user:password@host:465, or smtp:// with STARTTLS"
    )
    exports_mail_from: str | None = Field(None, description="who writes that a file is ready")
    exports_mail_to: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="to whom it is written"
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not a zone of the tz database, such as Europe/Berlin")
        return value

    @field_validator("leader_roles", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
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
        "collector_origins", "query_origins", "trusted_proxies", "exports_mail_to", mode="before"
    )
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(one for part in value.split(",") if (one := part.strip()))
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one)
        return value

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
        return ZoneInfo(self.zone)


def topics_file() -> Path | None:
    """The file that DAYBOOK_TOPICS names, if any. Raises WrongSetting if it is none."""
    return _read(_TopicsFile).topics


@cache
def settings() -> Settings:
    """The process's settings. Raises WrongSetting naming each variable that cannot be used."""
    return _read(Settings)


def _read(kind: type[S]) -> S:
    try:
        return kind()
    except ValidationError as error:
        wrong = [
            f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}"
            for e in error.errors(include_url=False, include_input=False)
        ]
        raise WrongSetting("; ".join(wrong)) from None

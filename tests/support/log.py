"""Messages as the Kafka client returns them, for tests without a broker."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A message of a partition, with the methods of confluent_kafka.Message."""

    at: int
    raw: bytes | None
    named: bytes | None
    arrived_ms: int
    extra: tuple[tuple[str, bytes], ...] = ()

    def offset(self) -> int:
        return self.at

    def value(self) -> bytes | None:
        return self.raw

    def key(self) -> bytes | None:
        return self.named

    def headers(self) -> list[tuple[str, bytes]] | None:
        return list(self.extra) or None

    def timestamp(self) -> tuple[int, int]:
        return 2, self.arrived_ms

    def error(self) -> None:
        return None

    def __len__(self) -> int:
        return len(self.raw or b"")

"""Describes the machine, versions and settings of a measurement."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from confluent_kafka import libversion

from bench.servers import PARTITIONS
from daybook.engine.mongo.client import database
from daybook.engine.settings import Settings
from daybook.local import jars

_LIBRARIES = ("confluent-kafka", "pydantic", "pymongo", "fastapi", "uvicorn")


def facts(settings: Settings) -> dict[str, str]:
    """Date, machine, load, versions and settings, in words."""
    with database(settings).client as client:
        mongod = client.server_info()["version"]
    libraries = [f"{name} {version(name)}" for name in _LIBRARIES]
    memory = psutil.virtual_memory().total / 2**30
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z",
        "machine": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}; it runs the servers and the programs",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "versions": ", ".join(
            [
                f"Kafka {jars.VERSION}",
                f"MongoDB {mongod}",
                f"Python {platform.python_version()}",
                *libraries,
                f"librdkafka {libversion()[0]}",
            ]
        ),
        "settings": f"{PARTITIONS} partitions, lz4; batches of "
        f"{settings.batch_messages_max:,} messages or "
        f"{settings.batch_bytes_max / 2**20:.0f} MiB, {settings.linger_ms} ms linger, duplicate "
        f"window {settings.duplicate_window:,}; writes: majority, journaled; one member",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

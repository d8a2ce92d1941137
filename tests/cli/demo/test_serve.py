"""The end of the demo, on separate servers: services start, reports are checked, Ctrl-C stops."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from daybook.cli.demo import check, serve
from daybook.cli.demo.processes import StepFailed, command
from daybook.engine.mongo.client import database
from daybook.engine.settings import Settings, settings
from daybook.local.ports import free_ports
from daybook.local.stack import Ports, Stack
from daybook.service import api_keys
from tests.support.servers import VARIABLES
from tests.support.wait import until

EMPTY_DAY = date(2026, 1, 1)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of servers that no other test uses, with topics and free ports."""
    with Stack(tmp_path / "stack", Ports.free()) as stack:
        for name, address in stack.addresses.items():
            monkeypatch.setenv(VARIABLES[name], address)
        settings.cache_clear()
        monkeypatch.setattr(serve, "QUERY_PORT", free_ports(1)[0])
        monkeypatch.setattr(serve, "COLLECTOR_PORT", free_ports(1)[0])
        subprocess.run(command("topics", "apply"), check=True, stdout=subprocess.DEVNULL)
        yield settings()
    settings.cache_clear()


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=1_000)


def text(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_an_event_reaches_the_stream_and_the_keys_are_revoked(
    config: Settings, console: Console, tmp_path: Path
) -> None:
    with serve.services(config, console, tmp_path) as served:
        assert check.track(served.collector, served.query) < 30
        assert check.track(served.collector, served.query) < 30
        body = served.query.report("funnels", "tour", "realtime", organization_id="demo")
        assert len(body["recent_events"]) == 2
        with pytest.raises(check.WrongReport, match="says 0, but 69,659 is right"):
            check.check_reports(served.query, EMPTY_DAY, EMPTY_DAY, {})
        for part in (str(served.query), served.read_key, f"'X-Daybook-Key: {served.track_key}'"):
            assert part in serve.invitation(served)
    assert [process.returncode for process in served.running.values()] == [0, 0, 0]
    documents = database(config)
    keys = (served.read_key, served.track_key)
    assert all(api_keys.find(documents, key) is None for key in keys)
    documents.client.close()


def test_it_serves_until_ctrl_c_or_until_a_service_ends(
    config: Settings, console: Console, tmp_path: Path
) -> None:
    with serve.services(config, console, tmp_path) as served:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        serve.wait_for_interrupt(served, console)
        assert "`daybook down` stops them" in text(console)
        os.kill(os.getpid(), signal.SIGINT)  # ignored, because it is stopping already
        served.running["query"].terminate()
        with pytest.raises(StepFailed, match="query was stopped by another program or user"):
            serve.wait_for_interrupt(served, console)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_service_that_does_not_start_is_named_and_its_output_printed(
    config: Settings, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYBOOK_JWT_ALGORITHM", "HS256")
    with (
        pytest.raises(StepFailed, match="query exited with 2"),
        serve.services(config, console, tmp_path),
    ):
        pass
    assert "DAYBOOK_JWT_ISSUER: required" in text(console)


def test_if_a_port_is_taken_a_free_one_is_used_and_printed(
    config: Settings, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(serve, "QUERY_PORT", taken)
        with serve.services(config, console, tmp_path) as served:
            until(served.query.is_ready, "the dashboard is ready")
            assert served.query.port != taken
    assert f"port {taken} is in use by " in text(console)
    assert f"the dashboard listens on {served.query.port}" in text(console)

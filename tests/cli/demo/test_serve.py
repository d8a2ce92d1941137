"""The demo's end on servers of its own: what it starts, what it finds wrong, how it ends."""

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

NOBODY = date(2026, 1, 1)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of servers that nobody else uses, with topics; free ports."""
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
def said() -> Console:
    return Console(file=StringIO(), width=1_000)


def text(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_an_event_comes_through_and_nothing_is_left_behind(
    own: Settings, said: Console, tmp_path: Path
) -> None:
    with serve.services(own, said, tmp_path) as served:
        assert check.track(served.collector, served.query) < 30
        assert check.track(served.collector, served.query) < 30
        body = served.query.report("funnels", "tour", "realtime", organization_id="demo")
        assert len(body["recent_events"]) == 2
        with pytest.raises(check.WrongReport, match="says 0, and should say 69,659"):
            check.look(served.query, NOBODY, NOBODY, {})
        for part in (str(served.query), served.reads, f"'X-Daybook-Key: {served.tracks}'"):
            assert part in serve.invitation(served)
    assert [process.returncode for process in served.running.values()] == [0, 0, 0]
    documents = database(own)
    assert all(api_keys.find(documents, key) is None for key in (served.reads, served.tracks))
    documents.client.close()


def test_it_stays_until_it_is_told_to_stop_or_a_service_ends(
    own: Settings, said: Console, tmp_path: Path
) -> None:
    with serve.services(own, said, tmp_path) as served:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        serve.stay(served, said)
        assert "`daybook down` stops them" in text(said)
        os.kill(os.getpid(), signal.SIGINT)  # once more: it is stopping already
        served.running["query"].terminate()
        with pytest.raises(StepFailed, match="query was told to stop by somebody else"):
            serve.stay(served, said)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_service_that_does_not_start_is_named_with_what_it_said(
    own: Settings, said: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYBOOK_JWT_ALGORITHM", "HS256")
    with (
        pytest.raises(StepFailed, match="query ended with 2"),
        serve.services(own, said, tmp_path),
    ):
        pass
    assert "DAYBOOK_JWT_ISSUER: required" in text(said)


def test_where_a_port_is_taken_another_is_used_and_named(
    own: Settings, said: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(serve, "QUERY_PORT", taken)
        with serve.services(own, said, tmp_path) as served:
            until(served.query.is_ready, "the dashboard is ready")
            assert served.query.port != taken
    assert f"port {taken} is in use by " in text(said)
    assert f"the dashboard listens on {served.query.port}" in text(said)

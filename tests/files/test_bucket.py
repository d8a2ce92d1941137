"""The file store, with an S3 server and with a folder."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from daybook.engine.errors import Unavailable
from daybook.engine.settings import Settings
from daybook.files.bucket import Bucket
from daybook.files.folder import Folder
from daybook.files.open import open_files
from daybook.files.store import Files, Gone
from tests.exports.conftest import start_services
from tests.exports.file_readers import as_text, csv_rows
from tests.exports.webhook_receiver import WebhookReceiver
from tests.support.wait import until

LARGE = b"0123456789abcdef" * 2**20
"""16 MiB, which is uploaded in several parts."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket="exports")
    yield address
    server.stop()


def settings(endpoint: str, bucket: str = "exports") -> Settings:
    return Settings(
        exports_bucket=bucket,
        exports_s3_endpoint=endpoint,
        exports_s3_region="us-east-1",
        exports_s3_access_key_id="key",
        exports_s3_secret_access_key=SecretStr("secret"),
    )


@pytest.fixture(params=["bucket", "folder"])
def files(request: pytest.FixtureRequest, endpoint: str, tmp_path: Path) -> Files:
    return Bucket(settings(endpoint)) if request.param == "bucket" else Folder(tmp_path / "files")


def put(files: Files, name: str, content: bytes) -> None:
    path = files.scratch() / name
    path.write_bytes(content)
    files.put(path, name)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"a,b\r\n", LARGE], ids=["empty", "small", "large"])
def test_a_stored_file_can_be_read_until_it_is_removed(files: Files, content: bytes) -> None:
    put(files, "one.csv", content)
    assert b"".join(files.read("one.csv")) == content
    files.remove("one.csv")
    files.remove("one.csv")
    with pytest.raises(Gone):
        files.read("one.csv")


def test_finished_files_are_listed_with_their_time(files: Files) -> None:
    put(files, "one.csv", b"1")
    put(files, "two.csv", b"2")
    (files.scratch() / "half.csv").write_bytes(b"3")
    stored = {file.name: file.at for file in files.list()}
    (files.scratch() / "half.csv").unlink()
    assert stored.keys() == {"one.csv", "two.csv"}
    for at in stored.values():
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    for name in stored:
        files.remove(name)


def test_an_unreachable_service_or_a_missing_bucket_raises_unavailable(
    endpoint: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"1")
    for config in (settings("http://127.0.0.1:1"), settings(endpoint, "no-such-bucket")):
        with pytest.raises(Unavailable, match="DAYBOOK_EXPORTS_"):
            Bucket(config).put(path, "file")
    assert path.exists()


def test_a_requested_file_is_stored_in_a_bucket_announced_and_downloaded(
    endpoint: str, servers: dict[str, str], tmp_path: Path
) -> None:
    key = "a secret of more than thirty-two bytes, for notices"
    variables = {
        "DAYBOOK_EXPORTS_BUCKET": "exports",
        "DAYBOOK_EXPORTS_S3_ENDPOINT": endpoint,
        "DAYBOOK_EXPORTS_S3_REGION": "us-east-1",
        "DAYBOOK_EXPORTS_S3_ACCESS_KEY_ID": "key",
        "DAYBOOK_EXPORTS_S3_SECRET_ACCESS_KEY": "secret",
        "DAYBOOK_EXPORTS_PUBLIC_URL": "https://daybook.example/",
        "DAYBOOK_EXPORTS_WEBHOOK_SECRET": key,
    }
    with (
        WebhookReceiver(200) as hook,
        start_services(
            servers, tmp_path, DAYBOOK_EXPORTS_WEBHOOK_URL=hook.origin, **variables
        ) as services,
    ):
        worker = services.worker()
        job_id = services.request_job()
        job = services.wait_for_job(job_id)
        until(lambda: hook.calls, "the notice has arrived")
        worker.end()
        [(_, body)] = hook.calls
        notice = json.loads(body)
        assert (notice["event"], notice["job_id"]) == ("export.completed", job_id)
        url = notice["download_url"]
        assert url == job["download_url"]
        assert url.startswith("https://daybook.example/api/v1/analytics/export/")
        path = url.removeprefix("https://daybook.example")
        reply = services.fetch(path)
        assert reply.status == 200
        assert len(reply.body) == notice["bytes"]
        assert csv_rows(reply.body)["steps"] == as_text(services.report("overview")["steps"])
        Bucket(settings(endpoint)).remove(services.stored(job_id)["file"])
        assert services.fetch(path).status == 410
        assert not services.folder.exists()


def test_settings_choose_a_bucket_or_a_folder(endpoint: str, tmp_path: Path) -> None:
    assert isinstance(open_files(settings(endpoint)), Bucket)
    assert isinstance(open_files(Settings(exports_folder=str(tmp_path))), Folder)

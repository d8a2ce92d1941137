"""Files in a bucket: against a real server of the S3 protocol, and in a folder alike."""

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
from tests.exports.conftest import opened
from tests.exports.file_readers import as_told, csv_rows
from tests.exports.webhook_receiver import Hook
from tests.support.wait import until

LARGE = b"0123456789abcdef" * 2**20
"""16 MiB: uploaded in several parts."""


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
    made = files.scratch() / name
    made.write_bytes(content)
    files.put(made, name)
    assert not made.exists()


@pytest.mark.parametrize("content", [b"", b"a,b\r\n", LARGE], ids=["empty", "small", "large"])
def test_what_is_put_is_read_whole_until_it_is_removed(files: Files, content: bytes) -> None:
    put(files, "one.csv", content)
    assert b"".join(files.read("one.csv")) == content
    files.remove("one.csv")
    files.remove("one.csv")
    with pytest.raises(Gone):
        files.read("one.csv")


def test_what_is_there_is_told_with_its_time(files: Files) -> None:
    put(files, "one.csv", b"1")
    put(files, "two.csv", b"2")
    (files.scratch() / "half.csv").write_bytes(b"3")
    kept = {each.name: each.at for each in files.kept()}
    (files.scratch() / "half.csv").unlink()
    assert kept.keys() == {"one.csv", "two.csv"}
    for at in kept.values():
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    for name in kept:
        files.remove(name)


def test_a_service_that_is_away_or_knows_no_such_bucket_is_waited_for(
    endpoint: str, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"1")
    for own in (settings("http://127.0.0.1:1"), settings(endpoint, "no-such-bucket")):
        with pytest.raises(Unavailable, match="DAYBOOK_EXPORTS_"):
            Bucket(own).put(made, "made")
    assert made.exists()


def test_a_file_goes_from_an_order_to_a_bucket_and_a_notice_to_whoever_has_its_link(
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
        Hook(200) as hook,
        opened(servers, tmp_path, DAYBOOK_EXPORTS_WEBHOOK_URL=hook.origin, **variables) as press,
    ):
        worker = press.worker()
        job_id = press.ordered()
        job = press.ended(job_id)
        until(lambda: hook.calls, "the notice is there")
        worker.end()
        [(_, body)] = hook.calls
        told = json.loads(body)
        assert (told["event"], told["job_id"]) == ("export.completed", job_id)
        assert told["download_url"] == job["download_url"]
        assert told["download_url"].startswith("https://daybook.example/api/v1/analytics/export/")
        path = told["download_url"].removeprefix("https://daybook.example")
        reply = press.fetch(path)
        assert reply.status == 200
        assert len(reply.body) == told["bytes"]
        assert csv_rows(reply.body)["steps"] == as_told(press.report("overview")["steps"])
        Bucket(settings(endpoint)).remove(press.stored(job_id)["file"])
        assert press.fetch(path).status == 410
        assert not press.folder.exists()


def test_settings_choose_the_place(endpoint: str, tmp_path: Path) -> None:
    assert isinstance(open_files(settings(endpoint)), Bucket)
    assert isinstance(open_files(Settings(exports_folder=str(tmp_path))), Folder)

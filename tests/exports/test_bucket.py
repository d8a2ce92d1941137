"""Files in a bucket: against a real server of the S3 protocol, and in a folder alike."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from engine.errors import Unavailable
from engine.settings import Settings
from files.bucket import Bucket
from files.folder import Folder
from files.store import Files, Gone, open_files

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


def test_settings_choose_the_place(endpoint: str, tmp_path: Path) -> None:
    assert isinstance(open_files(settings(endpoint)), Bucket)
    assert isinstance(open_files(Settings(exports_folder=str(tmp_path))), Folder)

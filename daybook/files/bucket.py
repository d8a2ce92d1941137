"""Files in a bucket of an S3-compatible service, at any endpoint."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.engine.settings import Settings
from daybook.files.private import make_private
from daybook.files.store import CHUNK_BYTES, Gone, StoredFile

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3.client import S3Client

_SECONDS = 10
_GONE = frozenset({"NoSuchKey", "404"})
_WRONG_SETTING = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "NoSuchBucket", "SignatureDoesNotMatch"}
)


class Bucket:
    """A file appears once its upload is complete; an interrupted upload never does."""

    def __init__(self, settings: Settings) -> None:
        assert settings.exports_bucket is not None
        self._bucket = settings.exports_bucket
        secret = settings.exports_s3_secret_access_key
        options = Config(
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS * 3,
            retries={"max_attempts": 2},
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            self._client: S3Client = boto3.client(
                "s3",
                endpoint_url=settings.exports_s3_endpoint,
                region_name=settings.exports_s3_region,
                aws_access_key_id=settings.exports_s3_access_key_id,
                aws_secret_access_key=secret.get_secret_value() if secret else None,
                config=options,
            )
        except (BotoCoreError, ValueError):
            # Not the message, which repeats the URL.
            raise WrongSetting(
                "DAYBOOK_EXPORTS_S3_ENDPOINT, DAYBOOK_EXPORTS_S3_REGION: must be a URL such as "
                "https://s3.example, and a region of it"
            ) from None

    def scratch(self) -> Path:
        # By user, so that nobody else can hold the name, and lasting, so that a sweep finds it.
        directory = Path(tempfile.gettempdir()) / f"daybook-exports-{os.geteuid()}"
        return make_private(directory, "TMPDIR")

    def put(self, path: Path, name: str) -> None:
        with _reachable():
            self._client.upload_file(str(path), self._bucket, name)
        path.unlink()

    def read(self, name: str) -> Iterator[bytes]:
        try:
            with _reachable():
                body = self._client.get_object(Bucket=self._bucket, Key=name)["Body"]
        except ClientError:
            raise Gone(name) from None
        return _chunks(body)

    def remove(self, name: str) -> None:
        with _reachable():
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def list(self) -> Iterator[StoredFile]:
        with _reachable():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
            for page in pages:
                for item in page.get("Contents", ()):
                    yield StoredFile(item["Key"], item["LastModified"])


def _chunks(body: "StreamingBody") -> Iterator[bytes]:
    with body:
        yield from body.iter_chunks(CHUNK_BYTES)


@contextmanager
def _reachable() -> Iterator[None]:
    """Turns errors into Unavailable, except those for a missing file."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _GONE:
            raise
        variable = "BUCKET" if code in _WRONG_SETTING else "S3_ENDPOINT"
        raise Unavailable(f"DAYBOOK_EXPORTS_{variable}: the service answers {code}") from error
    except (BotoCoreError, S3UploadFailedError) as error:
        raise Unavailable(f"DAYBOOK_EXPORTS_S3_ENDPOINT: {str(error)[:200]}") from error

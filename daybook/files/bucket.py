"""Files in a bucket of an S3-style service, at whatever address it has."""

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
from daybook.files.store import CHUNK_BYTES, Gone, Kept

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3.client import S3Client

_SECONDS = 10
_GONE = frozenset({"NoSuchKey", "404"})
_OURS_TO_SET_RIGHT = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "NoSuchBucket", "SignatureDoesNotMatch"}
)


class Bucket:
    """An upload in parts is there once its last part is; what was cut off never is."""

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
        except (BotoCoreError, ValueError) as error:
            raise WrongSetting(f"DAYBOOK_EXPORTS_S3_ENDPOINT: {error}") from None

    def scratch(self) -> Path:
        place = Path(tempfile.gettempdir()) / "daybook-exports"
        place.mkdir(mode=0o700, exist_ok=True)
        return place

    def put(self, made: Path, name: str) -> None:
        with _answering():
            self._client.upload_file(str(made), self._bucket, name)
        made.unlink()

    def read(self, name: str) -> Iterator[bytes]:
        try:
            with _answering():
                body = self._client.get_object(Bucket=self._bucket, Key=name)["Body"]
        except ClientError:
            raise Gone(name) from None
        return _pieces(body)

    def remove(self, name: str) -> None:
        with _answering():
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def kept(self) -> Iterator[Kept]:
        with _answering():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
            for page in pages:
                for found in page.get("Contents", ()):
                    yield Kept(found["Key"], found["LastModified"])


def _pieces(body: "StreamingBody") -> Iterator[bytes]:
    with body:
        yield from body.iter_chunks(CHUNK_BYTES)


@contextmanager
def _answering() -> Iterator[None]:
    """Lets through only that there is no such file."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _GONE:
            raise
        variable = "BUCKET" if code in _OURS_TO_SET_RIGHT else "S3_ENDPOINT"
        raise Unavailable(f"DAYBOOK_EXPORTS_{variable}: the service says {code}") from error
    except (BotoCoreError, S3UploadFailedError) as error:
        raise Unavailable(f"DAYBOOK_EXPORTS_S3_ENDPOINT: {str(error)[:200]}") from error

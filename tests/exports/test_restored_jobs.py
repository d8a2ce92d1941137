"""MongoDB is restored to before a job: its request is read again, and the file exists once more."""

from collections.abc import Iterator

import pytest

from tests.exports.conftest import ExportServices, start_services
from tests.support.backups import DocumentBackup


@pytest.fixture
def services(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExportServices]:
    with start_services(servers, tmp_path_factory.mktemp("restored")) as services:
        yield services


def test_a_job_that_the_database_forgot_is_made_again(services: ExportServices) -> None:
    worker = services.worker()
    kept = services.request_job(format="json")
    services.wait_for_job(kept)
    # Its checkpoint follows within a second, and the backup needs both.
    worker.wait_for("partition started")
    backup = DocumentBackup(services.world.documents)
    forgotten = services.request_job()
    file = services.stored(forgotten)["file"] if services.wait_for_job(forgotten) else ""
    backup.withdraw()
    worker.wait_for("waiting for a server")
    backup.restore()
    worker.wait_for("starting again from the checkpoints")
    assert services.wait_for_job(forgotten)["status"] == "completed"
    assert services.stored(forgotten)["file"] == file
    assert services.stored(kept)["status"] == "completed"
    assert services.files() == sorted([file, services.stored(kept)["file"]])
    worker.end()

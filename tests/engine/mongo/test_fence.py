"""What was decided on before a restart of MongoDB is not written after it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from daybook.engine.errors import StartAgain, Unavailable
from daybook.engine.mongo.client import Documents, database, primary_process, reachable
from daybook.engine.mongo.fence import Fence
from daybook.engine.settings import Settings
from daybook.local.mongodb import MongoDB
from tests.support.wait import until


def insert(documents: Documents, name: str) -> None:
    with reachable():
        documents["written"].insert_one({"_id": name})


def outcome(documents: Documents, name: str) -> str:
    """How an insertion ended; empty while the server does not answer."""
    try:
        insert(documents, name)
    except Unavailable:
        return ""
    except StartAgain:
        return "start again"
    return "written"


def test_nothing_is_written_to_another_process_until_the_fence_is_renewed(mongodb: MongoDB) -> None:
    settings = Settings.model_validate({"mongodb_uri": mongodb.address})
    with database(settings).client as client:
        documents = client[settings.mongodb_database]
        fence = Fence(lambda: primary_process(documents))
        fenced = database(settings, fence)
        assert outcome(fenced, "unrenewed") == "start again"
        fence.renew()
        insert(fenced, "before")
        mongodb.kill()
        mongodb.start()
        first = until(lambda: outcome(fenced, "after"), "the server answers again")
        assert first == "start again"
        assert outcome(fenced, "after") == "start again", "it stays so"
        fence.renew()
        insert(fenced, "renewed")
        stored: list[Any] = [one["_id"] for one in documents["written"].find()]
        assert stored == ["before", "renewed"]
        fenced.client.close()


def test_further_connections_to_the_same_process_are_accepted(mongodb: MongoDB) -> None:
    settings = Settings.model_validate({"mongodb_uri": mongodb.address})
    with database(settings).client as client:
        fence = Fence(lambda: primary_process(client[settings.mongodb_database]))
        fenced = database(settings, fence)
        fence.renew()
        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(lambda n: outcome(fenced, f"{n}"), range(40)))
        assert set(outcomes) == {"written"}
        fenced.client.close()

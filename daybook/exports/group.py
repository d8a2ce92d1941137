"""The consumer group of the export workers; it runs jobs (`daybook.exports.worker`)."""

from daybook.engine.group import Group
from models.export import Exports
from schemas import REVISION
from schemas.catalogue import source

GROUP = Group(
    name="sc-analytics-exports",
    sources=(source("sc.analytics.exports"),),
    documents=(),
    schema_revision=REVISION,
    rows=(Exports,),
)

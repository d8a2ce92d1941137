"""Counts changes to user accounts: registered, verified, promoted, suspended, deleted."""

from daybook.engine.group import Group
from models.user_lifecycle import UserLifecycleDay
from schemas import REVISION
from schemas.catalogue import source

GROUP = Group(
    name="sc-analytics-user-lifecycle",
    sources=(source("sc.domain.user"),),
    documents=(UserLifecycleDay,),
    schema_revision=REVISION,
)

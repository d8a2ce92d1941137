"""Seeded bugs of the door, and of the bounds of documents."""

from tests.mutants.mutant import Mutant

DOOR = ("tests/schemas/test_door.py",)
FULL = "tests/engine/mongo/test_full_documents.py"
RECOUNTED = (f"{FULL}::test_whatever_a_document_has_no_room_for_the_recount_finds_it_equal",)

BOUNDS = (
    Mutant(
        "every fourth year from 1990 to 2100 is a leap year",
        "schemas/fields.py",
        '_LEAP_DAY = "(199[26]|20([02468][048]|[13579][26]))-02-29"',
        '_LEAP_DAY = "(199[26]|20([02468][048]|[13579][26])|2100)-02-29"',
        DOOR,
    ),
    Mutant(
        "amounts up to 2^53 - 1 again",
        "schemas/fields.py",
        "CENTS_MAX = 10**12",
        "CENTS_MAX = 2**53 - 1",
        (f"{DOOR[0]}::test_no_batch_can_overflow_a_sum",),
    ),
    Mutant(
        "properties are measured as they are sent only",
        "schemas/properties.py",
        "if len(bson.encode(properties)) > STORED_BYTES_MAX:",
        "if len(to_json(properties)) > STORED_BYTES_MAX:",
        ("tests/schemas/test_properties.py",),
    ),
    Mutant(
        "a full document takes keys again when a smaller change comes",
        "daybook/engine/mongo/map_expressions.py",
        'return {"$cond": [{"$or": [f"${FULL}", no_room]}, True, "$$REMOVE"]}',
        'return {"$cond": [no_room, True, "$$REMOVE"]}',
        RECOUNTED,
    ),
    Mutant(
        "a large change is applied to a newer document than it was reduced for",
        "daybook/engine/mongo/store.py",
        'as_read = guard(change, partition) | {"_daybook.revision": revision}',
        "as_read = guard(change, partition)",
        (f"{FULL}::test_a_large_change_is_reduced_again_if_another_member_was_faster",),
    ),
    Mutant(
        "a document never becomes full",
        "daybook/engine/mongo/map_update.py",
        "FULL_BYTES = 1_000_000",
        "FULL_BYTES = 100_000_000",
        (
            f"{FULL}::test_a_document_with_the_longest_keys_in_all_maps_and_currencies_is_below"
            "_two_megabytes",
        ),
    ),
    Mutant(
        "a funnel keeps all of its versions",
        "daybook/funnels/registry.py",
        "VERSIONS_MAX = 100\n",
        "VERSIONS_MAX = 10**9\n",
        ("tests/funnels/test_registry.py",),
    ),
)

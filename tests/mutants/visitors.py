"""Seeded bugs of what a visitor may take: of room, and of time."""

from tests.mutants.mutant import Mutant

BOUNDS = ("tests/recount/funnel_step/test_bounds.py",)
FUNNELS = ("tests/consumers/test_funnel_step.py",)

VISITORS = (
    Mutant(
        "a visitor's memory has no bound in bytes",
        "daybook/funnels/memory.py",
        'return size["bytes"] <= BYTES_MAX and size.get(kind, 0) <= KIND_MAX',
        "return size.get(kind, 0) <= KIND_MAX",
        (*BOUNDS, "-k", "long_pages"),
    ),
    Mutant(
        "a forgotten session keeps its room",
        "daybook/funnels/memory.py",
        'visitor["size"] = {name: size[name] - forgotten[name] for name in NO_SIZE}',
        'visitor["size"] = size',
        (*BOUNDS, "-k", "long_pages"),
    ),
    Mutant(
        "pins have room without end",
        "daybook/funnels/pins.py",
        "return size + sum(map(_bytes_of_definition, used.values())) <= BYTES_MAX",
        "return True",
        (*BOUNDS, "-k", "long_definitions"),
    ),
    Mutant(
        "a late entry leaves the conversions after it to the step before",
        "daybook/funnels/measures/parts.py",
        "for conversion in attributed_after(session, place):",
        "for conversion in list(attributed_after(session, place))[1:]:",
        (*FUNNELS, "-k", "cancel_out"),
    ),
    Mutant(
        "a row's list continues after an item without room",
        "daybook/engine/mongo/update.py",
        '"in": {"$cond": [_is_whole(total, "$$stored"), _each(new, "$$this.item"), []]},',
        '"in": _each(new, "$$this.item"),',
        ("tests/contract/test_store.py", "-k", "a_rows_list"),
    ),
    Mutant(
        "what a second variant takes back is measured together with what it takes back",
        "daybook/funnels/memory.py",
        'if event["event_type"] == "experiment_exposed":\n        return False',
        "",
        ("tests/consumers/test_funnel_step.py", "-k", "second_variant"),
    ),
)

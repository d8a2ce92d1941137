"""Seeded bugs of what a visitor may take, of room and of time, and of who they are."""

from tests.mutants.mutant import Mutant

BOUNDS = ("tests/recount/funnel_step/test_bounds.py",)
FUNNELS = ("tests/consumers/test_funnel_step.py",)
PEOPLE = ("tests/consumers/test_people.py",)

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
    Mutant(
        "a visitor counts beside the user that they are",
        "daybook/query/figures/people.py",
        "count = max(0, visitors.value - others.value) + known.value",
        "count = visitors.value + known.value",
        ("tests/query/figures/test_people.py",),
    ),
    Mutant(
        "a user is forgotten with the session that named them",
        "daybook/funnels/memory.py",
        'visitor["size"] = {name: size[name] - forgotten[name] for name in NO_SIZE}',
        'visitor["size"] = {name: size[name] - forgotten[name] for name in NO_SIZE}\n'
        '    visitor["users"], visitor["user_id"] = 0, None',
        (*PEOPLE, "-k", "everything_else_is_forgotten"),
    ),
    Mutant(
        "only an event that names a user itself is theirs",
        "daybook/funnels/people.py",
        'return number + 1 if named is not None and named != visitor.get("user_id") else number',
        'return number + (named != visitor.get("user_id")) if named is not None else 0',
        (*PEOPLE, "-k", "late_event"),
    ),
    Mutant(
        "a second user of a day is not noticed",
        "daybook/funnels/people.py",
        'one.get("user") == number and',
        '"user" in one and',
        (*PEOPLE, "-k", "two_people"),
    ),
    Mutant(
        "a day is measured anew only by its first event",
        "daybook/funnels/measures/parts.py",
        'if kind == "conversion" or names or visits.is_first(',
        'if kind == "conversion" or visits.is_first(',
        (*PEOPLE, "-k", "first_event_of_the_day"),
    ),
    Mutant(
        "a user's devices are two keys of a sketch",
        "daybook/funnels/people.py",
        'key = f"{encode_part(organization)}:{encode_part(user)}"',
        'key = f"{encode_part(organization)}:{encode_part(visitor_id)}"',
        (*PEOPLE, "-k", "two_partitions"),
    ),
    Mutant(
        "people of days before users were counted are a number",
        "daybook/query/figures/people.py",
        "    if any(model_version(day) < _SINCE for day in days):\n        return None\n",
        "",
        ("tests/query/figures/test_people.py",),
    ),
)

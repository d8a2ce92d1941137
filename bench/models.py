"""Builds pydantic models of the events, with the same fields and checks, as one would by hand."""

from functools import cache
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, is_typeddict

from pydantic import BaseModel, Field, TypeAdapter, create_model
from typing_extensions import get_type_hints

from schemas.fields import STRICT
from schemas.json_schema import events


def model_adapter(topic: str) -> TypeAdapter[Any]:
    """An adapter that validates a message of the topic into its event's model."""
    models = tuple(as_model(event) for event in events(topic).values())
    union: Any = Annotated[Union[models], Field(discriminator="event_type")]  # noqa: UP007
    return TypeAdapter(union)


@cache
def as_model(typed: type) -> type[BaseModel]:
    """A model with the fields of a TypedDict; optional ones default to None."""
    absent: Any = NotRequired
    fields: dict[str, Any] = {
        name: (_converted(get_args(hint)[0]), None)
        if get_origin(hint) is absent
        else (_converted(hint), ...)
        for name, hint in get_type_hints(typed, include_extras=True).items()
    }
    return create_model(typed.__name__, __config__=STRICT, **fields)


def _converted(hint: Any) -> Any:
    if is_typeddict(hint):
        return as_model(hint)
    if get_origin(hint) is list:
        return list[_converted(get_args(hint)[0])]  # type: ignore[misc]
    return hint

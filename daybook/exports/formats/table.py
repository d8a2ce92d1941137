"""A report's body as tables: one for its own numbers, one for each list or map in it."""

from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from daybook.exports.formats.cell import Cell, cell

REPORT = "report"
"""The table of one row with what is no list. Its columns are named by their paths in the body."""

_KEY, _VALUE = "key", "value"


class Table(NamedTuple):
    name: str
    columns: list[str]
    rows: list[list[Cell]]


class _Shape(NamedTuple):
    """The columns of a table by its name, in the order of the fields; empty tables as well."""

    columns: dict[str, list[str]]
    rows: dict[str, list[dict[str, Cell]]]

    def add(self, name: str, columns: Sequence[str]) -> None:
        known = self.columns.setdefault(name, [])
        known += [column for column in columns if column not in known]
        self.rows.setdefault(name, [])


def tables(body: BaseModel, without: frozenset[str], more: Mapping[str, Any]) -> list[Table]:
    """`without` are fields that are told elsewhere; `more` are told in the first table."""
    shape = _Shape({}, {})
    own = {n: f.annotation for n, f in type(body).model_fields.items() if n not in without}
    _outline(shape, REPORT, own, ())
    values = {name: getattr(body, name) for name in own}
    _fill(shape, REPORT, values, {})
    shape.add(REPORT, list(more))
    shape.rows[REPORT][0].update({name: cell(value) for name, value in more.items()})
    return [
        Table(name, columns, [[row.get(column) for column in columns] for row in shape.rows[name]])
        for name, columns in shape.columns.items()
    ]


def _outline(shape: _Shape, name: str, fields: Mapping[str, Any], inherited: Sequence[str]) -> None:
    shape.add(name, inherited)
    children: list[tuple[str, Any, bool]] = []
    shape.add(name, list(_columns(fields, "", children)))
    first = _parent(shape, name)
    for path, kind, is_map in children:
        child = path if name == REPORT else f"{name}.{path}"
        own = [*first, _KEY] if is_map else first
        if _is_model(kind):
            _outline(shape, child, _fields(kind), own)
        else:
            shape.add(child, [*own, _VALUE])


def _columns(
    fields: Mapping[str, Any], before: str, children: list[tuple[str, Any, bool]]
) -> Iterator[str]:
    for field, annotation in fields.items():
        kind, path = _plain(annotation), f"{before}{field}"
        of = get_args(kind)
        if _is_model(kind):
            yield from _columns(_fields(kind), f"{path}.", children)
        elif get_origin(kind) is dict:
            children.append((path, of[1], True))
        elif get_origin(kind) is list and _is_model(of[0]):
            children.append((path, of[0], False))
        else:
            yield path


def _fill(
    shape: _Shape, name: str, values: Mapping[str, Any], inherited: Mapping[str, Cell]
) -> None:
    row: dict[str, Cell] = dict(inherited)
    children: list[tuple[str, Any]] = []
    _values(values, "", row, children)
    shape.rows[name].append(row)
    own = {column: row.get(shape.columns[name][0]) for column in _parent(shape, name)}
    for path, value in children:
        child = path if name == REPORT else f"{name}.{path}"
        entries = value.items() if isinstance(value, dict) else ((None, each) for each in value)
        for key, each in entries:
            known = own | ({_KEY: key} if key is not None else {})
            if isinstance(each, BaseModel):
                _fill(shape, child, _cells(each), known)
            else:
                shape.rows[child].append(known | {_VALUE: cell(each)})


def _parent(shape: _Shape, name: str) -> list[str]:
    """What tells in the rows of a list within a row whose they are: the row's first column."""
    return [] if name == REPORT else [f"{name}.{shape.columns[name][0]}"]


def _values(
    values: Mapping[str, Any], before: str, row: dict[str, Cell], children: list[tuple[str, Any]]
) -> None:
    for field, value in values.items():
        path = f"{before}{field}"
        if isinstance(value, BaseModel):
            _values(_cells(value), f"{path}.", row, children)
        elif isinstance(value, dict) or _is_list_of_models(value):
            children.append((path, value))
        else:
            row[path] = cell(value)


def _cells(model: BaseModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in type(model).model_fields}


def _fields(kind: type[BaseModel]) -> dict[str, Any]:
    return {name: field.annotation for name, field in kind.model_fields.items()}


def _plain(annotation: Any) -> Any:
    """Without `| None`."""
    if isinstance(annotation, UnionType):
        return next(each for each in get_args(annotation) if each is not type(None))
    return annotation


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_list_of_models(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], BaseModel)

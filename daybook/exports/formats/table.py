"""Converts a report's body to tables: one for its scalar fields, one for each list or map."""

from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from daybook.exports.formats.cell import Cell, cell

REPORT = "report"
"""The table of one row with all scalar fields; its columns are their paths in the body."""

_KEY, _VALUE = "key", "value"


class Table(NamedTuple):
    name: str
    columns: list[str]
    rows: list[list[Cell]]


class _Shape(NamedTuple):
    """Columns and rows by table name, in the order of the fields; includes empty tables."""

    columns: dict[str, list[str]]
    rows: dict[str, list[dict[str, Cell]]]

    def add(self, name: str, columns: Sequence[str]) -> None:
        known = self.columns.setdefault(name, [])
        known += [column for column in columns if column not in known]
        self.rows.setdefault(name, [])


def tables(body: BaseModel, without: frozenset[str], extra: Mapping[str, Any]) -> list[Table]:
    """`without` names fields to leave out; `extra` are further columns of the first table."""
    shape = _Shape({}, {})
    annotations = {
        name: field.annotation
        for name, field in type(body).model_fields.items()
        if name not in without
    }
    _outline(shape, REPORT, annotations, ())
    values = {name: getattr(body, name) for name in annotations}
    _fill(shape, REPORT, values, {})
    shape.add(REPORT, list(extra))
    shape.rows[REPORT][0].update({name: cell(value) for name, value in extra.items()})
    return [
        Table(name, columns, [[row.get(column) for column in columns] for row in shape.rows[name]])
        for name, columns in shape.columns.items()
    ]


def _outline(shape: _Shape, name: str, fields: Mapping[str, Any], inherited: Sequence[str]) -> None:
    shape.add(name, inherited)
    children: list[tuple[str, Any, bool]] = []
    shape.add(name, list(_columns(fields, "", children)))
    parent = _parent_columns(shape, name)
    for path, kind, is_map in children:
        child = path if name == REPORT else f"{name}.{path}"
        identifying = [*parent, _KEY] if is_map else parent
        if _is_model(kind):
            _outline(shape, child, _fields(kind), identifying)
        else:
            shape.add(child, [*identifying, _VALUE])


def _columns(
    fields: Mapping[str, Any], prefix: str, children: list[tuple[str, Any, bool]]
) -> Iterator[str]:
    """The paths of scalar fields; appends path, type and whether it is a map of the others."""
    for field, annotation in fields.items():
        kind, path = _without_none(annotation), f"{prefix}{field}"
        arguments = get_args(kind)
        if _is_model(kind):
            yield from _columns(_fields(kind), f"{path}.", children)
        elif get_origin(kind) is dict:
            children.append((path, arguments[1], True))
        elif get_origin(kind) is list and _is_model(arguments[0]):
            children.append((path, arguments[0], False))
        else:
            yield path


def _fill(
    shape: _Shape, name: str, values: Mapping[str, Any], inherited: Mapping[str, Cell]
) -> None:
    row: dict[str, Cell] = dict(inherited)
    children: list[tuple[str, Any]] = []
    _values(values, "", row, children)
    shape.rows[name].append(row)
    parent = {column: row.get(shape.columns[name][0]) for column in _parent_columns(shape, name)}
    for path, value in children:
        child = path if name == REPORT else f"{name}.{path}"
        entries = value.items() if isinstance(value, dict) else ((None, item) for item in value)
        for key, item in entries:
            identifying = parent | ({_KEY: key} if key is not None else {})
            if isinstance(item, BaseModel):
                _fill(shape, child, _cells(item), identifying)
            else:
                shape.rows[child].append(identifying | {_VALUE: cell(item)})


def _parent_columns(shape: _Shape, name: str) -> list[str]:
    """The column by which rows of a nested list refer to their parent row: its first column."""
    return [] if name == REPORT else [f"{name}.{shape.columns[name][0]}"]


def _values(
    values: Mapping[str, Any], prefix: str, row: dict[str, Cell], children: list[tuple[str, Any]]
) -> None:
    for field, value in values.items():
        path = f"{prefix}{field}"
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


def _without_none(annotation: Any) -> Any:
    """The type without `| None`."""
    if isinstance(annotation, UnionType):
        return next(kind for kind in get_args(annotation) if kind is not type(None))
    return annotation


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_list_of_models(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], BaseModel)

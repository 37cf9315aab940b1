"""Which field names could stand at a place of the book: for “did you mean”."""

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.book import Book


def names_at(steps: tuple[int | str, ...], top: type[BaseModel] = Book) -> tuple[str, ...]:
    """Names of the fields of the model that stands at `steps` (keys and positions, as in pydantic's `loc`)."""
    found: Any = top
    for step in steps:
        found = _below(found, step)
    return _names(found) if _is_model(found) else ()


def _below(kind: Any, step: int | str) -> Any:
    """The type one step further down; None where there is none."""
    for choice in _choices(kind):
        if isinstance(step, int) and get_origin(choice) is tuple:
            return get_args(choice)[0]
        if isinstance(step, str) and _is_model(choice):
            for name, field in _fields(choice).items():
                if step in {name, field.alias}:
                    return field.annotation
            if _tag(choice) == step:
                return choice
    return None


def _choices(kind: Any) -> tuple[Any, ...]:
    """The alternatives of a union, or the type itself; annotations taken off."""
    if get_origin(kind) is Annotated:
        return _choices(get_args(kind)[0])
    if get_origin(kind) in {Union, types.UnionType}:
        return tuple(choice for arm in get_args(kind) for choice in _choices(arm))
    return (kind,)


def _tag(model: Any) -> str:
    """The kind that tells this model apart from the others of its union."""
    kind = _fields(model).get("kind")
    return str(get_args(kind.annotation)[0]) if kind is not None and get_args(kind.annotation) else ""


def _is_model(kind: Any) -> bool:
    """Models, and dataclasses that are read like them."""
    return isinstance(kind, type) and hasattr(kind, "__pydantic_fields__")


def _fields(model: Any) -> dict[str, FieldInfo]:
    return dict(model.__pydantic_fields__)


def _names(model: Any) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in _fields(model).items())

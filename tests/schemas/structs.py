"""Any instance of one of our msgspec structs, for properties that must hold for all of them."""

import typing
from enum import Enum

import msgspec
from hypothesis import strategies as st

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_int = st.integers(-(2**63), 2**64 - 1)


def instances(struct: type) -> st.SearchStrategy:
    """Any instance of the struct, fields of every allowed type."""
    fields = typing.get_type_hints(struct)
    return st.builds(struct, **{field.name: _of(fields[field.name]) for field in msgspec.structs.fields(struct)})


def _of(kind: type) -> st.SearchStrategy:
    plain = {str: _text, int: _int, bool: st.booleans(), type(None): st.none()}
    if kind in plain:
        return plain[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return st.lists(_of(arguments[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(_of(arguments[0]), _of(arguments[1]), max_size=2)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if origin is not None:
        return st.one_of([_of(argument) for argument in arguments])
    return instances(kind)

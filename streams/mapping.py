"""Turns a foreign record into a canonical event, by a mapping that is data (`streams/mappings/*.yaml`). Pure.

A mapping only renames, looks up, and multiplies; whether the result is a valid event is intake's to say. What it cannot
read it hands back as None: the line is then published as it is, and becomes a dead letter with a reason.
"""

from collections.abc import Mapping as MappingOf
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from schemas.events import EVENT_TYPES
from streams.logs import SafeError


class MappingError(SafeError):
    """A mapping file is not valid; the message names file and field."""


class Source(BaseModel):
    """Where a canonical field comes from, and what is done to it on the way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str = Field(alias="from")
    table: str | None = None
    otherwise: str | None = None
    times: int | None = None
    as_: Literal["diagnoses"] | None = Field(None, alias="as")


def _source(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


Sources = dict[str, Annotated[Source, BeforeValidator(_source)]]


class EventMapping(BaseModel):
    """How one kind of foreign record becomes an event of `type`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    constants: dict[str, str] = {}
    fields: Sources = {}


class Mapping(BaseModel):
    """A whole mapping file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    detect: tuple[str, ...] = Field(min_length=1)
    selector: str
    tables: dict[str, dict[str, str]] = {}
    common: Sources = {}
    events: dict[str, EventMapping]

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> "Mapping":
        for kind, event in self.events.items():
            if event.type not in EVENT_TYPES:
                raise ValueError(f"events.{kind}.type: there is no event type {event.type!r}")
            for name, source in (self.common | event.fields).items():
                if source.table is not None and source.table not in self.tables:
                    raise ValueError(f"events.{kind}.fields.{name}.table: there is no table {source.table!r}")
        return self

    def reads(self, record: MappingOf[str, Any]) -> bool:
        """Whether a record has the shape this mapping is for."""
        return all(name in record for name in self.detect)

    def event_of(self, record: MappingOf[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """Event type and canonical fields; None for a kind of record the mapping does not know."""
        mapped = self.events.get(str(record.get(self.selector)))
        if mapped is None:
            return None
        fields: dict[str, Any] = dict(mapped.constants)
        for sources in (self.common, mapped.fields):
            for name, source in sources.items():
                value = self._value(source, record.get(source.field))
                if value is not None:
                    fields[name] = value
        return mapped.type, fields

    def _value(self, source: Source, value: Any) -> Any:
        if source.table is not None:
            return self.tables[source.table].get(str(value), source.otherwise)
        if value is None:
            return source.otherwise
        if source.times is not None and type(value) is int:
            return value * source.times
        if source.as_ == "diagnoses" and isinstance(value, list):
            return [{"code": code, "role": "other" if number else "main"} for number, code in enumerate(value)]
        return value


def load_mapping(path: Path | Traversable) -> Mapping:
    """Read a mapping file. Raises MappingError with file and field."""
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise MappingError(f"{path}: not valid YAML: {error}") from error
    except ValidationError as error:
        mistakes = [f"{path}: {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise MappingError("\n".join(mistakes)) from error


def shipped_mappings() -> list[Mapping]:
    """The mappings that ship with the project; the first that reads a line is used for it."""
    folder = files("streams").joinpath("mappings")
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return [load_mapping(entry) for entry in entries if entry.name.endswith(".yaml")]

"""The one codec: what a hospital's bytes say. JSON, Avro single-object encoding and Confluent framing are all read.

Every Avro import of the four packages stands in this file. The compiled `fastavro` serves the hot path; the reference
decoder `avro-python3` is held against it in tests. No I/O but the schema files that ship beside this module.

| first bytes | format | writer schema |
| --- | --- | --- |
| `C3 01` + 8 | Avro single-object encoding | CRC-64-AVRO fingerprint, little endian → shipped or added schema |
| `00` + 4 | Confluent framing | registry id → the resolver the caller passes |
| anything else | JSON (UTF-8, BOM allowed) | |

Shipped schemas: `charge.v1.avsc` is the newest revision of an event's contract, and the one that is written;
`charge.v1.1.avsc` a former revision, kept so that what was written with it is read for ever.
`charge.national2301.v1.avsc` is another shape of the event, read only.
"""

import io
import json
import re
import struct
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import fastavro
import fastavro.schema
from pydantic_core import from_json

from schemas.reasons import Reason, RejectError

SINGLE_OBJECT = b"\xc3\x01"
CONFLUENT = 0
#: Names of the schemas that are written: the event type and the major version, no revision.
WRITTEN = re.compile(r"[a-z_]+\.v\d+\.avsc")
Resolver = Callable[[int], Mapping[str, Any] | None]


class AvroSchema:
    """One writer schema, parsed once: its event type, its fingerprint, its record's name."""

    __slots__ = ("event_type", "fingerprint", "name", "parsed")

    def __init__(self, declaration: Mapping[str, Any], event_type: str | None) -> None:
        self.parsed: Any = fastavro.parse_schema(dict(declaration), _force=True)
        self.fingerprint = fingerprint(declaration)
        self.name = f"{declaration.get('namespace', '')}.{declaration.get('name', '')}"
        self.event_type = event_type


def fingerprint(declaration: Mapping[str, Any]) -> bytes:
    """CRC-64-AVRO of the schema's parsing canonical form, as the eight little-endian bytes that travel."""
    canonical = fastavro.schema.to_parsing_canonical_form(json.loads(json.dumps(declaration)))
    hexadecimal: str = fastavro.schema.fingerprint(canonical, "CRC-64-AVRO")
    return bytes.fromhex(hexadecimal)


@cache
def shipped_declarations() -> dict[str, dict[str, Any]]:
    """File name → declaration of every `.avsc` in schemas/avro. The part before the first dot is the event type."""
    folder = files("schemas").joinpath("avro")
    return {
        entry.name: json.loads(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".avsc")
    }


class Codec:
    """Decodes and encodes events. `extra` adds a hospital's own writer schemas: event type → declarations."""

    def __init__(
        self, extra: Mapping[str, list[Mapping[str, Any]]] | None = None, resolver: Resolver | None = None
    ) -> None:
        self._by_fingerprint: dict[bytes, AvroSchema] = {}
        self._by_registry_id: dict[int, AvroSchema | None] = {}
        self._resolver = resolver
        self._writers: dict[str, AvroSchema] = {}
        for name, declaration in shipped_declarations().items():
            event_type = name.split(".", 1)[0]
            schema = self._add(declaration, event_type)
            if WRITTEN.fullmatch(name):
                self._writers[event_type] = schema
        for event_type, declarations in (extra or {}).items():
            for added in declarations:
                self._add(added, event_type)

    def _add(self, declaration: Mapping[str, Any], event_type: str | None) -> AvroSchema:
        schema = AvroSchema(declaration, event_type)
        self._by_fingerprint[schema.fingerprint] = schema
        return schema

    def decode(self, value: bytes | None, event_type: str) -> dict[str, Any]:
        """The event's fields as published. Raises RejectError with a D reason; never anything else for bad bytes."""
        if not value:
            raise RejectError(Reason.EMPTY_MESSAGE)
        if value[:2] == SINGLE_OBJECT:
            if len(value) < 10:
                raise RejectError(Reason.TRUNCATED_FRAME, "single-object header")
            schema = self._by_fingerprint.get(value[2:10])
            return self._decode_body(schema, value, 10, event_type)
        if value[0] == CONFLUENT:
            if len(value) < 5:
                raise RejectError(Reason.TRUNCATED_FRAME, "Confluent header")
            return self._decode_body(self._registered(struct.unpack(">I", value[1:5])[0]), value, 5, event_type)
        return _decode_json(value)

    def _registered(self, registry_id: int) -> AvroSchema | None:
        if registry_id not in self._by_registry_id:
            found = self._resolver(registry_id) if self._resolver else None
            try:
                self._by_registry_id[registry_id] = AvroSchema(found, None) if found else None
            except (fastavro.schema.SchemaParseException, ValueError, KeyError, TypeError, AttributeError) as error:
                raise RejectError(Reason.UNKNOWN_SCHEMA, "what the registry holds is no Avro schema") from error
        return self._by_registry_id[registry_id]

    def _decode_body(self, schema: AvroSchema | None, value: bytes, start: int, event_type: str) -> dict[str, Any]:
        if schema is None:
            raise RejectError(Reason.UNKNOWN_SCHEMA)
        if schema.event_type is not None and schema.event_type != event_type:
            raise RejectError(Reason.WRONG_SCHEMA, f"{schema.event_type} on the topic of {event_type}")
        body = io.BytesIO(value)
        body.seek(start)
        try:
            decoded: Any = fastavro.schemaless_reader(body, schema.parsed, None)
        except EOFError as error:
            raise RejectError(Reason.TRUNCATED_FRAME) from error
        except UnicodeDecodeError as error:
            raise RejectError(Reason.NOT_TEXT) from error
        except IndexError as error:
            # Either a number that ends in its middle, or a branch that the union does not have.
            in_a_number = body.tell() >= len(value) and value[-1] & 0x80
            reason = Reason.TRUNCATED_FRAME if in_a_number else Reason.MALFORMED_FRAME
            raise RejectError(reason, "IndexError") from error
        except (ValueError, OverflowError, MemoryError, struct.error, TypeError, KeyError) as error:
            raise RejectError(Reason.MALFORMED_FRAME, type(error).__name__) from error
        if body.tell() != len(value):
            raise RejectError(Reason.MALFORMED_FRAME, "bytes are left over")
        if not isinstance(decoded, dict):
            raise RejectError(Reason.NOT_AN_OBJECT)
        return decoded

    def encode_avro(self, event_type: str, fields: Mapping[str, Any]) -> bytes:
        """Canonical fields as Avro single-object encoding with the newest shipped schema of the event type."""
        schema = self._writers[event_type]
        body = io.BytesIO()
        body.write(SINGLE_OBJECT)
        body.write(schema.fingerprint)
        fastavro.schemaless_writer(body, schema.parsed, dict(fields))
        return body.getvalue()


def encode_json(fields: Mapping[str, Any]) -> bytes:
    """Canonical fields as compact UTF-8 JSON."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _decode_json(value: bytes) -> dict[str, Any]:
    text = value[3:] if value[:3] == b"\xef\xbb\xbf" else value
    try:
        decoded: Any = from_json(text, allow_inf_nan=True)
    except ValueError as error:
        message = str(error)
        if "unicode" in message or "surrogate" in message or "end of hex escape" in message:
            raise RejectError(Reason.NOT_TEXT) from error
        raise RejectError(Reason.NOT_JSON) from error
    if not isinstance(decoded, dict):
        raise RejectError(Reason.NOT_AN_OBJECT)
    return decoded

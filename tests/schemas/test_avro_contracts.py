"""Every .avsc is a published contract: the reference reads what we write, and older data is read for ever.

`golden/*.avsc` are the versions as published. One is added when a schema changes on purpose; none ever changes.
"""

import io
import json
from hashlib import sha256
from pathlib import Path

import avro.io
import avro.schema
import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.core.accept import validate
from schemas.codec import WRITTEN, Codec, fingerprint, shipped_declarations
from tests.schemas.border import AT, CONTEXT, SMALLEST

GOLDEN = Path(__file__).parent / "golden"
#: Digest of every golden file: a published version is never edited.
PUBLISHED = {
    "ack.v1.1.avsc": "78234c49da08c2c62967310a786c5ee93731d0f9d69f9f635952ff26edc2e8f7",
    "admission.v1.1.avsc": "99470349ce9229349720b57d12d815596cccac5fc540336a75f57e503e912c63",
    "admission.v1.2.avsc": "8bb23c452f7d4ea2a90589b9e5626dc9cee2a70d7c9941d143d6b47a08efcce2",
    "admission.v1.3.avsc": "fe66e6a71e6196a6e78b4f6c93afa64ed18d5ed439696e292516e5de6a616851",
    "charge.national2301.v1.1.avsc": "621fe235b5563f15a94fbfbf2e088d04cc3514c45baa5e6b1aebbcd6fb121223",
    "charge.national2301.v1.2.avsc": "ccb3de49e4fdb331ac326ea4424bbedd76b2d9a198918f3d8b346712e798416b",
    "charge.national2301.v1.3.avsc": "731e1002f524fe336e076ac005d9bef37c10013708cf0ca5f4ed185d4dbe1b30",
    "charge.v1.1.avsc": "272fe9f481ca9241fece0b0cdb075ef52021721984a406e04382ce53594a42d0",
    "charge.v1.2.avsc": "5a34e66b46b956c79e5a1e4b05fb8e46eb3dcdea01b33488165a7e2a10d560e9",
    "charge.v1.3.avsc": "e1f88d19d7763971ba6e920054e0ac45798eb2e86144397b96e6f74ad84e3da9",
    "order.v1.1.avsc": "205a661224037e914f7cf81f20e9bf6d0535c3a42760783b2a678ec61304e361",
    "order.v1.2.avsc": "965d5a1d46059bc5b25edb5c2b8b247d3c2686223469d09c9bf5c0d2ffa4cca6",
    "settlement.v1.1.avsc": "4375e47708793abec876278ef935ea93c7edf162d721cee3c70b44a6221d69c1",
    "settlement.v1.2.avsc": "2055ca47ebc27d189e93b7e3abad622b49d86bb27b2a4dee240932148d37d8d6",
}
SHIPPED = shipped_declarations()
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_BRANCHES = {
    "null": st.none(),
    "string": _text,
    "long": st.integers(-(2**63), 2**63 - 1),
    "int": st.integers(-(2**31), 2**31 - 1),
    "boolean": st.booleans(),
}


def values_of(kind) -> st.SearchStrategy:
    """Any value of an Avro type that our schemas use."""
    if isinstance(kind, list):
        return st.one_of([values_of(branch) for branch in kind])
    if isinstance(kind, dict):
        if kind["type"] == "array":
            return st.lists(values_of(kind["items"]), max_size=3)
        if kind["type"] == "map":
            return st.dictionaries(_text, values_of(kind["values"]), max_size=3)
        return st.fixed_dictionaries({field["name"]: values_of(field["type"]) for field in kind["fields"]})
    return _BRANCHES[kind]


def reference_fingerprint(canonical: str) -> bytes:
    """CRC-64-AVRO as the Avro specification spells it out, little endian."""
    empty = 0xC15D213AA4D7A795
    table = []
    for number in range(256):
        entry = number
        for _ in range(8):
            entry = (entry >> 1) ^ (empty & -(entry & 1))
        table.append(entry)
    found = empty
    for byte in canonical.encode():
        found = (found >> 8) ^ table[(found ^ byte) & 0xFF]
    return found.to_bytes(8, "little")


def reference_decode(declaration, body: bytes):
    schema = avro.schema.parse(json.dumps(declaration))
    return avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(io.BytesIO(body)))


def reference_encode(declaration, fields) -> bytes:
    out = io.BytesIO()
    avro.io.DatumWriter(avro.schema.parse(json.dumps(declaration))).write(fields, avro.io.BinaryEncoder(out))
    return out.getvalue()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if WRITTEN.fullmatch(name) else pytest.mark.slow) for name in SHIPPED]
)
@given(data=st.data())
def test_the_reference_and_the_compiled_codec_read_the_same(name, data):
    fields = data.draw(values_of(SHIPPED[name]))
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(SHIPPED[name])), fields)
    assert reference_decode(SHIPPED[name], out.getvalue()) == fields
    event_type = name.split(".", 1)[0]
    frame = b"\xc3\x01" + fingerprint(SHIPPED[name]) + reference_encode(SHIPPED[name], fields)
    assert Codec().decode(frame, event_type) == fields


@pytest.mark.parametrize("name", SHIPPED)
def test_the_fingerprint_is_crc_64_avro_of_the_canonical_form(name):
    canonical = fastavro.schema.to_parsing_canonical_form(json.loads(json.dumps(SHIPPED[name])))
    assert fingerprint(SHIPPED[name]) == reference_fingerprint(canonical)


def test_the_fingerprint_of_a_known_schema_is_the_published_one():
    """The Java implementation's test data: "int" has 0x7275d51a3f395c8f."""
    assert fingerprint({"type": "int"}) == (0x7275D51A3F395C8F).to_bytes(8, "little")


def test_the_newest_revision_of_a_contract_is_the_one_that_is_written():
    """And its former revisions stand beside it, numbered, each as it was published."""
    former = {name for name in SHIPPED if name.removesuffix(".avsc").rpartition(".")[2].isdigit()}
    assert former >= {"admission.v1.2.avsc", "charge.v1.2.avsc", "order.v1.1.avsc", "settlement.v1.1.avsc"}
    for name in former:
        assert json.loads((GOLDEN / name).read_text()) == SHIPPED[name]
    for event_type, fields in SMALLEST.items():
        frame = Codec().encode_avro(event_type, {"amount": None, **fields})
        assert frame[2:10] == fingerprint(SHIPPED[f"{event_type}.v1.avsc"])


def test_documentation_and_defaults_do_not_change_the_fingerprint():
    declaration = json.loads(json.dumps(SHIPPED["charge.v1.avsc"]))
    declaration["doc"] = "another"
    assert fingerprint(declaration) == fingerprint(SHIPPED["charge.v1.avsc"])


def test_no_two_schemas_have_the_same_fingerprint():
    assert len({fingerprint(declaration) for declaration in SHIPPED.values()}) == len(SHIPPED)


def test_a_golden_file_never_changes():
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(GOLDEN.glob("*.avsc"))}
    assert found == PUBLISHED


def test_every_shipped_schema_has_been_published_as_it_is():
    """A change to a schema adds a golden file beside the old ones: `<name>.v1.<number>.avsc`."""
    golden = [fingerprint(json.loads(path.read_text())) for path in GOLDEN.glob("*.avsc")]
    assert [name for name, declaration in SHIPPED.items() if fingerprint(declaration) not in golden] == []


def current_of(golden: str) -> str:
    """The shipped schema that succeeds a golden one: `charge.v1.2.avsc` → `charge.v1.avsc`."""
    return golden.removesuffix(".avsc").rpartition(".")[0] + ".avsc"


@pytest.mark.parametrize("golden", sorted(PUBLISHED))
@given(data=st.data())
def test_the_current_schema_reads_what_every_published_one_wrote(golden, data):
    writer = json.loads((GOLDEN / golden).read_text())
    fields = data.draw(values_of(writer))
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(writer)), fields)
    reader = SHIPPED[current_of(golden)]
    decoded = fastavro.schemaless_reader(
        io.BytesIO(out.getvalue()), fastavro.parse_schema(dict(writer)), fastavro.parse_schema(dict(reader))
    )
    known = {field["name"] for field in reader["fields"]}
    assert {name: value for name, value in fields.items() if name in known}.items() <= decoded.items()


@pytest.mark.parametrize("golden", sorted(PUBLISHED))
def test_a_message_in_any_published_version_is_accepted(golden):
    """The fingerprint in a message names its exact version: an older one must go on being shipped beside the newer."""
    writer = json.loads((GOLDEN / golden).read_text())
    out = io.BytesIO()
    fields = {field["name"]: _example(field) for field in writer["fields"]}
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(writer)), fields)
    frame = b"\xc3\x01" + fingerprint(writer) + out.getvalue()
    assert Codec().decode(frame, golden.split(".", 1)[0]) == fields


@pytest.mark.parametrize("event_type", ["admission", "charge", "order", "settlement", "ack"])
def test_every_field_of_an_event_can_be_written_in_avro(event_type):
    """And says the same as in JSON, so that a hospital may choose."""
    declaration = SHIPPED[f"{event_type}.v1.avsc"]
    fields = {field["name"]: _example(field) for field in declaration["fields"]}
    codec = Codec()
    decoded = codec.decode(codec.encode_avro(event_type, fields), event_type)
    assert validate(event_type, decoded, CONTEXT) == validate(event_type, fields, CONTEXT)
    model = set(type(validate(event_type, fields, CONTEXT)).model_fields)
    assert set(fields) == model


def _example(field) -> object:
    name, kinds = field["name"], field["type"] if isinstance(field["type"], list) else [field["type"]]
    known = {"occurred_at": AT, "recorded_at": AT, "charged_at": AT, "as_of": AT, "refund_of": "", "year": 2024}
    known |= {"kind": field.get("default", "admit"), "first_self_pay_share": "0.125"}
    known |= {"died_at": AT, "ends_at": AT, "census": "in_bed", "readmission": "planned"}
    if name in known:
        return known[name]
    if "boolean" in kinds:
        return True
    if "int" in kinds:
        return 3
    if "string" in kinds and "long" not in kinds:
        return name
    if "long" in kinds:
        return "12.30"
    (kind,) = (kind for kind in kinds if isinstance(kind, dict))
    if kind["type"] == "record":
        return {part["name"]: _example(part) for part in kind["fields"]}
    if kind["type"] == "map":
        return {"inpatient": _example({"name": "value", "type": kind["values"]})}
    return []

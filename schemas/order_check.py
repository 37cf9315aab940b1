"""The order check (事前/事中审核): what is asked and answered, in one shape for HTTP and the topic `order.check.v1`.

HIS speaks 3101/3102 over HTTP (schemas/national_audit.py maps it to these) or publishes orders on `his.order.v1`. An
answer is never a pass where the check could not be finished: its outcome is `unfinished`, with the reason, and HIS goes
on. Answers are absolute records, key = `hospital|patient_id|request_id`; the one with the highest `version` counts.
"""

from enum import StrEnum
from hashlib import blake2b

import msgspec

from schemas.finding import Finding


class Outcome(StrEnum):
    """What a check came to: no finding, findings, or 校验未完成."""

    PASSED = "passed"
    FINDINGS = "findings"
    UNFINISHED = "unfinished"


class Unfinished(StrEnum):
    """Why a check was not finished."""

    OUT_OF_TIME = "out_of_time"
    NO_OWNER = "no_owner"
    NOT_READY = "not_ready"
    ENGINE_ERROR = "engine_error"
    OVERLOADED = "overloaded"


class Diagnosis(msgspec.Struct, frozen=True):
    """A diagnosis as the request states it: ICD code, whether it is the main one, made at (ms; 0: not said)."""

    code: str
    is_main: bool = False
    made_at: int = 0


class Operation(msgspec.Struct, frozen=True):
    """An operation as the request states it."""

    code: str
    at: int = 0


class ProposedOrder(msgspec.Struct, frozen=True):
    """One order of the request. quantity in 1e-4, price in 1e-6 yuan, amount in fen, times in ms (0: not said).

    order_id: rx_id; prescription_id: rxno; group: grpno; category: chrg_type 01–14; level: hilist_lv. days: how long
    the supply lasts. is_checked: it is being placed now (curr_drord_flag 1); else it is there to be looked at together.
    herbal_use: tcmdrug_used_way 1 复方 2 单方. consent: the patient agreed to pay (自费知情同意); None: not said.
    """

    order_id: str
    item_code: str = ""
    hospital_item_code: str = ""
    name: str = ""
    prescription_id: str = ""
    group: str = ""
    list_type: str = ""
    category: str = ""
    level: str = ""
    quantity_e4: int = 0
    unit_price_micro: int = 0
    amount_fen: int = 0
    dose: str = ""
    dose_unit: str = ""
    frequency: str = ""
    route: str = ""
    days: int = 0
    long_term: bool = False
    take_home: bool = False
    department: str = ""
    doctor: str = ""
    doctor_grade: str = ""
    speciality: str = ""
    begins_at: int = 0
    ends_at: int = 0
    herbal_use: str = ""
    consent: bool | None = None
    is_checked: bool = True


class StatedVisit(msgspec.Struct, frozen=True):
    """What the request says of the patient and the visit; empty: not said. What the events said outranks it.

    birth_date: ISO date. pregnancy: matn_stas (0 其他, 1 妊娠, 2 哺乳). visit_mode: med_mdtrt_type (1 门诊, 2 住院,
    3 购药, 4 其他). tier: medins_lv as the book's tiers name it. is_online: an internet hospital's visit.
    """

    sex: str = ""
    birth_date: str = ""
    pregnancy: str = ""
    insurance_type: str = ""
    care_type: str = ""
    visit_mode: str = ""
    tier: str = ""
    department: str = ""
    ward: str = ""
    bed: str = ""
    doctor: str = ""
    admitted_at: int = 0
    discharged_at: int = 0
    diagnoses: tuple[Diagnosis, ...] = ()
    operations: tuple[Operation, ...] = ()
    is_online: bool = False


class CheckRequest(msgspec.Struct, frozen=True):
    """What HIS asks. request_id: task_id. scene: trig_scen (1–10). rules: rule codes to check; empty: all.

    `orders` empty: the whole visit is checked as it stands (3102 before settlement).
    """

    request_id: str
    hospital: str
    patient_id: str
    visit_id: str
    scene: str
    at: int
    visit: StatedVisit = StatedVisit()
    orders: tuple[ProposedOrder, ...] = ()
    rules: tuple[str, ...] = ()


class CheckResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was answered. finding ids are jr_ids (check_finding_id), the same for the same request.

    version: the ledger version of the state it was checked on (0: on none). via: `http` or `topic`. digest: of the
    request's content, so that the same id with another content is seen. not_checked: rule → why it could not be judged.
    """

    request_id: str
    hospital: str
    patient_id: str
    visit_id: str
    outcome: Outcome
    at: int
    version: int
    via: str
    digest: str
    scene: str = ""
    reason: str = ""
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    order_ids: tuple[str, ...] = ()
    not_checked: dict[str, str] = {}
    took_us: int = 0
    policy_version: str = ""


#: What the id of a finding of an order check begins with.
CHECK_ID_PREFIX = "jr-"
_PARTITION_DIGITS, _DIGEST_BYTES = 4, 20
_HEX = frozenset("0123456789abcdef")


def check_finding_id(request_id: str, hospital: str, patient_id: str, rule: str, subject: str, partition: int) -> str:
    """The jr_id of a finding of an order check: `jr-<partition, 4 hex>-<digest, 40 hex>`, 48 of the 50 characters.

    It is the same for the same request, and leads to the partition where the patient's answers are known.
    """
    named = f"{request_id}\0{hospital}\0{patient_id}\0{rule}\0{subject}".encode()
    digest = blake2b(named, digest_size=_DIGEST_BYTES).hexdigest()
    return f"{CHECK_ID_PREFIX}{partition:0{_PARTITION_DIGITS}x}-{digest}"


def partition_of_check(finding_id: str) -> int | None:
    """The partition a jr_id leads to; None where it is none of ours."""
    prefix, _, rest = finding_id.partition("-")
    place, _, digest = rest.partition("-")
    is_ours = f"{prefix}-" == CHECK_ID_PREFIX and len(place) == _PARTITION_DIGITS and len(digest) == 2 * _DIGEST_BYTES
    return int(place, 16) if is_ours and _HEX.issuperset(place) and _HEX.issuperset(digest) else None


def check_key(result: CheckResult) -> bytes:
    """Key of a published answer. Its partition is that of the patient's log."""
    return f"{result.hospital}|{result.patient_id}|{result.request_id}".encode()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(CheckResult)


def encode_check(result: CheckResult) -> bytes:
    """JSON as published."""
    return _encoder.encode(result)


def decode_check(value: bytes) -> CheckResult:
    """Read a published answer; raises msgspec.DecodeError or ValidationError."""
    return _decoder.decode(value)

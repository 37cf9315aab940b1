"""The events a hospital publishes, at the border: canonical names, the national names as aliases, frozen models.

Sources: DESIGN section 4; national interface 2301/2302 (charges), 2401–2405 (admission), 2303/2304 (settlement),
3101 (orders). Money in fen, quantities in 1e-4, prices in 1e-6 yuan, times in epoch ms (schemas.units).
An unknown *code* is passed through with a warning; an unknown *kind* is refused, because nothing could be done with it.
"""

import json
from enum import StrEnum
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from schemas import units
from schemas.clinical import Diagnosis, Procedure
from schemas.fields import (
    AlertId,
    CodeText,
    DepartmentCode,
    Fen,
    Flag,
    Id,
    KeyId,
    LongText,
    Micro,
    Ms,
    OptionalId,
    OptionalKeyId,
    QuantityE4,
    ShareE4,
    Text,
    UnlessEmpty,
    named,
)
from schemas.reasons import Reason, RejectError
from schemas.year_to_date import YearToDate


class AdmissionKind(StrEnum):
    """What happened to the visit; the national transactions 2401–2405 and 2201 are read as these."""

    ADMIT = "admit"
    REGISTER = "register"
    TRANSFER = "transfer"
    DISCHARGE = "discharge"
    UPDATE = "update"
    COVER = "cover"
    CANCEL_ADMIT = "cancel_admit"
    CANCEL_DISCHARGE = "cancel_discharge"


class OrderKind(StrEnum):
    """The life of an order (HL7 ORC-1 NW, XO, DC, CA)."""

    PLACED = "placed"
    CHANGED = "changed"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class SettlementKind(StrEnum):
    """2304 settled, or 2305 withdrawn."""

    SETTLED = "settled"
    CANCELLED = "cancelled"


TRANSACTION_KIND = {
    "2401": AdmissionKind.ADMIT,
    "2201": AdmissionKind.REGISTER,
    "2402": AdmissionKind.DISCHARGE,
    "2403": AdmissionKind.UPDATE,
    "2404": AdmissionKind.CANCEL_ADMIT,
    "2405": AdmissionKind.CANCEL_DISCHARGE,
}
SETTLEMENT_TRANSACTION_KIND = {"2304": SettlementKind.SETTLED, "2207": SettlementKind.SETTLED}
SETTLEMENT_TRANSACTION_KIND |= {"2305": SettlementKind.CANCELLED, "2208": SettlementKind.CANCELLED}


#: Longest event id; a longer derived one ends in a digest of the whole.
MAX_ID = 128


def _kind_of(kinds: type[StrEnum], transactions: dict[str, Any]) -> Any:
    def read(value: object) -> object:
        if not isinstance(value, str):
            raise RejectError(Reason.WRONG_TYPE, "kind")
        if value in transactions:
            return transactions[value]
        try:
            return kinds(value)
        except ValueError as error:
            raise RejectError(Reason.UNKNOWN_KIND, f"kind is none of {', '.join(kinds)}") from error

    return BeforeValidator(read)


class Event(BaseModel):
    """What every event carries. `hospital` may be left out where the pipeline serves one hospital (its setting)."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, coerce_numbers_to_str=True)
    TYPE: ClassVar[str]
    #: The field whose time the event happened at, when `occurred_at` is absent.
    TIME_NAMES: ClassVar[tuple[str, ...]] = ()

    event_id: Id
    hospital: KeyId = named("hospital", "fixmedins_code")
    patient_id: KeyId = named("patient_id", "patn_id")
    visit_id: KeyId = named("visit_id", "mdtrt_id", "ipt_otp_no")
    person_no: CodeText = named("person_no", "psn_no", default="")
    occurred_at: Ms
    recorded_at: Ms

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any, info: ValidationInfo) -> Any:
        """Absent ids and times take their documented defaults; an explicit null means absent."""
        if not isinstance(data, dict):
            return data
        filled = {name: value for name, value in data.items() if value is not None}
        if "occurred_at" not in filled:
            for name in cls.TIME_NAMES:
                if name in filled:
                    filled["occurred_at"] = filled[name]
                    break
        if "recorded_at" not in filled and "occurred_at" in filled:
            filled["recorded_at"] = filled["occurred_at"]
        context: dict[str, Any] | None = info.context
        if context and "hospital" not in filled and "fixmedins_code" not in filled and context.get("hospital"):
            filled["hospital"] = context["hospital"]
        if "event_id" not in filled:
            cls._default_event_id(filled)
            derived = filled.get("event_id")
            if isinstance(derived, str) and len(derived) > MAX_ID:
                digest = blake2b(derived.encode("utf-8", "replace"), digest_size=12).hexdigest()
                filled["event_id"] = f"{derived[: MAX_ID - 25]}#{digest}"
        return filled

    @classmethod
    def _default_event_id(cls, filled: dict[str, Any]) -> None:
        """A HIS that sends no event id is identified by what the event is about (events override this)."""


class AdmissionEvent(Event):
    """入院、挂号、转科、出院、变更、费别变动及其撤销 (2401–2405, 2201). An absent field says nothing."""

    TYPE: ClassVar[str] = "admission"
    TIME_NAMES: ClassVar[tuple[str, ...]] = ("begntime", "endtime")

    kind: Annotated[AdmissionKind, _kind_of(AdmissionKind, TRANSACTION_KIND)] = named("kind", "infno")
    insurance_type: CodeText = named("insurance_type", "insutype", default="")
    care_type: CodeText = named("care_type", "med_type", default="")
    person_type: CodeText = named("person_type", "psn_type", default="")
    sex: CodeText = named("sex", "gend", default="")
    birth_date: CodeText = named("birth_date", "brdy", default="")
    ward: CodeText = named("ward", "wardarea_codg", default="")
    bed: CodeText = named("bed", "adm_bed", "dscg_bed", "bedno", default="")
    department: DepartmentCode = named("department", "adm_dept_codg", "dscg_dept_code", "dscg_dept_codg", default="")
    doctor: CodeText = named("doctor", "atddr_no", "dr_codg", default="")
    diagnoses: Annotated[tuple[Diagnosis, ...], Field(max_length=200)] = named("diagnoses", "diseinfo", default=())
    procedures: Annotated[tuple[Procedure, ...], Field(max_length=200)] = named("procedures", "oprninfo", default=())
    leave: Flag | None = None
    discharge_way: CodeText = named("discharge_way", "dscg_way", default="")
    disease_code: CodeText = named("disease_code", "dise_codg", default="")
    special_person: CodeText = named("special_person", "sp_psn_type", default="")
    out_of_area: CodeText = ""
    account_balance: Annotated[Fen | None, UnlessEmpty] = named("account_balance", "balc", default=None)
    account_used: Annotated[Flag | None, UnlessEmpty] = named("account_used", "acct_used_flag", default=None)
    year_to_date: YearToDate | None = None
    pregnancy: CodeText = named("pregnancy", "matn_stas", default="")
    urgent: Annotated[Flag | None, UnlessEmpty] = named("urgent", "er_flag", default=None)
    online: Annotated[Flag | None, UnlessEmpty] = None
    blood_type: CodeText = ""
    census: Literal["", "in_bed", "leave", "absent"] = ""
    died_at: Annotated[Ms | None, UnlessEmpty] = named("died_at", "die_date", default=None)
    readmission: Literal["", "planned", "unplanned"] = ""
    visit_mode: CodeText = named("visit_mode", "med_mdtrt_type", default="")

    @classmethod
    def _default_event_id(cls, filled: dict[str, Any]) -> None:
        kind, at = filled.get("kind", filled.get("infno")), filled.get("occurred_at")
        if kind is not None and at is not None:
            content = json.dumps(filled, sort_keys=True, default=str, ensure_ascii=False).encode()
            filled["event_id"] = f"{kind}@{at}#{blake2b(content, digest_size=6).hexdigest()}"


class OrderEvent(Event):
    """医嘱: one order line, placed, changed, stopped or cancelled."""

    TYPE: ClassVar[str] = "order"
    TIME_NAMES: ClassVar[tuple[str, ...]] = ("drord_begn_date",)

    order_id: Id = named("order_id", "drord_no", "rx_id")
    kind: Annotated[OrderKind, _kind_of(OrderKind, {})] = OrderKind.PLACED
    item_code: CodeText = named("item_code", "hilist_code", "med_list_codg", default="")
    hospital_item_code: CodeText = named("hospital_item_code", "hosplist_code", "medins_list_codg", default="")
    quantity: QuantityE4 = named("quantity", "cnt", default=0)
    dose: Text = ""
    frequency: Text = ""
    days: Annotated[int, Field(ge=0, le=3660)] = 0
    unit_price: Micro = named("unit_price", "pric", default=0)
    long_term: Flag = named("long_term", "long_drord_flag", default=False)
    take_home: Flag = named("take_home", "drord_bhvr", "dscg_tkdrug_flag", default=False)
    department: DepartmentCode = named("department", "drord_dept_codg", default="")
    doctor: CodeText = named("doctor", "drord_dr_codg", default="")
    doctor_grade: CodeText = named("doctor_grade", "drord_dr_profttl", default="")
    prescription_id: OptionalId = named("prescription_id", "rxno", default="")
    group: CodeText = named("group", "grpno", default="")
    list_type: CodeText = named("list_type", "hilist_type", default="")
    category: CodeText = named("category", "chrg_type", "med_chrgitm_type", default="")
    level: CodeText = named("level", "hilist_lv", "chrgitm_lv", default="")
    name: Text = named("name", "hilist_name", "hosplist_name", default="")
    dose_unit: CodeText = ""
    route: CodeText = ""
    speciality: CodeText = ""
    ends_at: Annotated[Ms | None, UnlessEmpty] = named("ends_at", "drord_stop_date", default=None)
    herbal_use: CodeText = named("herbal_use", "tcmdrug_used_way", default="")
    consent: Annotated[Flag | None, UnlessEmpty] = None
    request_id: OptionalId = ""

    @classmethod
    def _default_event_id(cls, filled: dict[str, Any]) -> None:
        for name in ("order_id", "drord_no", "rx_id"):
            if name in filled:
                filled["event_id"] = f"{filled[name]}:{filled.get('kind', 'placed')}@{filled.get('occurred_at', '')}"
                return


class ChargeEvent(Event):
    """费用明细 (2301 feedetail). A refund has a negative quantity and amount and may name the line it takes back.

    `amount` may be left out where quantity and unit price are given; a refund with `refund_of` may leave out both
    amount and quantity: it takes back the whole line (2302).
    """

    TYPE: ClassVar[str] = "charge"
    TIME_NAMES: ClassVar[tuple[str, ...]] = ("charged_at", "fee_ocur_time")

    charge_id: Id = named("charge_id", "feedetl_sn")
    refund_of: OptionalId = named("refund_of", "init_feedetl_sn", default="")
    order_id: OptionalId = named("order_id", "drord_no", default="")
    item_code: CodeText = named("item_code", "med_list_codg", default="")
    hospital_item_code: CodeText = named("hospital_item_code", "medins_list_codg", default="")
    quantity: QuantityE4 | None = named("quantity", "cnt", default=None)
    unit_price: Micro | None = named("unit_price", "pric", default=None)
    amount: Fen | None = named("amount", "det_item_fee_sumamt", default=None)
    category: CodeText = named("category", "med_chrgitm_type", "chrg_type", default="")
    level: CodeText = named("level", "chrgitm_lv", "hilist_lv", default="")
    list_type: CodeText = named("list_type", "hilist_type", default="")
    ordering_department: DepartmentCode = named("ordering_department", "bilg_dept_codg", default="")
    ordering_doctor: CodeText = named("ordering_doctor", "bilg_dr_codg", default="")
    executing_department: DepartmentCode = named("executing_department", "acord_dept_codg", default="")
    charged_at: Ms = named("charged_at", "fee_ocur_time")
    approval: CodeText = named("approval", "hosp_appr_flag", default="")
    trace_code: Text = named("trace_code", "drug_trac_codg", default="")
    first_self_pay_share: Annotated[ShareE4 | None, UnlessEmpty] = named(
        "first_self_pay_share", "selfpay_prop", default=None
    )
    price_cap: Annotated[Micro | None, UnlessEmpty] = named("price_cap", "pric_uplmt_amt", default=None)
    limited_use_met: Annotated[Flag | None, UnlessEmpty] = named("limited_use_met", "lmt_used_flag", default=None)
    herbal_use: CodeText = named("herbal_use", "tcmdrug_used_way", default="")
    consent: Annotated[Flag | None, UnlessEmpty] = None
    incision_group: CodeText = ""
    executing_doctor: CodeText = named("executing_doctor", "orders_dr_code", default="")
    take_home: Annotated[Flag | None, UnlessEmpty] = named("take_home", "dscg_tkdrug_flag", default=None)
    days: Annotated[int, Field(ge=0, le=3660)] = 0
    name: Text = named("name", "med_list_name", "medins_list_name", default="")

    @classmethod
    def _default_event_id(cls, filled: dict[str, Any]) -> None:
        for name in ("charge_id", "feedetl_sn"):
            if name in filled:
                filled["event_id"] = filled[name]
                return

    @model_validator(mode="before")
    @classmethod
    def _charged(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("charged_at") is None and data.get("fee_ocur_time") is None:
            return {**data, "charged_at": data["occurred_at"]} if data.get("occurred_at") is not None else data
        return data

    @model_validator(mode="after")
    def _amounts(self) -> Self:
        quantity, amount = self.quantity, self.amount
        if amount is None and quantity is not None and self.unit_price is not None:
            amount = units.line_amount_fen(quantity, self.unit_price)
            if abs(amount) > units.MAX_FEN:
                raise RejectError(Reason.OUT_OF_RANGE, "quantity × unit_price")
        if amount is None and not (self.refund_of and quantity is None):
            raise RejectError(Reason.AMOUNT_MISSING, "amount")
        if amount is not None and quantity is not None and ((quantity < 0 < amount) or (amount < 0 < quantity)):
            raise RejectError(Reason.SIGN_MISMATCH, "quantity, amount")
        if self.refund_of and ((amount is not None and amount > 0) or (quantity is not None and quantity > 0)):
            raise RejectError(Reason.REFUND_NOT_NEGATIVE, "refund_of, amount")
        return self


class SettlementEvent(Event):
    """What the insurer really settled (2304 `setlinfo`), or its withdrawal (2305). All amounts in fen."""

    TYPE: ClassVar[str] = "settlement"
    TIME_NAMES: ClassVar[tuple[str, ...]] = ("setl_time",)

    settlement_id: Id = named("settlement_id", "setl_id")
    kind: Annotated[SettlementKind, _kind_of(SettlementKind, SETTLEMENT_TRANSACTION_KIND)] = named(
        "kind", "infno", default=SettlementKind.SETTLED
    )
    insurance_type: CodeText = named("insurance_type", "insutype", default="")
    care_type: CodeText = named("care_type", "med_type", default="")
    total: Fen = named("total", "medfee_sumamt")
    full_self_pay: Fen = named("full_self_pay", "fulamt_ownpay_amt", default=0)
    over_limit: Fen = named("over_limit", "overlmt_selfpay", default=0)
    first_self_pay: Fen = named("first_self_pay", "preselfpay_amt", default=0)
    within_scope: Fen = named("within_scope", "inscp_scp_amt", default=0)
    deductible: Fen = named("deductible", "act_pay_dedc", default=0)
    basic_fund: Fen = named("basic_fund", "hifp_pay", default=0)
    civil_servant: Fen = named("civil_servant", "cvlserv_pay", default=0)
    enterprise: Fen = named("enterprise", "hifes_pay", default=0)
    critical_illness: Fen = named("critical_illness", "hifmi_pay", default=0)
    large_amount: Fen = named("large_amount", "hifob_pay", default=0)
    disabled: Fen = named("disabled", "hifdm_pay", default=0)
    assistance: Fen = named("assistance", "maf_pay", default=0)
    other_fund: Fen = named("other_fund", "oth_pay", default=0)
    fund_total: Fen = named("fund_total", "fund_pay_sumamt", default=0)
    hospital_part: Fen = named("hospital_part", "hosp_part_amt", default=0)
    patient_part: Fen = named("patient_part", "psn_part_amt", default=0)
    account_paid: Fen = named("account_paid", "acct_pay", default=0)
    mutual_aid_paid: Fen = named("mutual_aid_paid", "acct_mulaid_pay", default=0)
    cash_paid: Fen = named("cash_paid", "psn_cash_pay", default=0)
    clearing_way: CodeText = named("clearing_way", "clr_way", default="")
    clearing_type: CodeText = named("clearing_type", "clr_type", default="")
    mid_stay: Flag = named("mid_stay", "mid_setl_flag", default=False)

    @classmethod
    def _default_event_id(cls, filled: dict[str, Any]) -> None:
        for name in ("settlement_id", "setl_id"):
            if name in filled:
                filled["event_id"] = f"{filled[name]}:{filled.get('kind', filled.get('infno', 'settled'))}"
                return


class AckEvent(Event):
    """Somebody answered an alert: who, in which role, when, what was decided and why.

    It goes to the alert's own log: a visit's alert names `patient_id` and `visit_id`, a department's alert `department`
    and `month` (both stand in the alert itself).
    """

    TYPE: ClassVar[str] = "ack"

    patient_id: OptionalKeyId = named("patient_id", "patn_id", default="")
    visit_id: OptionalKeyId = named("visit_id", "mdtrt_id", default="")
    department: CodeText = ""
    month: Annotated[int, Field(ge=0, le=210_012)] = 0
    alert_id: AlertId
    actor: Id
    role: CodeText = ""
    decision: CodeText = "confirm"
    reason: LongText = ""

    @model_validator(mode="after")
    def _scope(self) -> Self:
        if not self.patient_id and not (self.department and self.month):
            raise RejectError(Reason.MISSING_FIELD, "patient_id, or department and month")
        if self.patient_id and not self.visit_id:
            raise RejectError(Reason.MISSING_FIELD, "visit_id")
        return self

    @classmethod
    def _default_event_id(cls, filled: dict[str, Any]) -> None:
        if "alert_id" in filled and "actor" in filled:
            at = filled.get("occurred_at", "")
            filled["event_id"] = f"{filled['alert_id']}:{filled['actor']}@{at}"


EVENT_TYPES: dict[str, type[Event]] = {
    model.TYPE: model for model in (AdmissionEvent, OrderEvent, ChargeEvent, SettlementEvent, AckEvent)
}

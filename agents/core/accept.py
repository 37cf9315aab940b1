"""From a validated event to its ledger entry: units reckoned, the day fixed in hospital time, unknown codes noted."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from pydantic import ValidationError

from schemas import events, ledger
from schemas.codes import is_known
from schemas.fields import reject_of
from schemas.units import day_of, line_amount_fen

Source = tuple[str, int, int]
NO_ENTITLEMENT, NOT_CLINICAL = ledger.Entitlement(), ledger.Clinical()
NO_ORDER_DETAIL, NO_CHARGE_DETAIL = ledger.OrderDetail(), ledger.ChargeDetail()


def warnings_of(*codes: tuple[str, str]) -> tuple[str, ...]:
    """`table:code` for every code the shipped tables do not know; they pass through, and are counted."""
    return tuple(f"{table}:{code}" for table, code in codes if not is_known(table, code))


def validate(event_type: str, fields: dict[str, Any], context: dict[str, Any]) -> events.Event:
    """The event these fields describe. Raises RejectError with a V reason."""
    try:
        return events.EVENT_TYPES[event_type].model_validate(fields, context=context)
    except ValidationError as error:
        raise reject_of(error) from error


def entry_of(event: events.Event, source: Source, zone: tzinfo) -> ledger.Entry:
    """The ledger entry of an event; `source` is (topic, partition, position)."""
    body, warnings, digest_time = BODIES[type(event)](event, zone)
    topic, partition, position = source
    return ledger.Entry(
        event.hospital,
        event.patient_id,
        event.visit_id,
        event.event_id,
        event.person_no,
        topic,
        partition,
        position,
        event.occurred_at,
        event.recorded_at,
        ledger.content_digest(body, digest_time),
        warnings,
        body,
    )


def _charge(event: events.ChargeEvent, zone: tzinfo) -> tuple[ledger.Charge, tuple[str, ...], int]:
    quantity, price, amount = event.quantity, event.unit_price, event.amount
    if amount is None and quantity is not None and price is not None:
        amount = line_amount_fen(quantity, price)
    body = ledger.Charge(
        event.charge_id,
        event.refund_of,
        event.order_id,
        event.item_code,
        event.hospital_item_code,
        quantity,
        price,
        amount,
        event.category,
        event.level,
        event.list_type,
        event.ordering_department,
        event.ordering_doctor,
        event.executing_department,
        event.charged_at,
        day_of(event.charged_at, zone),
        event.approval,
        event.trace_code,
        _pricing(event),
        _charge_detail(event),
    )
    warnings = warnings_of(
        ("category", event.category),
        ("level", event.level),
        ("list_type", event.list_type),
        ("approval", event.approval),
    )
    # The line says itself when it was charged; the moment of its message takes no part.
    return body, warnings, 0


def _pricing(event: events.ChargeEvent) -> ledger.Pricing | None:
    said = (event.first_self_pay_share, event.price_cap, event.limited_use_met)
    return None if said == (None, None, None) else ledger.Pricing(*said)


def _charge_detail(event: events.ChargeEvent) -> ledger.ChargeDetail | None:
    said = ledger.ChargeDetail(
        event.herbal_use,
        event.consent,
        event.incision_group,
        event.executing_doctor,
        event.take_home,
        event.days,
        event.name,
    )
    return None if said == NO_CHARGE_DETAIL else said


def _order_detail(event: events.OrderEvent) -> ledger.OrderDetail | None:
    said = ledger.OrderDetail(
        event.prescription_id,
        event.group,
        event.list_type,
        event.category,
        event.level,
        event.dose_unit,
        event.route,
        event.speciality,
        event.ends_at or 0,
        event.herbal_use,
        event.consent,
        event.name,
        event.request_id,
    )
    return None if said == NO_ORDER_DETAIL else said


def _clinical(event: events.AdmissionEvent) -> ledger.Clinical | None:
    said = ledger.Clinical(
        event.pregnancy,
        event.urgent,
        event.online,
        event.blood_type,
        event.census,
        event.died_at or 0,
        event.readmission,
        event.visit_mode,
    )
    return None if said == NOT_CLINICAL else said


def _order(event: events.OrderEvent, _: tzinfo) -> tuple[ledger.Order, tuple[str, ...], int]:
    body = ledger.Order(
        event.order_id,
        event.kind,
        event.item_code,
        event.hospital_item_code,
        event.quantity,
        event.dose,
        event.frequency,
        event.days,
        event.unit_price,
        event.long_term,
        event.take_home,
        event.department,
        event.doctor,
        event.doctor_grade,
        _order_detail(event),
    )
    return body, (), event.occurred_at


def _admission(event: events.AdmissionEvent, _: tzinfo) -> tuple[ledger.Admission, tuple[str, ...], int]:
    body = ledger.Admission(
        event.kind,
        event.insurance_type,
        event.care_type,
        event.person_type,
        event.sex,
        event.birth_date,
        event.ward,
        event.bed,
        event.department,
        event.doctor,
        tuple(ledger.Diagnosis(item.code, item.role, item.made_at or 0) for item in event.diagnoses),
        tuple(ledger.Procedure(item.code, item.performed_at or 0, item.incision_group) for item in event.procedures),
        event.leave,
        event.discharge_way,
        event.disease_code,
        _entitlement(event),
        _clinical(event),
    )
    warnings = warnings_of(
        ("insurance_type", event.insurance_type),
        ("care_type", event.care_type),
        ("person_type", event.person_type),
        ("sex", event.sex),
        ("discharge_way", event.discharge_way),
    )
    return body, warnings, event.occurred_at


def _entitlement(event: events.AdmissionEvent) -> ledger.Entitlement | None:
    year = event.year_to_date
    said = ledger.Entitlement(
        event.special_person,
        event.out_of_area,
        event.account_balance,
        event.account_used,
        ledger.YearToDate(
            year.year,
            year.as_of if year.as_of is not None else event.occurred_at,
            year.admissions,
            {name: ledger.PoolYear(pool.deductible, pool.base, pool.fund) for name, pool in year.pools.items()},
            {name: ledger.LayerYear(layer.base, layer.paid) for name, layer in year.layers.items()},
            dict(year.limits),
        )
        if year is not None
        else None,
    )
    return None if said == NO_ENTITLEMENT else said


def _settlement(event: events.SettlementEvent, _: tzinfo) -> tuple[ledger.Settlement, tuple[str, ...], int]:
    body = ledger.Settlement(
        event.settlement_id,
        event.kind,
        event.insurance_type,
        event.care_type,
        event.total,
        event.full_self_pay,
        event.over_limit,
        event.first_self_pay,
        event.within_scope,
        event.deductible,
        event.basic_fund,
        event.civil_servant,
        event.enterprise,
        event.critical_illness,
        event.large_amount,
        event.disabled,
        event.assistance,
        event.other_fund,
        event.fund_total,
        event.hospital_part,
        event.patient_part,
        event.account_paid,
        event.mutual_aid_paid,
        event.cash_paid,
        event.clearing_way,
        event.clearing_type,
        event.mid_stay,
    )
    warnings = warnings_of(("insurance_type", event.insurance_type), ("care_type", event.care_type))
    return body, warnings, event.occurred_at


def _ack(event: events.AckEvent, _: tzinfo) -> tuple[ledger.Ack, tuple[str, ...], int]:
    body = ledger.Ack(event.alert_id, event.actor, event.role, event.decision, event.reason)
    return body, warnings_of(("decision", event.decision)), event.occurred_at


BODIES: dict[type[events.Event], Callable[[Any, tzinfo], tuple[ledger.Body, tuple[str, ...], int]]] = {
    events.ChargeEvent: _charge,
    events.OrderEvent: _order,
    events.AdmissionEvent: _admission,
    events.SettlementEvent: _settlement,
    events.AckEvent: _ack,
}

"""What the state says to the world: the visit's fact, alerts, contributions to departments. Absolute, versioned."""

from typing import Any

import msgspec

from agents.core.episodes import Episode
from agents.core.outlook import Outlook, fund_difference
from agents.core.policy import FOURFOLD_BP, Policy
from agents.core.tally import Share
from agents.core.visit import Visit
from agents.core.watching import length_of_stay, watching_of
from schemas.alerts import LEVEL_RANK, Alert, Level
from schemas.events import SettlementKind
from schemas.facts import QuotaUse, Segment, VisitFact, VisitStatus
from schemas.ledger import WHOLE_HOSPITAL, Contribution
from schemas.units import day_of, reached_bp


def quota_use(visit: Visit, policy: Policy) -> QuotaUse | None:
    """Use of the quota in force, and what lies beyond four times it."""
    quota = watching_of(visit, policy).watches.quota
    if quota is None:
        return None
    used = visit.tally.basic if quota.basis == "basic" else visit.tally.amount
    over = max(0, used - quota.quota_fen * FOURFOLD_BP // 10_000)
    return QuotaUse(quota.policy_id, quota.basis, quota.quota_fen, used, reached_bp(used, quota.quota_fen), over)


def visit_fact(visit: Visit, policy: Policy, outlook: Outlook | None = None) -> VisitFact:
    """Everything known about the visit at the last version applied, with what it was reckoned to be worth."""
    key, head, stay, tally = visit.key, visit.head, visit.stay, visit.tally
    last = stay.places[-1] if stay.places else None
    open_episodes = [episode for episode in head.episodes.values() if episode.is_open]
    settled = visit.settlement.body if visit.settlement else None
    if settled is not None and settled.kind == SettlementKind.CANCELLED:
        settled = None
    return VisitFact(
        hospital=key.hospital,
        patient_id=key.patient_id,
        visit_id=key.visit_id,
        version=head.applied,
        policy_version=policy.version,
        status=stay.status,
        as_of=head.as_of,
        person_no=stay.person_no,
        insurance_type=stay.insurance_type,
        coverage_pending=not stay.insurance_type,
        care_type=stay.care_type,
        person_type=stay.person_type,
        sex=stay.sex,
        birth_date=stay.birth_date,
        department=last.department if last else "",
        ward=last.ward if last else "",
        bed=last.bed if last else "",
        doctor=stay.doctor,
        main_diagnosis=stay.main_diagnosis,
        diagnoses=stay.diagnoses,
        procedures=stay.procedures,
        disease_code=stay.disease_code,
        discharge_way=stay.discharge_way,
        on_leave=stay.on_leave,
        admitted_at=stay.admitted_at,
        discharged_at=stay.discharged_at,
        length_of_stay_days=length_of_stay(visit, policy),
        amount_fen=tally.amount,
        gross_fen=tally.gross,
        refund_fen=tally.refund,
        basic_fen=tally.basic,
        today_fen=tally.days.get(day_of(head.as_of, policy.zone), 0),
        charge_count=tally.count - tally.refund_count,
        refund_count=tally.refund_count,
        unmatched_refund_count=visit.unmatched_refunds,
        order_count=len(visit.orders),
        transfer_count=max(0, len(stay.places) - 1),
        antibiotic=_has_antibiotic(visit, policy),
        categories=tally.categories(),
        departments=tally.department_shares(),
        segments=_segments(visit),
        ratios=tally.ratios(),
        quota=quota_use(visit, policy),
        open_alerts=tuple(sorted(f"{episode.rule}:{episode.level_name}" for episode in open_episodes)),
        worst_level=max(
            (Level(episode.level_name) for episode in open_episodes), key=LEVEL_RANK.__getitem__, default=""
        ),
        settlement_id=settled.settlement_id if settled else "",
        settled_total_fen=settled.total_fen if settled else None,
        settled_fund_fen=settled.fund_total_fen if settled else None,
        settled_patient_fen=settled.patient_part_fen if settled else None,
        warning_count=head.warning_count,
        special_person=stay.special_person,
        out_of_area=stay.out_of_area,
        simulated=outlook.settlement if outlook else None,
        prediction=outlook.prediction if outlook else None,
        fund_difference_fen=fund_difference(visit, outlook.settlement) if outlook else None,
    )


def _has_antibiotic(visit: Visit, policy: Policy) -> bool:
    """Whether any 抗菌药 is charged, net of refunds. Each item is looked up once in a visit's life."""
    tally = visit.tally
    if tally.unfamiliar:
        tally.antibiotics += [use for use in tally.unfamiliar if policy.is_antibiotic(use.codes)]
        tally.unfamiliar.clear()
    return any(use.amount > 0 for use in tally.antibiotics)


def _segments(visit: Visit) -> tuple[Segment, ...]:
    places, amounts = visit.stay.places, visit.tally.segments
    if not places:
        return ()
    ends = [*(place.entered_at for place in places[1:]), visit.stay.discharged_at]
    return tuple(
        Segment(place.department, place.ward, place.bed, place.entered_at, end, amounts.get(index, 0))
        for index, (place, end) in enumerate(zip(places, ends, strict=True))
    )


def visit_alert(visit: Visit, episode: Episode) -> Alert:
    """The published form of a visit's episode."""
    key = visit.key
    department, ward, bed = episode.place or visit.stay.whereabouts
    return Alert(
        alert_id=f"{key.hospital}|{key.patient_id}|{key.visit_id}|{episode.rule}|{episode.subject}|{episode.number}",
        hospital=key.hospital,
        patient_id=key.patient_id,
        visit_id=key.visit_id,
        department=department,
        ward=ward,
        bed=bed,
        **episode_fields(episode),
    )


def episode_fields(episode: Episode) -> dict[str, Any]:
    """The fields of an alert that come from its episode, for visits and departments alike."""
    return {
        "version": episode.version,
        "rule": episode.rule,
        "subject": episode.subject,
        "episode": episode.number,
        "level": episode.level_name,
        "peak_level": episode.peak_name,
        "status": episode.status,
        "value": episode.value,
        "threshold": episode.threshold,
        "unit": episode.unit,
        "message_zh": episode.message_zh,
        "message_en": episode.message_en,
        "derivation": episode.derivation,
        "history": tuple(episode.history),
        "raised_at": episode.raised_at,
        "updated_at": episode.updated_at,
    }


def contributions(visit: Visit, policy: Policy, outlook: Outlook | None = None) -> list[Contribution]:
    """The department rows touched since the last publication, emptied ones as zeros; marks them as published.

    Beside them, one row a month for the whole hospital.
    """
    responsible = visit.responsible(policy.zone)
    rows = visit.dirty | {responsible} if responsible else visit.dirty
    visit.dirty = set()
    known = visit.head.rows
    known += sorted(rows.difference(known))
    shares = visit.tally.shares
    found = [
        _contribution(visit, policy, outlook, row, shares.get(row) or Share(), responsible) for row in sorted(rows)
    ]
    whole = (WHOLE_HOSPITAL, responsible[1]) if responsible else None
    if len(found) == 1 and len(shares) == 1 and not rows.isdisjoint(shares):
        # One department in one month: what it has is what the hospital has.
        found.append(msgspec.structs.replace(found[0], department=WHOLE_HOSPITAL))
        return found
    for month in sorted({month for _, month in rows}):
        share = Share.sum_of(share for (_, its_month), share in shares.items() if its_month == month)
        found.append(_contribution(visit, policy, outlook, (WHOLE_HOSPITAL, month), share, whole))
    return found


def _contribution(
    visit: Visit,
    policy: Policy,
    outlook: Outlook | None,
    row: tuple[str, int],
    share: Share,
    responsible: tuple[str, int] | None,
) -> Contribution:
    key, stay = visit.key, visit.stay
    department, month = row
    counts = row == responsible
    quota = quota_use(visit, policy) if counts else None
    method = outlook.in_force if outlook and counts else None
    return Contribution(
        key.hospital, department, month, key.patient_id, key.visit_id, visit.head.applied, visit.head.as_of,
        share.amount, share.drug, share.herbal, share.material, share.test, share.self_pay, share.count,
        responsible=counts,
        discharged=counts and stay.status is VisitStatus.DISCHARGED,
        bed_days=(length_of_stay(visit, policy) or 0) if counts else 0,
        basic_fen=quota.used_fen if quota else (visit.tally.basic if counts else 0),
        quota_fen=quota.quota_fen if quota else 0,
        policy_version=policy.version,
        fund_fen=outlook.settlement.fund_total_fen if outlook and counts else 0,
        income_fen=method.income_fen if method else 0,
        profit_fen=method.profit_fen if method else 0,
        predicted_profit_fen=method.projected_profit_fen if method else 0,
    )  # fmt: skip

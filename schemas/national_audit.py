"""The national order check (3101 事前, 3102 事中) read as a CheckRequest. Its answer: schemas/national_answer.py.

Shapes after DOMAIN 2.1. Accepted are the whole envelope (`infno`, `msgid`, …, `input{data{…}}`) and the bare `data`.
One request is about one patient and one visit. What the events said of the patient outranks the request, so sums and
histories in it are not read. Fields the interface lacks may be added to a visit or an order under the names of our own
shape (schemas/order_check.py) or of the electronic prescription (sin_doscnt, used_frqu_codg, medc_way_codg, medc_days).
"""

from datetime import UTC, tzinfo

from schemas.national_envelope import MOST_ID, Envelope, open_envelope
from schemas.order_check import CheckRequest, Diagnosis, Operation, ProposedOrder, StatedVisit
from schemas.reasons import Reason
from schemas.request_fields import Fault, Fields, RequestError
from schemas.units import MAX_FEN, line_amount_fen


def read_check(body: bytes, zone: tzinfo, received_at: int, hospital: str, infno: str) -> tuple[CheckRequest, Envelope]:
    """The request a 3101 or 3102 body holds. `hospital`: where it says none. Raises RequestError with every mistake."""
    faults: list[Fault] = []
    envelope, data = open_envelope(body, zone, received_at, faults, infno)
    request_id = data.text("task_id", most=MOST_ID, is_key=True)
    if not request_id and envelope.msgid and "|" not in envelope.msgid:
        request_id = envelope.msgid
    if not request_id:
        data.refuse("task_id", Reason.MISSING_FIELD)
    scene, rules = data.text("trig_scen", most=3, required=True), data.texts("rule_ids")
    patient = _only(data, "patient_dtos", "患者", "patient")
    patient_id = patient.text("patn_id", required=True, is_key=True)
    encounter = _current(patient)
    visit_id = encounter.text("mdtrt_id", is_key=True) or patient.text("curr_mdtrt_id", is_key=True)
    if not visit_id:
        encounter.refuse("mdtrt_id", Reason.MISSING_FIELD)
    request = CheckRequest(
        request_id=request_id,
        hospital=encounter.text("medins_id", is_key=True) or envelope.hospital or hospital,
        patient_id=patient_id,
        visit_id=visit_id,
        scene=scene,
        at=envelope.sent_at or received_at,
        visit=_visit(patient, encounter),
        orders=tuple(_order(order) for order in encounter.objects("fsi_order_dtos")),
        rules=rules,
    )
    if faults:
        raise RequestError(faults)
    return request, envelope


def _only(data: Fields, name: str, zh: str, en: str) -> Fields:
    found = data.objects(name)
    if len(found) == 1:
        return found[0]
    if not found:
        data.refuse(name, Reason.MISSING_FIELD)
    else:
        data.refuse(name, Reason.OUT_OF_RANGE, f"一次请求只能有一个{zh}", f"one {en} a request")
    return found[0] if found else Fields({}, f"{data.place(name)}[0]", [], UTC)


def _current(patient: Fields) -> Fields:
    """The visit the check is about; others of the list are history, which the events tell."""
    found = patient.objects("fsi_encounter_dtos")
    wanted = patient.said("curr_mdtrt_id")
    if wanted is not None and len(found) > 1:
        named = [encounter for encounter in found if str(encounter.said("mdtrt_id")) == str(wanted)]
        found = named or found
    if len(found) > 1:
        zh, en = "有多次就诊时 curr_mdtrt_id 应指明其一", "of several visits, curr_mdtrt_id must name one"
        patient.refuse("curr_mdtrt_id", Reason.OUT_OF_RANGE, zh, en)
    if not found:
        patient.refuse("fsi_encounter_dtos", Reason.MISSING_FIELD)
        return Fields({}, patient.place("fsi_encounter_dtos[0]"), [], UTC)  # what it lacks is not told as well
    return found[0]


def _visit(patient: Fields, encounter: Fields) -> StatedVisit:
    diagnoses = [
        Diagnosis(
            code=diagnosis.text("dise_codg", "diag_code", required=True),
            is_main=bool(diagnosis.flag("maindise_flag", "maindiag_flag")),
            made_at=diagnosis.time_ms("dise_date"),
        )
        for diagnosis in encounter.objects("fsi_diagnose_dtos")
    ]
    main = encounter.text("dscg_main_dise_codg")
    if main and not any(diagnosis.is_main for diagnosis in diagnoses):
        diagnoses = [Diagnosis(main, is_main=True), *(item for item in diagnoses if item.code != main)]
    return StatedVisit(
        sex=patient.text("gend", most=3),
        birth_date=patient.day("brdy"),
        pregnancy=encounter.text("matn_stas", most=3),
        insurance_type=encounter.text("insutype", most=6),
        care_type=encounter.text("med_type", most=6),
        visit_mode=encounter.text("med_mdtrt_type", most=3),
        tier=encounter.text("medins_lv", most=16),
        department=encounter.text("dscg_dept_codg", "adm_dept_codg"),
        ward=encounter.text("wardarea_codg"),
        bed=encounter.text("bedno"),
        doctor=encounter.text("dr_codg"),
        admitted_at=encounter.time_ms("adm_date"),
        discharged_at=encounter.time_ms("dscg_date"),
        diagnoses=tuple(diagnoses),
        operations=tuple(
            Operation(operation.text("oprn_code", required=True), operation.time_ms("oprn_date"))
            for operation in encounter.objects("fsi_operation_dtos")
        ),
        is_online=bool(encounter.flag("is_online")),
    )


def _order(order: Fields) -> ProposedOrder:
    quantity, price = order.e4("cnt"), order.micro("pric")
    amount = order.fen("sumamt")
    if order.said("sumamt") is None:
        amount = line_amount_fen(quantity, price)
        if abs(amount) > MAX_FEN:
            order.refuse("cnt", Reason.OUT_OF_RANGE)
    item_code, hospital_item_code = order.text("hilist_code"), order.text("hosplist_code")
    if not item_code and not hospital_item_code:
        order.refuse("hilist_code", Reason.MISSING_FIELD)
    is_checked = order.flag("curr_drord_flag")
    return ProposedOrder(
        order_id=order.text("rx_id", required=True),
        item_code=item_code,
        hospital_item_code=hospital_item_code,
        name=order.text("hilist_name", "hosplist_name", most=256),
        prescription_id=order.text("rxno"),
        group=order.text("grpno"),
        list_type=order.text("hilist_type", most=6),
        category=order.text("chrg_type", most=6),
        level=order.text("hilist_lv", most=6),
        quantity_e4=quantity,
        unit_price_micro=price,
        amount_fen=amount,
        dose=order.number_text("dose", "sin_doscnt"),
        dose_unit=order.text("dose_unit", "sin_dosunt"),
        frequency=order.text("frequency", "used_frqu_codg"),
        route=order.text("route", "medc_way_codg"),
        days=order.whole("days", "medc_days"),
        long_term=bool(order.flag("long_drord_flag")),
        take_home=order.text("drord_bhvr", most=3) == "1",
        department=order.text("drord_dept_codg"),
        doctor=order.text("drord_dr_codg"),
        doctor_grade=order.text("drord_dr_profttl"),
        speciality=order.text("speciality"),
        begins_at=order.time_ms("drord_begn_date"),
        ends_at=order.time_ms("drord_stop_date"),
        herbal_use=order.text("herbal_use", "tcmdrug_used_way", most=3),
        consent=order.flag("consent"),
        is_checked=True if is_checked is None else is_checked,
    )

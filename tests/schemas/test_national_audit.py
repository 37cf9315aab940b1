"""3101 and 3102 as hospitals send them, read field by field; every mistake told at once."""

import json
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.national_audit import read_check
from schemas.national_feedback import read_feedback
from schemas.order_check import CheckRequest, Diagnosis, Operation, ProposedOrder, StatedVisit
from schemas.request_fields import RequestError

ZONE = ZoneInfo("Asia/Shanghai")
NOW = 1_730_000_000_000
EXAMPLE = Path(__file__).parents[2] / "deploy" / "examples" / "order_check" / "order_3101.json"
TEN_THIRTY = 1_730_773_800_000  # 2024-11-05 10:30 in Shanghai
MINUTE = 60_000


@pytest.fixture
def example() -> dict[str, Any]:
    return json.loads(EXAMPLE.read_text(encoding="utf-8"))


def read(request: object, infno: str = "3101") -> CheckRequest:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return read_check(body, ZONE, NOW, "H0009", infno)[0]


def encounter(request: dict[str, Any]) -> dict[str, Any]:
    return request["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]


def order(request: dict[str, Any], number: int = 0) -> dict[str, Any]:
    return encounter(request)["fsi_order_dtos"][number]


def faults_of(request: object, infno: str = "3101") -> dict[str, str]:
    with pytest.raises(RequestError) as error:
        read(request, infno)
    return {fault.path: fault.reason for fault in error.value.faults}


def test_the_example_is_read_field_by_field() -> None:
    found = read(EXAMPLE.read_bytes())
    assert found == CheckRequest(
        request_id="CHECK-20241105-0001",
        hospital="H0001",
        patient_id="P1001",
        visit_id="V2001",
        scene="5",
        at=TEN_THIRTY,
        visit=StatedVisit(
            sex="2",
            birth_date="1961-04-12",
            pregnancy="0",
            insurance_type="310",
            care_type="21",
            visit_mode="2",
            tier="3",
            department="0301",
            ward="W03",
            bed="12",
            doctor="D0012",
            admitted_at=1_730_596_800_000,
            diagnoses=(
                Diagnosis("I10.x00", is_main=True, made_at=1_730_598_000_000),
                Diagnosis("E11.900", is_main=False, made_at=1_730_598_000_000),
            ),
        ),
        orders=(
            ProposedOrder(
                order_id="RX90001",
                item_code="XC09CAX068A001010100001",
                hospital_item_code="YP0101",
                name="缬沙坦胶囊",
                prescription_id="CF5001",
                group="1",
                list_type="101",
                category="09",
                level="02",
                quantity_e4=140_000,
                unit_price_micro=2_350_000,
                amount_fen=3_290,
                dose="80",
                dose_unit="mg",
                frequency="qd",
                days=14,
                long_term=True,
                department="0301",
                doctor="D0012",
                doctor_grade="232",
                begins_at=TEN_THIRTY - MINUTE,
            ),
            ProposedOrder(
                order_id="RX80001",
                item_code="XA10BAE046A001010100001",
                hospital_item_code="YP0202",
                name="盐酸二甲双胍片",
                prescription_id="CF4001",
                group="1",
                list_type="101",
                category="09",
                level="01",
                quantity_e4=300_000,
                unit_price_micro=500_000,
                amount_fen=1_500,
                take_home=True,
                department="0301",
                doctor="D0012",
                begins_at=1_730_678_400_000,
                ends_at=1_730_714_400_000,
                is_checked=False,
            ),
        ),
    )


def test_every_shipped_example_is_read() -> None:
    folder = EXAMPLE.parent
    whole_visit = read((folder / "visit_3102.json").read_bytes(), "3102")
    assert (whole_visit.scene, whole_visit.orders) == ("9", ())
    assert whole_visit.visit.operations[0].code == "37.2200"
    bare = read((folder / "bare_order_3101.json").read_bytes())
    assert (bare.hospital, bare.orders[0].amount_fen, bare.orders[0].dose) == ("H0009", 1_110, "0.5")
    feedback, _ = read_feedback((folder / "feedback_3103.json").read_bytes(), ZONE, NOW)
    assert [item.decision for item in feedback.dispositions] == ["continue", "revise"]


def test_the_bare_data_is_read_as_well(example: dict[str, Any]) -> None:
    bare = read(example["input"]["data"])
    assert (bare.request_id, bare.patient_id, bare.hospital) == ("CHECK-20241105-0001", "P1001", "H0001")
    assert bare.at == NOW, "nobody said when"


def test_a_single_patient_and_visit_may_stand_without_a_list(example: dict[str, Any]) -> None:
    wanted = read(example)
    data = example["input"]["data"]
    data["patient_dtos"] = data["patient_dtos"][0]
    data["patient_dtos"]["fsi_encounter_dtos"] = data["patient_dtos"]["fsi_encounter_dtos"][0]
    assert read(example) == wanted


def test_the_hospital_is_the_visits_the_envelopes_or_the_settings(example: dict[str, Any]) -> None:
    encounter(example)["medins_id"] = ""
    example["fixmedins_code"] = "H0002"
    assert read(example).hospital == "H0002"
    del example["fixmedins_code"]
    assert read(example).hospital == "H0009"


def test_of_several_visits_the_named_one_is_checked(example: dict[str, Any]) -> None:
    patient = example["input"]["data"]["patient_dtos"][0]
    former = deepcopy(encounter(example)) | {"mdtrt_id": "V1"}
    patient["fsi_encounter_dtos"].insert(0, former)
    assert read(example).visit_id == "V2001"
    patient["curr_mdtrt_id"] = ""
    assert faults_of(example) == {"input.data.patient_dtos[0].curr_mdtrt_id": "V205"}


def test_a_whole_visit_is_checked_without_orders(example: dict[str, Any]) -> None:
    example["infno"] = "3102"
    del encounter(example)["fsi_order_dtos"]
    assert read(example, "3102").orders == ()


def test_operations_and_rules_are_read(example: dict[str, Any]) -> None:
    encounter(example)["fsi_operation_dtos"] = [{"oprn_code": "51.2300", "oprn_date": "20241104080000"}]
    example["input"]["data"]["rule_ids"] = "GZ1, GZ2"
    found = read(example)
    assert found.visit.operations == (Operation("51.2300", 1_730_678_400_000),)
    assert found.rules == ("GZ1", "GZ2")


def test_the_main_diagnosis_of_the_visit_counts_where_none_of_the_list_is_main(example: dict[str, Any]) -> None:
    for diagnosis in encounter(example)["fsi_diagnose_dtos"]:
        diagnosis["maindise_flag"] = "0"
    encounter(example)["dscg_main_dise_codg"] = "E11.900"
    found = read(example).visit.diagnoses
    assert [(diagnosis.code, diagnosis.is_main) for diagnosis in found] == [("E11.900", True), ("I10.x00", False)]


def test_the_department_is_that_of_the_discharge_where_there_is_one(example: dict[str, Any]) -> None:
    encounter(example)["dscg_dept_codg"] = "0404"
    assert read(example).visit.department == "0404"


@pytest.mark.parametrize(
    ("written", "fen"),
    [("0.1", 10), ('"0.10"', 10), ("12", 1_200), ("1.2E1", 1_200), ("99999999999999.99", 9_999_999_999_999_999)],
)
def test_amounts_are_exact_however_they_are_written(example: dict[str, Any], written: str, fen: int) -> None:
    body = json.dumps(example).replace('"sumamt": 32.9', f'"sumamt": {written}').encode()
    assert read(body).orders[0].amount_fen == fen


def test_an_absent_amount_is_reckoned(example: dict[str, Any]) -> None:
    order(example).update(cnt="3", pric="0.333333", sumamt=None)
    assert read(example).orders[0].amount_fen == 100


def test_a_dose_may_be_a_number(example: dict[str, Any]) -> None:
    order(example)["sin_doscnt"] = 0.5
    assert read(example).orders[0].dose == "0.5"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("sumamt", "1.234", "V206"),
        ("sumamt", True, "V202"),
        ("sumamt", "1e999999", "V206"),
        ("sumamt", "12元", "V206"),
        ("sumamt", "1" * 30, "V205"),
        ("pric", "0.1234567", "V206"),
        ("cnt", "NaN", "V204"),
        ("cnt", {}, "V202"),
        ("rx_id", "", "V201"),
        ("rx_id", 1.5, "V202"),
        ("rx_id", "x" * 65, "V207"),
        ("rx_id", "a\x00b", "V208"),
        ("rx_id", "\ud800", "D108"),
        ("drord_begn_date", "yesterday", "V209"),
        ("drord_begn_date", "20240230", "V209"),
        ("medc_days", "-1", "V205"),
        ("medc_days", "1.5", "V206"),
        ("curr_drord_flag", "2", "V202"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(
    example: dict[str, Any], field: str, value: object, reason: str
) -> None:
    order(example)[field] = value
    assert faults_of(example) == {f"input.data.patient_dtos[0].fsi_encounter_dtos[0].fsi_order_dtos[0].{field}": reason}


def test_every_mistake_is_told_at_once_in_both_languages(example: dict[str, Any]) -> None:
    data = example["input"]["data"]
    data["task_id"] = "a|b"
    data["trig_scen"] = ""
    data["patient_dtos"][0]["brdy"] = "12.4.1961"
    order(example)["sumamt"] = "x"
    order(example, 1).update(hilist_code="", hosplist_code="")
    with pytest.raises(RequestError) as error:
        read(example)
    faults = {fault.path.removeprefix("input.data."): fault.reason for fault in error.value.faults}
    inner = "patient_dtos[0].fsi_encounter_dtos[0].fsi_order_dtos"
    assert faults == {
        "task_id": "V214",
        "trig_scen": "V201",
        "patient_dtos[0].brdy": "V209",
        f"{inner}[0].sumamt": "V206",
        f"{inner}[1].hilist_code": "V201",
    }
    chinese, english = error.value.text.split(" | ")
    assert all(reason in chinese and reason in english for reason in faults.values())
    assert "缺少必填字段：input.data.trig_scen" in chinese
    assert "a required field is absent or empty: input.data.trig_scen" in english


def test_no_refusal_quotes_what_a_field_holds(example: dict[str, Any]) -> None:
    order(example)["sumamt"] = "secret"
    with pytest.raises(RequestError) as error:
        read(example)
    assert "secret" not in error.value.text + str(error.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "D101"),
        (b"{", "D101"),
        (b"[1]", "D106"),
        (b"\xff\xfe", "D108"),
        (b"[" * 100_000, "D101"),
        (b'{"a":' + b"1" * 5_000 + b"}", "D101"),
    ],
)
def test_what_is_no_object_is_refused(body: bytes, reason: str) -> None:
    assert faults_of(body) == {"$": reason}


def test_an_empty_object_lacks_everything_that_is_required() -> None:
    assert faults_of({}) == {
        "task_id": "V201",
        "trig_scen": "V201",
        "patient_dtos": "V201",
    }


def test_a_patient_without_a_visit_lacks_it(example: dict[str, Any]) -> None:
    patient = example["input"]["data"]["patient_dtos"][0]
    patient["fsi_encounter_dtos"] = []
    assert faults_of(example) == {"input.data.patient_dtos[0].fsi_encounter_dtos": "V201"}
    del patient["curr_mdtrt_id"], patient["patn_id"]
    assert set(faults_of(example).values()) == {"V201"}


def test_two_patients_are_two_requests(example: dict[str, Any]) -> None:
    data = example["input"]["data"]
    data["patient_dtos"].append(deepcopy(data["patient_dtos"][0]))
    assert faults_of(example) == {"input.data.patient_dtos": "V205"}


def test_another_transaction_is_refused(example: dict[str, Any]) -> None:
    assert faults_of(example, "3102") == {"infno": "V210"}


def test_without_a_task_the_message_is_the_request(example: dict[str, Any]) -> None:
    example["input"]["data"]["task_id"] = ""
    assert read(example).request_id == "H00010000001202411051030000001"


def places(node: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The way to every value of a request."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


FEEDBACK = {
    "infno": "3103", "opter": "D1", "inf_time": "2024-11-05 10:31:00",
    "input": {"data": {"warns": [{"warn_rslt_id": "jr-0001-" + "0" * 40, "dspo_way": "1", "dspo_way_rea": "r"}]}},
}  # fmt: skip
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1", "1e9", "\ud800"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["data", "cnt", "rx_id"]), inner),
    max_leaves=5,
)


@given(st.data())
def test_whatever_stands_in_a_field_the_request_is_read_or_refused(data: st.DataObject) -> None:
    for whole, reader in ((json.loads(EXAMPLE.read_bytes()), read), (deepcopy(FEEDBACK), feed_back)):
        *way, last = data.draw(st.sampled_from([place for place in places(whole) if place]))
        node = whole
        for step in way:
            node = node[step]
        node[last] = data.draw(ANYTHING)
        with suppress(RequestError):
            reader(json.dumps(whole).encode())


def feed_back(body: bytes) -> object:
    return read_feedback(body, ZONE, NOW)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        read(body)

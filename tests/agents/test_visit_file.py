"""A file of a visit's events: every shape it may have, every mistake told at once, and the year so far."""

import json

import pytest

from agents.visit_file import VisitFileError, open_visit, read_visit_file
from tests.agents.settlement.golden_cases import events_of, policy_of

KUNMING = policy_of("kunming")
EVENTS = events_of({"visit": {}, "lines": [{"amount": "3200.00"}]})
NATIONAL = [
    {
        "infno": "2401", "fixmedins_code": "T3", "patn_id": "P1", "mdtrt_id": "V1", "begntime": "2026-03-01 08:00:00",
        "insutype": "310", "med_type": "21", "psn_type": "1101", "adm_dept_codg": "D",
    },
    {
        "fixmedins_code": "T3", "patn_id": "P1", "mdtrt_id": "V1", "feedetl_sn": "1", "chrgitm_lv": "01",
        "fee_ocur_time": "2026-03-01 09:00:00", "det_item_fee_sumamt": "3200.00", "cnt": "1", "pric": "3200",
        "med_chrgitm_type": "09",
    },
    {"infno": "2402", "fixmedins_code": "T3", "patn_id": "P1", "mdtrt_id": "V1", "endtime": "2026-03-10 10:00:00"},
]  # fmt: skip


@pytest.fixture
def write(tmp_path):
    path = tmp_path / "visit.json"

    def written(content):
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        return path

    return written


def fund(path, **more):
    return open_visit(path, KUNMING, "T3", **more).outlook.settlement.basic_fund_fen


def mistakes(path):
    with pytest.raises(VisitFileError) as error:
        open_visit(path, KUNMING, "T3")
    return [(mistake.place, str(mistake.reason)) for mistake in error.value.mistakes]


def test_a_list_an_object_and_one_event_a_line_say_the_same(write):
    shapes = (
        EVENTS,
        {"events": EVENTS},
        "\n".join(json.dumps(event) for event in EVENTS),
        NATIONAL,
        {"events": NATIONAL},
    )
    assert [fund(write(shape)) for shape in shapes] == [170_000] * 5


def test_hospital_patient_and_visit_may_stand_once_for_all(write):
    bare = [
        {name: value for name, value in event.items() if name not in {"hospital", "patient_id", "visit_id"}}
        for event in EVENTS
    ]
    opened = open_visit(write({"hospital": "T2", "patient_id": "P9", "visit_id": "V9", "events": bare}), KUNMING, "T3")
    assert (opened.outlook.case.hospital, opened.outlook.case.visit_id) == ("T2", "V9")
    assert opened.outlook.settlement.basic_fund_fen == (320_000 - 50_000) * 88 // 100
    assert opened.visit.key.patient_id == "P9"


def test_the_year_so_far_may_stand_beside_the_events(write):
    year = {"year": 2026, "pools": {"inpatient": {"fund": "59990.00"}}}
    residents = events_of({"visit": {"insurance": "390"}, "lines": [{"amount": "1000.00"}]})
    assert fund(write({"events": residents})) == 60_000
    assert fund(write({"events": residents, "year_to_date": year})) == 1_000


def test_every_bad_event_is_named_with_its_number_and_place(write):
    path = write([
        EVENTS[0],
        {**EVENTS[1], "amount": 12.5},
        {**EVENTS[1], "charge_id": "x", "amount": None, "quantity": None},
        "not an event",
        {"patient_id": "P1", "visit_id": "V1"},
        {**EVENTS[1], "type": "song"},
        {**EVENTS[0], "kind": "fly"},
    ])  # fmt: skip
    assert mistakes(path) == [
        (2, "V203"), (3, "V213"), (4, "D106"), (5, "V201"), (6, "V210"), (7, "V210"),
    ]  # fmt: skip


def test_two_contents_under_one_charge_id_are_told_as_in_the_stream(write):
    assert mistakes(write([*EVENTS, {**EVENTS[1], "amount": "1.00"}])) == [(4, "R301")]


def test_the_same_event_twice_counts_once(write):
    assert fund(write([*EVENTS, EVENTS[1]])) == 170_000


@pytest.mark.parametrize("content", ["", "{", "[]", '{"events": []}', '{"event": []}', "3", "a\nb"])
def test_what_is_no_file_of_events_is_refused(write, content):
    with pytest.raises(VisitFileError):
        read_visit_file(write(content), KUNMING, "T3")


def test_a_broken_line_among_good_ones_is_named(write):
    lines = [json.dumps(event) for event in EVENTS]
    assert mistakes(write("\n".join([lines[0], "{broken", lines[1]]))) == [(2, "D101")]


def test_a_missing_file_and_gbk_are_told(tmp_path):
    with pytest.raises(VisitFileError, match="No such file"):
        read_visit_file(tmp_path / "absent.json", KUNMING, "T3")
    (tmp_path / "gbk.json").write_bytes("[{'名': 1}]".encode("gbk"))
    with pytest.raises(VisitFileError, match="UTF-8"):
        read_visit_file(tmp_path / "gbk.json", KUNMING, "T3")


def test_a_bad_year_is_told_without_a_place(write):
    assert mistakes(
        write({"events": EVENTS, "year_to_date": {"year": 2026, "pools": {"inpatient": {"fund": 1.5}}}})
    ) == [(0, "V203")]


def test_of_several_visits_the_last_admitted_is_meant_unless_one_is_named(write):
    case = {
        "visit": {"id": "V2", "admit": "2026-05-01", "discharge": "2026-05-09"},
        "others": [{"visit": {"id": "V1"}, "lines": [{"amount": "3200.00"}]}],
        "lines": [{"amount": "2200.00"}],
    }
    events = events_of(case)
    later, earlier = open_visit(write(events), KUNMING, "T3"), open_visit(write(events), KUNMING, "T3", visit_id="V1")
    assert (later.outlook.case.visit_id, later.year.admissions) == ("V2", 1)
    assert (earlier.outlook.case.visit_id, earlier.year.admissions) == ("V1", 0)
    assert open_visit(write({"visit_id": "V1", "events": events}), KUNMING, "T3").outlook.case.visit_id == "V1"
    assert later.year.pools["inpatient"].fund_fen == 170_000


def test_a_visit_that_is_not_there_and_two_patients_are_told(write):
    with pytest.raises(VisitFileError, match="V1"):
        open_visit(write(EVENTS), KUNMING, "T3", visit_id="V7")
    with pytest.raises(VisitFileError, match="several patients"):
        open_visit(write([*EVENTS, {**EVENTS[0], "patient_id": "P2", "visit_id": "V3"}]), KUNMING, "T3")


def test_as_of_a_day_only_what_was_known_by_its_end_counts(write):
    case = {"lines": [{"amount": "3200.00", "day": "2026-03-02"}, {"amount": "1000.00", "day": "2026-03-05"}]}
    path = write(events_of(case))
    assert fund(path) == (420_000 - 120_000) * 85 // 100
    opened = open_visit(path, KUNMING, "T3", at="2026-03-04")
    assert opened.outlook.settlement.total_fen == 320_000
    assert not opened.outlook.case.is_ended
    assert opened.outlook.case.days == 3
    assert fund(path, at="2026-03-02T08:30:00") == 0
    with pytest.raises(VisitFileError, match="there are no events"):
        open_visit(path, KUNMING, "T3", at="2025-01-01")
    with pytest.raises(VisitFileError, match="V209"):
        open_visit(path, KUNMING, "T3", at="yesterday")


def test_unknown_codes_pass_with_a_warning(write):
    opened = open_visit(write([{**EVENTS[0], "sex": "X7"}, *EVENTS[1:]]), KUNMING, "T3")
    assert [zh for zh, _ in opened.warnings] == ["码表中没有代码 sex:X7，按原样使用。"]

"""Every record of an output topic becomes exactly one row that fits its table."""

import json

import msgspec
import pytest

from schemas.facts import DepartmentFact, VisitFact
from schemas.ledger import WHOLE_HOSPITAL, Entitlement, LayerYear, PoolYear, Pricing, YearToDate
from schemas.prediction import MethodOutlook, Prediction
from schemas.reasons import Reason
from schemas.settlement import Period, SimulatedSettlement
from sinks.clickhouse import tables
from sinks.clickhouse.rows import LATEST_ONLY, TO_ROW, UNREADABLE, VALUE_LIMIT, peek_version
from streams.topics import Topic
from tests.sinks import make

EPOCH = 3


def row_of(record):
    table, row = TO_ROW[record.topic](record, EPOCH)
    return table, dict(zip((name for name, _ in table.columns), row, strict=True))


@pytest.mark.parametrize(
    ("body", "table"),
    [
        (make.charge(), tables.CHARGE_LINE),
        (make.bare_refund("R1", "C1"), tables.CHARGE_LINE),
        (make.order(), tables.ORDER_EVENT),
        (make.full_admission(), tables.ADMISSION_EVENT),
        (make.settlement(), tables.SETTLEMENT_EVENT),
        (make.ack(), tables.ALERT_ACK),
    ],
)
def test_a_ledger_entry_becomes_a_row_of_the_table_of_its_kind(body, table):
    found, row = row_of(make.record(make.entry(body, event_id="E9"), offset=5, partition=2))

    assert found is table
    assert (row["hospital"], row["patient_id"], row["visit_id"]) == ("H1", "P1", "V1")
    assert (row["kafka_partition"], row["kafka_offset"]) == (2, 5)
    assert row["ledger_version"] == EPOCH << 48 | 5


def test_a_charge_keeps_every_field_it_was_sent_with():
    _, row = row_of(make.record(make.entry(make.charge("C7", 1234, refund_of="C1", trace_code="T"), recorded_at=9)))

    assert row["charge_id"] == "C7"
    assert row["refund_of"] == "C1"
    assert row["amount_fen"] == 1234
    assert row["unit_price_micro"] == 10_000_000
    assert row["ordering_department"] == "ICU"
    assert row["charged_at"] == make.MORNING
    assert row["day"] == 19783
    assert row["trace_code"] == "T"
    assert row["recorded_at"] == 9
    assert row["source_position"] == 1 << 48


def test_a_refund_of_a_whole_line_says_no_amount():
    _, row = row_of(make.record(make.entry(make.bare_refund("R1", "C1"))))

    assert row["amount_fen"] is None
    assert row["quantity_e4"] is None


def test_the_columns_of_a_settlement_are_the_amounts_of_their_names():
    body = make.settlement()
    _, row = row_of(make.record(make.entry(body, event_id="S")))

    for name in ("total_fen", "deductible_fen", "fund_total_fen", "patient_part_fen", "cash_paid_fen", "clearing_way"):
        assert row[name] == getattr(body, name)


def test_a_visit_fact_becomes_one_row_with_parallel_arrays():
    _, row = row_of(make.record(make.full_visit_fact(version=42), Topic.VISIT_FACT))

    assert row["version"] == 42
    assert row["amount_fen"] == 1500
    assert list(row["category_code"]) == ["08", "09"]
    assert list(row["category_amount_fen"]) == [500, 1000]
    assert list(row["category_class_c_fen"]) == [500, 100]
    assert list(row["share_department"]) == ["ICU"]
    assert list(row["share_self_pay_fen"]) == [600]
    assert list(row["segment_left_at"]) == [make.MORNING + make.HOUR, None]
    assert row["quota_used_bp"] == 9000
    assert row["worst_level"] == "yellow"
    assert row["warning_count"] == 0


def test_a_fact_about_which_little_is_known_has_empty_arrays_and_no_quota():
    _, row = row_of(make.record(make.visit_fact(), Topic.VISIT_FACT))

    assert row["category_code"] == row["share_month"] == row["segment_bed"] == ()
    assert row["quota_policy_id"] == ""
    assert row["quota_fen"] is None
    assert row["drug_bp"] is None


def test_a_department_fact_keeps_its_order_of_fields():
    fact = make.department_fact(amount_fen=7, drug_bp=3500, open_alerts=("department_quota:red",))
    _, row = row_of(make.record(fact, Topic.DEPARTMENT_FACT))

    assert (row["department"], row["month"], row["amount_fen"], row["drug_bp"]) == ("ICU", 202403, 7, 3500)
    assert row["open_alerts"] == ("department_quota:red",)


def test_the_whole_hospitals_month_is_a_row_of_its_own_table():
    fact = make.department_fact(
        WHOLE_HOSPITAL, amount_fen=7, fund_fen=5, budget_basis="fund", budget_pace_bp=12_000, loss_count=1
    )
    table, row = row_of(make.record(fact, Topic.DEPARTMENT_FACT, offset=4))

    assert table is tables.HOSPITAL_FACT
    assert "department" not in row
    assert (row["hospital"], row["month"], row["amount_fen"], row["fund_fen"]) == ("H1", 202403, 7, 5)
    assert (row["budget_basis"], row["budget_pace_bp"], row["loss_count"], row["kafka_offset"]) == (
        "fund",
        12_000,
        1,
        4,
    )


# ------------------------------------------------------------ settlement and payment


@pytest.mark.parametrize(
    ("pricing", "columns"),
    [(None, (None, None, None)), (Pricing(1000, 5_000_000, False), (1000, 5_000_000, False))],
)
def test_a_charge_keeps_the_insurers_terms(pricing, columns):
    _, row = row_of(make.record(make.entry(make.charge(pricing=pricing))))

    assert (row["first_self_pay_bp"], row["price_cap_micro"], row["limited_use_met"]) == columns
    assert row["event_id"] == "C1"


def test_an_admission_keeps_the_year_so_far_as_parallel_arrays():
    year = YearToDate(
        2024,
        5,
        2,
        {"inpatient": PoolYear(1, 2, 3), "chronic": PoolYear(4)},
        {"large_amount": LayerYear(6, 7)},
        {"M": 8},
    )
    body = make.admission(entitlement=Entitlement("3", "referred", 900, False, year))
    _, row = row_of(make.record(make.entry(body)))

    assert (row["special_person"], row["out_of_area"]) == ("3", "referred")
    assert (row["account_balance_fen"], row["account_used"]) == (900, False)
    assert (row["stated_year"], row["stated_as_of"], row["stated_admissions"]) == (2024, 5, 2)
    assert (list(row["pool_name"]), list(row["pool_deductible_fen"])) == (["inpatient", "chronic"], [1, 4])
    assert (list(row["pool_base_fen"]), list(row["pool_fund_fen"])) == ([2, 0], [3, 0])
    assert (row["layer_name"], list(row["layer_base_fen"]), list(row["layer_paid_fen"])) == (["large_amount"], [6], [7])
    assert (row["limit_name"], row["limit_paid_fen"]) == (["M"], [8])


@pytest.mark.parametrize("entitlement", [None, Entitlement(account_used=True)])
def test_an_admission_that_states_no_year_has_empty_arrays(entitlement):
    _, row = row_of(make.record(make.entry(make.admission(entitlement=entitlement))))

    assert (row["stated_year"], row["stated_as_of"], row["stated_admissions"]) == (None, None, None)
    assert not any(len(row[name]) for name in row if name.startswith(("pool_", "layer_", "limit_")))


def test_a_settlement_says_whether_it_is_one_in_mid_stay():
    _, row = row_of(make.record(make.entry(msgspec.structs.replace(make.settlement(), mid_stay=True), event_id="S")))

    assert row["mid_stay"] is True


NESTED = {"categories", "departments", "segments", "ratios", "quota", "simulated", "prediction"}


def test_every_figure_of_a_simulated_settlement_has_a_column_of_its_name():
    plain = [name for name in SimulatedSettlement.__struct_fields__ if name not in {"steps", "periods"}]
    numbers = {name: number for number, name in enumerate(plain) if name.endswith(("_fen", "_bp", "_number", "year"))}
    settlement = SimulatedSettlement(**{name: numbers.get(name, name) for name in plain})
    _, row = row_of(make.record(make.visit_fact(simulated=settlement), Topic.VISIT_FACT))

    assert {name: row[f"simulated_{name}"] for name in plain} == {name: numbers.get(name, name) for name in plain}
    assert (row["simulated_steps"], row["simulated_periods"]) == ("", "")


def test_every_field_of_a_visit_and_of_the_method_in_force_has_a_column():
    columns = {name for name, _ in tables.VISIT_FACT.columns}
    assert set(VisitFact.__struct_fields__) - NESTED <= columns
    known = {"method_id", "admissible", "binding", "reasons", "numbers", "source", "deviation"}
    assert {f"in_force_{name}" for name in set(MethodOutlook.__struct_fields__) - known} <= columns
    known = {"special_case"}
    assert {f"predicted_{name}" for name in set(Prediction.__struct_fields__) - known} <= columns
    month = {name for name, _ in tables.DEPARTMENT_FACT.columns}
    assert set(DepartmentFact.__struct_fields__) <= month


def test_the_derivation_and_the_periods_are_kept_as_published():
    period = Period(2024, 1, 9, *range(14))
    fact = make.visit_fact(simulated=make.simulated(periods=(period,)))
    _, row = row_of(make.record(fact, Topic.VISIT_FACT))

    assert json.loads(row["simulated_steps"])[1] == ["deductible", 200, [1, 200, 0, 1400, 0], "b1", 0, ""]
    assert json.loads(row["simulated_periods"]) == [msgspec.to_builtins(period)]


def test_a_prediction_becomes_the_figures_of_the_method_in_force_and_lists():
    methods = (make.outlook("other", "by_item", standard_fen=None), make.outlook())
    fact = make.visit_fact(prediction=make.prediction(*methods, special_case=("high_cost",)))
    _, row = row_of(make.record(fact, Topic.VISIT_FACT))

    assert (row["predicted_in_force"], row["in_force_kind"], row["in_force_name"]) == ("m-dip", "dip", "示例 DIP")
    assert (row["in_force_standard_fen"], row["in_force_used_bp"], row["in_force_profit_fen"]) == (1200, 12_500, -300)
    assert (row["in_force_outlier"], row["in_force_projected_outlier"]) == ("high", "normal")
    assert (row["predicted_days"], row["predicted_projected_days"], row["predicted_daily_fen"]) == (3, 5, 300)
    assert (row["predicted_cost_fen"], row["predicted_projected_cost_fen"]) == (1500, 2100)
    assert (row["dip_code"], row["dip_score_e4"], row["drg_code"], row["drg_weight_e4"]) == ("I10:1", 1_000_000, "", 0)
    assert row["special_case"] == ("high_cost",)
    assert [method["method_id"] for method in json.loads(row["predicted_methods"])] == ["other", "m-dip"]
    assert json.loads(row["predicted_groups"])[1] == {"system": "drg", "status": "ungrouped"}
    assert json.loads(row["predicted_questions"]) == [{"kind": "diagnosis_not_listed", "codes": ["I10.x00"]}]


def test_where_no_method_is_in_force_there_is_no_figure_of_one():
    fact = make.visit_fact(prediction=make.prediction(in_force="", groups=(), questions=()))
    _, row = row_of(make.record(fact, Topic.VISIT_FACT))

    assert (row["in_force_kind"], row["in_force_income_fen"], row["predicted_cost_fen"]) == ("", None, 1500)
    assert (row["dip_code"], row["predicted_groups"], row["predicted_questions"]) == ("", "", "")


def test_what_an_earlier_release_published_says_nothing_of_settlement_and_payment():
    published = {
        "hospital": "H1", "patient_id": "P1", "visit_id": "V1", "version": 1, "policy_version": "p", "status": "open",
        "as_of": 2, "amount_fen": 7,
    }  # fmt: skip
    _, row = row_of(make.record(json.dumps(published).encode(), Topic.VISIT_FACT))
    assert (row["amount_fen"], row["simulated_standing"], row["simulated_total_fen"]) == (7, "", None)
    assert (row["predicted_cost_fen"], row["in_force_kind"], row["special_case"], row["drg_weight_e4"]) == (
        None, "", (), 0,
    )  # fmt: skip
    month = {"hospital": "H1", "department": "D", "month": 202403, "version": 1, "policy_version": "p", "as_of": 2}
    table, row = row_of(make.record(json.dumps(month).encode(), Topic.DEPARTMENT_FACT))
    assert table is tables.DEPARTMENT_FACT
    assert (row["fund_fen"], row["budget_basis"], row["budget_used_bp"]) == (0, "", None)


def test_an_alert_carries_its_derivation_and_its_history():
    _, row = row_of(make.record(make.alert(), Topic.ALERT))

    assert dict(zip(row["input_name"], row["input_value"], strict=True)) == {"used_fen": 1200, "quota_fen": 1000}
    assert list(row["history_what"]) == ["raised", "acknowledged"]
    assert list(row["history_decision"]) == ["", "continue"]
    assert row["policy_source"] == "示例"


def test_a_dead_letter_keeps_its_first_64_kib_and_says_how_long_it_was():
    value = b"\xff\x00" * 100_000
    _, row = row_of(make.dead_letter(value, reason=Reason.NOT_TEXT, offset=9))

    assert row["value"] == value[:VALUE_LIMIT]
    assert row["value_bytes"] == 200_000
    assert (row["source_topic"], row["source_partition"], row["source_offset"]) == ("his.charge.v1", 0, 7)
    assert row["reason"] == "D108"
    assert row["version"] == EPOCH << 48 | 9


def test_two_originals_that_differ_past_64_kib_have_different_digests():
    first, second = (row_of(make.dead_letter(b"x" * 70_000 + end))[1] for end in (b"1", b"2"))

    assert first["value"] == second["value"]
    assert first["value_digest"] != second["value_digest"]


def test_a_dead_letter_whose_headers_are_nonsense_still_fits_its_columns():
    headers = [("source-partition", b"9" * 30), ("source-offset", b"9" * 30), ("reason", b"x" * 500), ("at", b"soon")]
    _, row = row_of(make.KafkaRecord("dead.letter.v1", 0, 0, None, None, headers=headers))

    assert row["source_partition"] == 2**31 - 1
    assert row["source_offset"] == 2**63 - 1
    assert len(row["reason"]) == 32
    assert row["value"] == b""


@pytest.mark.parametrize("topic", sorted(set(TO_ROW) - {Topic.DEAD_LETTER}))
@pytest.mark.parametrize("value", [None, b"", b"\xc1", b"[]", b'{"version": "x"}', b"\x93\x01\x02\x03"])
def test_what_cannot_be_decoded_raises_something_on_the_list(topic, value):
    with pytest.raises(UNREADABLE):
        TO_ROW[topic](make.record(value, topic), EPOCH)


@pytest.mark.parametrize(
    "fact",
    [
        make.full_visit_fact(version=7),
        make.department_fact(version=7),
        make.alert(version=7),
        make.finding(version=7),
        make.order_check("T1", make.check_finding(), version=7),
    ],
)
def test_the_version_can_be_peeked_without_reading_the_rest(fact):
    assert peek_version(make.record(fact, "any")) == 7


def test_only_topics_of_absolute_records_may_be_thinned():
    absolute = {Topic.VISIT_FACT, Topic.DEPARTMENT_FACT, Topic.ALERT, Topic.FINDING, Topic.ORDER_CHECK}
    assert absolute == LATEST_ONLY

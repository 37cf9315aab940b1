"""What an analyst sees: current rows, refunds resolved, departments settled, yuan and Chinese names."""

from decimal import Decimal

import pytest

from schemas.facts import QuotaUse, VisitStatus
from schemas.reasons import Reason
from streams.topics import Topic
from tests.sinks import make

pytestmark = pytest.mark.integration


@pytest.fixture
def stored(store):
    """Stores charges of one visit, in the order given."""

    def write(*bodies, first=0, **said):
        store(*(make.record(make.entry(body, **said), offset=first + n) for n, body in enumerate(bodies)))

    return write


def lines(client, columns):
    return {row[0]: row[1:] for row in client.execute(f"SELECT charge_id, {columns} FROM v_charge ORDER BY charge_id")}


def test_the_first_content_under_an_id_counts_whatever_comes_later(client, stored):
    stored(make.charge("C1", 1000))
    stored(make.charge("C1", 9999, charged_at=make.MORNING + 40 * 24 * make.HOUR), first=5)
    client.execute("OPTIMIZE TABLE charge_line FINAL")

    assert client.execute("SELECT amount_fen FROM v_charge") == [(1000,)]
    assert client.execute("SELECT count() FROM charge_line") == [(1,)]


def test_the_first_content_counts_also_when_it_is_written_last(client, stored):
    stored(make.charge("C1", 9999), first=5)
    stored(make.charge("C1", 1000), first=1)

    assert client.execute("SELECT amount_fen FROM v_charge") == [(1000,)]


def test_a_bare_refund_takes_everything_from_the_line_it_takes_back(client, stored):
    stored(make.charge("C1", 1234, category="08", level="03", item_code="X7", quantity_e4=25_000))
    stored(make.bare_refund("R1", "C1", charged_at=make.MORNING + make.HOUR), first=1)

    found = lines(client, "amount_fen, quantity_e4, category, level, item_code, department, is_refund, is_unmatched")
    assert found["R1"] == (-1234, -25_000, "08", "03", "X7", "ICU", 1, 0)
    assert client.execute("SELECT sum(amount_fen) FROM v_charge") == [(0,)]


def test_a_refund_keeps_what_it_says_itself(client, stored):
    stored(make.charge("C1", 1000, category="08", level="03", quantity_e4=20_000))
    stored(
        make.charge("R1", -300, refund_of="C1", category="09", level="", quantity_e4=None, ordering_department="ER"),
        first=1,
    )

    found = lines(client, "amount_fen, quantity_e4, category, level, department")
    assert found["R1"] == (-300, 0, "09", "03", "ER"), "a refund of a part does not take the quantity"


def test_a_refund_of_the_whole_amount_takes_the_quantity_too(client, stored):
    stored(make.charge("C1", 1000, quantity_e4=20_000), make.charge("R1", -1000, refund_of="C1", quantity_e4=None))

    assert lines(client, "quantity_e4")["R1"] == (-20_000,)


def test_a_refund_of_a_line_not_seen_counts_nothing_until_the_line_comes(client, stored):
    stored(make.bare_refund("R1", "C1"))
    assert lines(client, "amount_fen, is_unmatched, category")["R1"] == (0, 1, "14")

    stored(make.charge("C1", 500), first=9)
    assert lines(client, "amount_fen, is_unmatched, category")["R1"] == (-500, 0, "09")


def test_a_refund_takes_nothing_from_another_visit(client, stored):
    stored(make.charge("C1", 500))
    stored(make.bare_refund("R1", "C1"), first=1, visit="V2")

    assert lines(client, "amount_fen")["R1"] == (0,)


def test_a_chain_of_bare_refunds_comes_to_nothing(client, stored):
    stored(make.bare_refund("R1", "R2"), make.bare_refund("R2", "R1"), make.bare_refund("R3", "R3"))

    assert {row[0] for row in lines(client, "amount_fen").values()} == {0}


@pytest.mark.parametrize(
    ("sent", "category", "level", "category_zh", "level_zh"),
    [
        (("09", "01"), "09", "01", "西药费", "甲类"),
        (("9", "2"), "09", "02", "西药费", "乙类"),
        (("99", "9"), "14", "", "其他费", "未分类"),
        (("", ""), "14", "", "其他费", "未分类"),
        (("14", "03"), "14", "03", "其他费", "丙类（自费）"),
        (("0", "3"), "14", "03", "其他费", "丙类（自费）"),
    ],
)
def test_codes_are_counted_as_the_fourteen_categories_and_three_classes(
    client, stored, sent, category, level, category_zh, level_zh
):
    stored(make.charge("C1", category=sent[0], level=sent[1]))

    assert lines(client, "category, level, category_zh, level_zh")["C1"] == (category, level, category_zh, level_zh)


def test_a_line_without_a_department_belongs_to_where_the_patient_lay(client, store, stored):
    fact = make.full_visit_fact()  # ER from the morning, ICU an hour later
    store(make.record(fact, Topic.VISIT_FACT))
    moments = {"C1": -1, "C2": 0, "C3": make.HOUR - 1, "C4": make.HOUR, "C5": 99 * make.HOUR}
    stored(*(make.charge(name, ordering_department="", charged_at=make.MORNING + at) for name, at in moments.items()))

    found = lines(client, "department")
    assert [found[name][0] for name in sorted(moments)] == ["ER", "ER", "ER", "ICU", "ICU"]


def test_a_line_of_a_visit_without_a_stay_has_no_department(client, stored):
    stored(make.charge("C1", ordering_department=""))

    assert lines(client, "department")["C1"] == ("",)


def test_yuan_are_exact_beside_fen(client, stored):
    stored(make.charge("C1", 9_999_999_999_999_999), make.charge("C2", -1), make.charge("C3", 10))

    found = lines(client, "amount_yuan")
    assert found["C1"] == (Decimal("99999999999999.99"),)
    assert found["C2"] == (Decimal("-0.01"),)
    assert found["C3"] == (Decimal("0.10"),)


def test_days_are_days_of_the_hospital(client, stored):
    midnight = make.MORNING + 16 * make.HOUR  # of Shanghai
    stored(make.charge("C1", 1, charged_at=midnight - 1), make.charge("C2", 2, charged_at=midnight))

    found = client.execute("SELECT toString(charged_on), amount_fen, lines FROM v_day ORDER BY charged_on")
    assert found == [("2024-03-01", 1, 1), ("2024-03-02", 2, 1)]
    assert lines(client, "toString(charged_at), month")["C2"] == ("2024-03-02 00:00:00.000", 202403)


def test_a_day_of_the_last_century_stays_where_it_was(client, stored):
    stored(make.charge("C1", charged_at=-2_000_000_000_000))

    assert lines(client, "toString(charged_on)")["C1"] == ("1906-08-17",)


def test_departments_by_day_split_drugs_material_and_tests(client, stored):
    stored(
        make.charge("C1", 100, category="09"),
        make.charge("C2", 20, category="11", level="03"),
        make.charge("C3", 3, category="10"),
        make.charge("C4", 4000, category="08"),
        make.charge("C5", 50_000, category="03", ordering_department="ER"),
        make.charge("C6", -100, category="09", refund_of="C1"),
    )

    columns = "amount_fen, drug_fen, herbal_fen, material_fen, test_fen, self_pay_fen, lines, refunds, visits"
    found = {row[0]: row[1:] for row in client.execute(f"SELECT department, {columns} FROM v_department_day")}
    assert found == {"ICU": (4023, 20, 3, 4000, 0, 20, 5, 1, 1), "ER": (50_000, 0, 0, 0, 50_000, 0, 1, 0, 1)}


def test_items_show_quantity_frequency_and_share(client, stored):
    stored(
        make.charge("C1", 3000, item_code="X1", quantity_e4=30_000),
        make.charge("C2", 1000, item_code="X1", quantity_e4=10_000),
        make.charge("R1", -1000, item_code="X1", quantity_e4=-10_000, refund_of="C2"),
        make.charge("C3", 6000, item_code="", hospital_item_code="Y9", ordering_department="ER"),
    )

    columns = "quantity, frequency, refunds, visits, amount_yuan, department_percent, hospital_percent"
    found = {row[0]: row[1:] for row in client.execute(f"SELECT item, {columns} FROM v_item")}
    assert found["X1"] == (Decimal(3), 2, 1, 1, Decimal(30), Decimal(100), Decimal("33.33"))
    assert found["Y9"] == (Decimal(1), 1, 0, 1, Decimal(60), Decimal(100), Decimal("66.67"))


def test_only_the_latest_fact_of_a_visit_is_seen(client, store):
    store(make.record(make.visit_fact(version=2, amount_fen=200), Topic.VISIT_FACT))
    store(make.record(make.visit_fact(version=1, amount_fen=100), Topic.VISIT_FACT))

    assert client.execute("SELECT amount_fen, amount_yuan, status_zh FROM v_visit") == [(200, Decimal(2), "在院")]


def test_a_visit_shows_names_ratios_and_local_times(client, store):
    store(make.record(make.full_visit_fact(), Topic.VISIT_FACT))

    [row] = client.execute(
        "SELECT worst_level_zh, quota_used_percent, drug_percent, toString(admitted_at), sex_zh FROM v_visit"
    )
    assert row == ("黄色警告", Decimal(90), None, "2024-03-01 08:00:00.000", "")


def test_the_arrays_of_a_visit_become_rows(client, store):
    store(make.record(make.full_visit_fact(), Topic.VISIT_FACT))

    assert client.execute(
        "SELECT category, category_zh, amount_fen, class_c_fen, percent FROM v_visit_category ORDER BY category"
    ) == [("08", "卫生材料费", 500, 500, Decimal("33.33")), ("09", "西药费", 1000, 100, Decimal("66.67"))]
    assert client.execute("SELECT department, month, amount, lines FROM v_visit_department") == [
        ("ICU", 202403, 1500, 2)
    ]
    assert client.execute(
        "SELECT number, department, amount_fen, left_at IS NULL FROM v_visit_segment ORDER BY number"
    ) == [
        (1, "ER", 500, 0),
        (2, "ICU", 1000, 1),
    ]


def test_departments_by_month_show_means_and_percentages(client, store):
    fact = make.department_fact(
        amount_fen=30_000, visit_count=3, discharged_count=2, bed_days=15, quota_used_bp=12_345, drug_bp=3500
    )
    store(make.record(fact, Topic.DEPARTMENT_FACT))

    assert client.execute(
        "SELECT mean_amount_yuan, mean_stay_days, quota_used_percent, drug_percent FROM v_department_month"
    ) == [(Decimal(100), Decimal("7.5"), Decimal("123.45"), Decimal(35))]


def test_the_case_lists_hold_their_limits(client, store):
    def discharged(visit, amount, quota=None):
        return make.visit_fact(
            visit, status=VisitStatus.DISCHARGED, amount_fen=amount, quota=quota,
            discharged_at=make.MORNING + 31 * 24 * make.HOUR - 9 * make.HOUR,
        )  # fmt: skip

    over = QuotaUse("q1", "basic", 12_000, 52_800, 44_000, 4800)
    store(
        *(
            make.record(fact, Topic.VISIT_FACT, offset, key=fact.visit_id.encode())
            for offset, fact in enumerate(
                [
                    discharged("at", 300_000),
                    discharged("above", 300_001),
                    make.visit_fact("open", amount_fen=1),
                    discharged("four", 5_280_000, over),
                ]
            )
        )
    )

    assert client.execute("SELECT visit_id, month FROM v_low_cost") == [("at", 202403)]
    assert client.execute("SELECT visit_id, over_4x_yuan, quota_used_percent FROM v_over_4x") == [
        ("four", Decimal(48), Decimal(440))
    ]


def test_the_latest_event_of_an_order_says_how_it_stands(client, store):
    def event(kind, at, event_id, **said):
        return make.entry(make.order("O1", kind, **said), event_id=event_id, occurred_at=make.MORNING + at)

    entries = [event("stopped", 9, "E2", quantity_e4=0), event("placed", 1, "E1", quantity_e4=15_000, dose="5mg")]
    store(*(make.record(entry, offset=offset) for offset, entry in enumerate(entries)))

    assert client.execute("SELECT order_id, kind, quantity, dose, event_count FROM v_order") == [
        ("O1", "stopped", Decimal(0), "", 2)
    ]


def test_alerts_their_history_and_their_answers(client, store):
    store(make.record(make.alert("A1", 2, status="acknowledged"), Topic.ALERT, 1))
    store(make.record(make.alert("A1", 1), Topic.ALERT, 2))

    assert client.execute("SELECT status_zh, rule_zh, level_zh, inputs['quota_fen'] FROM v_alert") == [
        ("已确认", "人次定额", "红色危险", 1000)
    ]
    assert client.execute("SELECT number, what_zh, actor FROM v_alert_history ORDER BY number") == [
        (1, "触发", ""),
        (2, "确认", "nurse7"),
    ]
    assert client.execute("SELECT actor, role, decision_zh, reason FROM v_alert_answer") == [
        ("nurse7", "nurse", "继续执行", "病情需要")
    ]


def test_a_dead_letter_delivered_twice_is_one_and_shows_no_original(client, store):
    store(make.dead_letter(b"secret", offset=1), make.dead_letter(b"secret", offset=2))
    store(make.dead_letter(b"other", source=("his.charge.v1", 0, 8), reason=Reason.CONTENT_CONFLICT, offset=3))

    found = client.execute("SELECT reason, reason_zh, source_offset, value_bytes FROM v_dead_letter ORDER BY reason")
    assert found == [("D101", "不是合法的 JSON", 7, 6), ("R301", "同号不同内容", 8, 5)]
    columns = {row[0] for row in client.execute("DESCRIBE TABLE v_dead_letter")}
    assert not columns & {"key", "value"}


def test_original_bytes_are_kept_as_they_were(client, store):
    value = bytes(range(256))
    store(make.dead_letter(value))

    assert client.execute("SELECT hex(value) FROM dead_letter") == [(value.hex().upper(),)]

"""What an analyst sees of settlement and payment: sheets, methods, losses, budgets, case mix, mapping."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from schemas.facts import VisitStatus
from schemas.ledger import WHOLE_HOSPITAL
from schemas.settlement import Period
from schemas.units import SHANGHAI, parse_ms
from streams.topics import Topic
from tests.sinks import make

pytestmark = pytest.mark.integration


@pytest.fixture
def visits(store):
    """Stores visit facts, each under its own key."""

    def write(*facts):
        store(
            *(
                make.record(fact, Topic.VISIT_FACT, offset, key=fact.visit_id.encode())
                for offset, fact in enumerate(facts)
            )
        )

    return write


@pytest.fixture
def months(store):
    """Stores department facts, each under its own key."""

    def write(*facts):
        store(
            *(
                make.record(fact, Topic.DEPARTMENT_FACT, offset, key=f"{fact.department}|{fact.month}".encode())
                for offset, fact in enumerate(facts)
            )
        )

    return write


# ------------------------------------------------------------ the simulated settlement


def test_a_settlement_is_a_sheet_in_yuan(client, visits):
    visits(
        make.visit_fact(simulated=make.simulated(150_000), fund_difference_fen=-50, settled_fund_fen=149_750),
        make.visit_fact("V0"),
    )

    [row] = client.execute(
        "SELECT visit_id, standing_zh, total_yuan, full_self_pay_yuan, deductible_yuan, fund_total_yuan,"
        " patient_part_yuan, test_limit_yuan, benefit_id, fund_difference_yuan FROM v_settlement"
    )
    assert row == (
        "V1", "已模拟结算", Decimal(1500), Decimal(1), Decimal(2), Decimal(1497), Decimal(3), None, "b1",
        Decimal("-0.50"),
    )  # fmt: skip


def test_every_step_shows_its_figures_by_name(client, visits):
    visits(make.visit_fact(simulated=make.simulated(1500)))

    found = client.execute(
        "SELECT number, kind_zh, name_zh, amount_yuan, numbers, entry_id FROM v_settlement_step ORDER BY number"
    )
    assert [row[:4] for row in found] == [
        (1, "明细拆分", "", Decimal(15)),
        (2, "起付线", "", Decimal(2)),
        (3, "补充保障", "大病保险", Decimal("0.60")),
    ]
    assert found[0][4] == {
        "full_self_pay_fen": 100, "over_limit_fen": 0, "first_self_pay_fen": 0, "within_scope_fen": 1400,
        "unmapped_fen": 0,
    }  # fmt: skip
    assert found[1][4:] == (
        {"admission_number": 1, "standard_fen": 200, "paid_before_fen": 0, "reckoned_fen": 1400, "is_yearly": 0}, "b1",
    )  # fmt: skip
    assert found[2][4] == {
        "base_fen": 100, "base_before_fen": 0, "deductible_fen": 0, "paid_before_fen": 0, "cap_fen": -1,
        "band1_amount_fen": 100, "band1_share_bp": 6000, "band1_paid_fen": 60,
    }  # fmt: skip


def test_figures_that_no_name_is_known_for_are_numbered(client, visits):
    """A later release may add a step, or a figure to one: the view goes on."""
    from schemas.settlement import Step

    steps = (Step("of a later release", 5, (7, 8)), Step("cash", 5, (1, 2, 3, 4)))
    visits(make.visit_fact(simulated=make.simulated(steps=steps)))

    found = client.execute("SELECT kind_zh, numbers FROM v_settlement_step ORDER BY number")
    assert found == [
        ("of a later release", {"number1": 7, "number2": 8}),
        ("个人现金", {"patient_part_fen": 1, "account_paid_fen": 2, "mutual_aid_paid_fen": 3, "number4": 4}),
    ]


def test_a_visit_settled_in_parts_shows_each(client, visits):
    first = Period(2023, 19_700, 19_722, 900, 0, 0, 0, 900, 200, 700, 500, 0, 500, 0, 400, 0, 400)
    second = msgspec.structs.replace(first, year=2024, first_day=19_723, last_day=19_730, total_fen=100)
    visits(make.visit_fact(simulated=make.simulated(periods=(first, second))))

    assert client.execute(
        "SELECT number, year, first_on, last_on, total_yuan, base_yuan, fund_total_yuan, patient_part_yuan"
        " FROM v_settlement_period ORDER BY number"
    ) == [
        (1, 2023, date(2023, 12, 9), date(2023, 12, 31), Decimal(9), Decimal(7), Decimal(5), Decimal(4)),
        (2, 2024, date(2024, 1, 1), date(2024, 1, 8), Decimal(1), Decimal(7), Decimal(5), Decimal(4)),
    ]


# ------------------------------------------------------------ payment methods


def test_methods_are_compared_visit_by_visit(client, visits):
    refused = make.outlook(
        "m-one", "single_disease", admissible=False, reasons=("diagnosis", "of a later release"), standard_fen=None,
        used_bp=None, outlier="normal", numbers={}, group_code="",
    )  # fmt: skip
    visits(make.visit_fact(prediction=make.prediction(refused, make.outlook(), best="m-one")))

    found = client.execute(
        "SELECT method_id, kind_zh, is_admissible, is_in_force, is_best, reasons_zh, standard_yuan, used_percent,"
        " profit_yuan, outlier, numbers FROM v_visit_method ORDER BY method_id"
    )
    assert found == [
        (
            "m-dip", "按病种分值付费（DIP）", True, 1, 0, "", Decimal(12), Decimal(125), Decimal(-3), "high",
            {"score_e4": 1_000_000},
        ),
        (
            "m-one", "单病种付费", False, 0, 1, "主要诊断不在该方式的病种范围内。of a later release", None, None,
            Decimal(-3), "normal", {},
        ),
    ]  # fmt: skip


def test_groups_and_questions_are_rows(client, visits):
    visits(make.visit_fact(prediction=make.prediction()))

    assert client.execute(
        "SELECT system, group_status_zh, group_code, score, mean_yuan, expected_days, path FROM v_visit_group"
        " ORDER BY system"
    ) == [
        ("dip", "已入组", "I10:1", Decimal(100), Decimal(10), 4, ["I10"]),
        ("drg", "未能入组", "", Decimal(0), None, None, []),
    ]
    [(zh, en)] = client.execute("SELECT question_zh, question_en FROM v_visit_question")
    assert zh == "主要诊断 I10.x00 不在病种（病组）目录内，请核对编码与病历记载是否一致。"
    assert en == "The main diagnosis I10.x00 is not in the tables; please check that the code agrees with the record."


def test_losses_expected_are_listed_and_summed_by_department(client, visits):
    def visit(name, department, profit, projected, **said):
        method = make.outlook(profit_fen=profit, projected_profit_fen=projected)
        return make.visit_fact(name, department=department, prediction=make.prediction(method), **said)

    visits(
        visit("V1", "ICU", -300, -900),
        visit("V2", "ICU", -1, 100),
        visit("V3", "ICU", 5, -100),
        visit("V4", "ICU", -700, -700, status=VisitStatus.DISCHARGED),
        visit("V5", "ER", 50, 60),
        make.visit_fact("V6", department="ER"),
    )

    assert client.execute("SELECT visit_id, projected_profit_yuan, outlier_zh FROM v_loss_visit ORDER BY visit_id") == [
        ("V1", Decimal(-9), "费用偏高（高倍率）病例"),
        ("V3", Decimal(-1), "费用偏高（高倍率）病例"),
    ]
    assert client.execute(
        "SELECT department, open_visits, loss_visits, loss_yuan, projected_profit_yuan, loss_visits_now, loss_percent"
        " FROM v_loss_department ORDER BY department"
    ) == [
        ("ER", 1, 0, Decimal(0), Decimal("0.60"), 0, Decimal(0)),
        ("ICU", 3, 2, Decimal(-10), Decimal(-9), 2, Decimal("66.67")),
    ]
    [row] = client.execute(
        "SELECT kind_zh, days, projected_days, cost_yuan, projected_cost_yuan, daily_yuan, used_percent"
        " FROM v_payment_outlook WHERE visit_id = 'V4'"
    )
    assert row == ("按病种分值付费（DIP）", 3, 5, Decimal(15), Decimal(21), Decimal(3), Decimal(125))


# ------------------------------------------------------------ special cases


def test_special_cases_are_ranked_and_held_to_what_may_be_proposed(client, visits):
    def visit(number, kind, reasons=(), projected=0, status=VisitStatus.DISCHARGED, at="2024-03-05"):
        method = make.outlook("m", kind, projected_profit_fen=projected)
        return make.visit_fact(
            f"{kind}{number:03d}", status=status, discharged_at=parse_ms(at, SHANGHAI),
            prediction=make.prediction(method, in_force="m", special_case=reasons, cost_fen=123_456, days=70),
        )  # fmt: skip

    visits(
        *(visit(number, "drg_rate") for number in range(38)),
        visit(40, "drg_rate", ("long_stay",), -100),
        visit(41, "drg_points", ("high_cost", "long_stay"), -300),
        visit(42, "drg_rate", ("high_cost",), -200, status=VisitStatus.OPEN),
        visit(43, "drg_rate", ("high_cost",), -900, at="2023-12-31 23:59:59"),
        *(visit(number, "dip") for number in range(199)),
        visit(200, "dip", ("several_departments",)),
        visit(1, "by_item", ("high_cost",), -1),
    )

    found = client.execute(
        "SELECT system, year, number, visit_id, discharges, allowed, candidates, is_within_allowance"
        " FROM v_special_case ORDER BY ALL"
    )
    assert found == [
        ("DIP", 2024, 1, "dip200", 200, 1, 1, 1),
        ("DRG", 2023, 1, "drg_rate043", 1, 0, 1, 0),
        ("DRG", 2024, 1, "drg_points041", 40, 2, 3, 1),
        ("DRG", 2024, 2, "drg_rate042", 40, 2, 3, 1),
        ("DRG", 2024, 3, "drg_rate040", 40, 2, 3, 0),
    ]
    [(words,)] = client.execute("SELECT reasons_zh FROM v_special_case WHERE visit_id = 'drg_points041'")
    assert words == "费用 1234.56 元，远高于同组次均费用。住院 70 天，住院时间长。"


# ------------------------------------------------------------ case mix


def test_the_case_mix_is_that_of_the_discharged(client, visits):
    from schemas.prediction import Grouped

    def visit(name, score, amount, days, *, at="2024-03-31 23:00:00", status=VisitStatus.DISCHARGED, system="drg"):
        known = {"mean_fen": 1000, "expected_days": 10, "code": f"G{score}"} if score else {}
        status_of = "grouped" if score else "ungrouped"
        group = Grouped(system, status_of, score_e4=score, points_e4=2 * score, **known)
        return make.visit_fact(
            name, status=status, department="ICU", amount_fen=amount, length_of_stay_days=days,
            discharged_at=parse_ms(at, SHANGHAI), prediction=make.prediction(groups=(group,)),
        )  # fmt: skip

    visits(
        visit("V1", 12_000, 1500, 5),
        visit("V2", 8_001, 500, 20),
        visit("V3", 0, 100, 1),
        visit("V4", 9_000, 100, 1, status=VisitStatus.OPEN),
        visit("V5", 7_000, 3000, 10, at="2024-04-01 00:00:00"),
        visit("V6", 500_0000, 700, 10, system="dip"),
    )

    columns = "month, system, cases, grouped, score_sum, points_sum, cmi, amount_yuan, cost_index, time_index"
    assert client.execute(f"SELECT {columns} FROM v_case_mix ORDER BY month, system") == [
        (202403, "dip", 1, 1, Decimal(500), Decimal(1000), Decimal(500), Decimal(7), 0.7, 1.0),
        (202403, "drg", 3, 2, Decimal("2.0001"), Decimal("4.0002"), Decimal("1.0001"), Decimal(21), 1.0, 1.25),
        (202404, "drg", 1, 1, Decimal("0.7"), Decimal("1.4"), Decimal("0.7"), Decimal(30), 3.0, 1.0),
    ]


# ------------------------------------------------------------ budgets and months


def month(department, number, budget, due, spent, at, **said):
    return msgspec.structs.replace(
        make.department_fact(department, number),
        as_of=parse_ms(at, SHANGHAI), budget_basis="fund", budget_fen=budget, budget_to_date_fen=due,
        budget_spent_fen=spent, budget_used_bp=10_000 * spent // budget, budget_pace_bp=10_000 * spent // due, **said,
    )  # fmt: skip


def test_budgets_stand_beside_time_in_the_month_and_in_the_year(client, months):
    months(
        month("ICU", 202312, 31_000, 31_000, 1, "2023-12-31 12:00:00"),
        month("ICU", 202401, 31_000, 30_000, 20_000, "2024-01-30 12:00:00"),
        month("ICU", 202402, 29_000, 10_000, 25_000, "2024-02-10 12:00:00"),
        month(WHOLE_HOSPITAL, 202402, 290_000, 200_000, 100_000, "2024-02-20 12:00:00"),
        msgspec.structs.replace(make.department_fact("ER", 202402), as_of=parse_ms("2024-02-20 09:00:00", SHANGHAI)),
    )

    columns = (
        "department_zh, month, basis_zh, budget_yuan, spent_yuan, left_yuan, used_percent, time_percent, due_yuan,"
        " pace_percent, year_budget_fen, year_spent_fen, year_due_fen, year_used_percent, year_pace_percent"
    )
    found = client.execute(f"SELECT {columns} FROM v_budget WHERE month > 202400 ORDER BY department, month")
    basis = "基金支付（模拟）"
    assert found == [
        (
            "全院", 202402, basis, Decimal(2900), Decimal(1000), Decimal(1900), Decimal("34.48"), Decimal("68.97"),
            Decimal(2000), Decimal(50), 290_000, 100_000, 200_000, Decimal("34.48"), Decimal(50),
        ),
        (
            "ICU", 202401, basis, Decimal(310), Decimal(200), Decimal(110), Decimal("64.51"), Decimal("96.77"),
            Decimal(300), Decimal("66.66"), 31_000, 20_000, 31_000, Decimal("64.52"), Decimal("64.52"),
        ),
        (
            "ICU", 202402, basis, Decimal(290), Decimal(250), Decimal(40), Decimal("86.20"), Decimal("34.48"),
            Decimal(100), Decimal(250), 60_000, 45_000, 51_000, Decimal(75), Decimal("88.24"),
        ),
    ]  # fmt: skip


def test_the_whole_hospital_is_no_department(client, months):
    months(
        make.department_fact("ICU", amount_fen=100, fund_fen=70, profit_fen=-5, loss_count=1),
        make.department_fact("ER", amount_fen=50),
        make.department_fact(WHOLE_HOSPITAL, amount_fen=150, visit_count=2, fund_fen=70),
    )

    assert client.execute("SELECT sum(amount_fen), count() FROM v_department_month") == [(150, 2)]
    assert client.execute("SELECT amount_yuan, mean_amount_yuan, fund_yuan FROM v_hospital_month") == [
        (Decimal("1.5"), Decimal("0.75"), Decimal("0.7"))
    ]
    assert client.execute(
        "SELECT fund_yuan, profit_yuan, loss_count FROM v_department_month WHERE department = 'ICU'"
    ) == [(Decimal("0.7"), Decimal("-0.05"), 1)]


# ------------------------------------------------------------ mapping


def test_items_without_a_class_anywhere_are_queued(client, store, visits):
    def line(charge_id, item, amount, visit, **said):
        return make.entry(make.charge(charge_id, amount, item_code=item, **{"level": "", **said}), visit)

    lines = [
        line("C1", "NEW", 300, "V1"),
        line("C2", "NEW", 200, "V2", ordering_department="ER", charged_at=make.MORNING + 48 * make.HOUR),
        line("C3", "OWN-CLASS", 50, "V1", level="02"),
        line("C4", "IN-CATALOGUE", 70, "V1"),
        line("C5", "IN-CATALOGUE", 70, "V3"),
        line("C6", "UNSETTLED", 5, "V4"),
    ]
    visits(
        make.visit_fact("V1", simulated=make.simulated(unmapped_fen=300)),
        make.visit_fact("V2", simulated=make.simulated(unmapped_fen=200)),
        make.visit_fact("V3", simulated=make.simulated()),
        make.visit_fact("V4"),
    )
    store(*(make.record(entry, offset=offset) for offset, entry in enumerate(lines)))

    assert client.execute(
        "SELECT item_code, category_zh, lines, visits, arraySort(departments), amount_yuan, first_on, last_on"
        " FROM v_unmapped_item"
    ) == [("NEW", "西药费", 2, 2, ["ER", "ICU"], Decimal(5), date(2024, 3, 1), date(2024, 3, 3))]

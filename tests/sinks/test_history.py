"""What planning reads of past visits: current rows only, months of the hospital, ended visits told from open ones."""

from importlib.metadata import entry_points

import msgspec
import pytest

from schemas.facts import DepartmentShare, VisitFact, VisitStatus
from schemas.history import HistoryRow, SpendingRow
from schemas.prediction import Grouped, Prediction
from schemas.settlement import SimulatedSettlement
from sinks.clickhouse.history import read_history, read_spending
from streams.topics import Topic
from tests.sinks import make

pytestmark = pytest.mark.integration

DAY = 24 * make.HOUR
#: 2025-02-28 23:30 in Shanghai, which is still the 28th in UTC: 15:30.
LAST_OF_FEBRUARY = make.MORNING + 364 * DAY + 15 * make.HOUR + make.HOUR // 2
NEW_YEARS_EVE = LAST_OF_FEBRUARY + 306 * DAY


@pytest.fixture
def visits(store):
    """Stores visit facts as the sink does."""

    def write(*facts: VisitFact) -> None:
        for place, fact in enumerate(facts):
            store(make.record(fact, Topic.VISIT_FACT, offset=place, key=fact.visit_id.encode()))

    return write


def stay(visit="V1", version=1, **said):
    plain = {
        "status": VisitStatus.DISCHARGED, "department": "ICU", "insurance_type": "310", "care_type": "21",
        "admitted_at": LAST_OF_FEBRUARY, "discharged_at": LAST_OF_FEBRUARY + DAY, "length_of_stay_days": 1,
        "amount_fen": 1_000_000, "basic_fen": 900_000, "settled_fund_fen": 600_000,
        "departments": (share("ICU", 202502, 1_000_000, 100_000),),
    }  # fmt: skip
    return make.visit_fact(visit, version, **(plain | said))


def outpatient(visit="V2", version=1, **said):
    plain = {"status": VisitStatus.OPEN, "care_type": "11", "length_of_stay_days": None, "discharged_at": None}
    return stay(visit, version, **(plain | said))


def share(department, month, amount, self_pay):
    return DepartmentShare(department, month, amount, 0, 0, 0, 0, self_pay, 1)


def spent(settings, year=2025):
    return sorted(read_spending(settings, year, "H1"), key=msgspec.structs.astuple)


def read(settings, *years):
    return sorted(read_history(settings, years, "H1"), key=lambda row: row.visit_id)


def test_a_discharged_stay_is_one_row_in_its_month_of_discharge_and_of_the_hospitals_time_zone(settings, visits):
    visits(stay())

    [row] = read(settings, 2025)
    assert row == HistoryRow(
        "H1", "ICU", "310", "21", 202503, 1_000_000, 900_000, 600_000, 1, admitted_month=202502, visit_id="V1"
    )


def test_an_outpatient_visit_is_over_when_it_is_registered(settings, visits):
    visits(outpatient())

    [row] = read(settings, 2025)
    assert (row.care_type, row.month, row.days) == ("11", 202502, 0)


def test_a_patient_who_still_lies_there_is_not_history_but_spending(settings, visits):
    visits(stay(status=VisitStatus.OPEN, discharged_at=None, length_of_stay_days=9))

    assert read(settings, 2025) == []
    assert spent(settings) == [SpendingRow("H1", "ICU", "310", "21", 202502, 1, 1_000_000, 900_000, 600_000)]


@pytest.mark.parametrize(
    "status", [{"status": VisitStatus.CANCELLED}, {"status": VisitStatus.PENDING, "admitted_at": None}]
)
def test_a_withdrawn_or_unheard_of_admission_is_no_history(settings, visits, status):
    visits(stay(**status))

    assert read(settings, 2025) == []
    assert [row.visits for row in spent(settings)] == [0], "charges are spent, whatever becomes of the visit"


def test_a_fact_written_again_is_read_once_with_its_latest_figures(settings, visits):
    visits(stay(version=1, amount_fen=1))
    visits(stay(version=3, amount_fen=3))
    visits(stay(version=2, amount_fen=2))

    assert [row.total_fen for row in read(settings, 2025)] == [3]
    assert [row.total_fen for row in spent(settings)] == [1_000_000], "the shares of the latest, once"


def test_a_visit_that_was_not_settled_has_no_fund_payment_rather_than_none_at_all(settings, visits):
    visits(stay(settled_fund_fen=None))

    assert [row.fund_fen for row in read(settings, 2025)] == [None]
    assert [row.fund_fen for row in spent(settings)] == [0]


def test_the_simulated_payment_stands_in_for_the_settled_one_that_is_not_there_and_in_spending_comes_first(
    settings, visits
):
    visits(
        stay("V1", settled_fund_fen=None, simulated=SimulatedSettlement("simulated", 100, fund_total_fen=70)),
        stay("V2", settled_fund_fen=60, simulated=SimulatedSettlement("simulated", 100, fund_total_fen=70)),
        stay("V3", settled_fund_fen=None, simulated=SimulatedSettlement("no_benefit", 100)),
        stay("V4", settled_fund_fen=60, simulated=SimulatedSettlement("coverage_pending", 100)),
    )

    assert [row.fund_fen for row in read(settings, 2025)] == [70, 60, None, 60]
    assert [row.fund_fen for row in spent(settings)] == [70 + 70 + 0 + 60]


def test_groups_come_with_their_weight_and_score(settings, visits):
    groups = (
        Grouped("drg", "grouped", "GB19", score_e4=12_500),
        Grouped("dip", "grouped", "K80.1", score_e4=8_005_000),
    )
    visits(stay(prediction=Prediction(1, 0, 1, 0, 0, groups=groups)))

    [row] = read(settings, 2025)
    assert (row.drg_code, row.drg_weight_e4, row.dip_code, row.dip_score_e4) == ("GB19", 12_500, "K80.1", 8_005_000)


def test_only_the_years_and_the_hospital_asked_for_are_read(settings, visits):
    visits(
        stay("V1"),
        stay("V2", discharged_at=LAST_OF_FEBRUARY - 365 * DAY),
        stay("V3", discharged_at=LAST_OF_FEBRUARY - 800 * DAY),
    )

    assert [row.visit_id for row in read(settings, 2024, 2025)] == ["V1", "V2"]
    assert list(read_history(settings, (2023, 2024, 2025), "H2")) == []
    assert list(read_spending(settings, 2025, "H2")) == []


def test_charges_are_spent_by_department_and_month_and_funds_by_whoever_answers_for_the_visit(settings, visits):
    visits(
        stay("V1", departments=(share("ICU", 202502, 100, 10), share("LAB", 202503, 7, 0)), settled_fund_fen=50),
        stay("V2", departments=(share("ICU", 202502, 30, 0),), settled_fund_fen=5),
        stay("V3", departments=(share("ICU", 202502, 9, 9),), insurance_type="390", settled_fund_fen=None),
        stay("V4", departments=(share("ICU", 202512, 1, 0), share("ICU", 202601, 2, 0)), admitted_at=NEW_YEARS_EVE),
    )

    assert spent(settings) == [
        SpendingRow("H1", "ICU", "310", "21", 202502, 2, 130, 120, 55),
        SpendingRow("H1", "ICU", "310", "21", 202512, 1, 1, 1, 600_000),
        SpendingRow("H1", "ICU", "390", "21", 202502, 1, 9, 0, 0),
        SpendingRow("H1", "LAB", "310", "21", 202503, 0, 7, 7, 0),
    ]
    assert spent(settings, 2026) == [SpendingRow("H1", "ICU", "310", "21", 202601, 0, 2, 2, 0)]


def test_allocation_finds_the_readers_by_their_name():
    for group, reader in (("kongfei.history", read_history), ("kongfei.spending", read_spending)):
        [entry] = entry_points(group=group, name="clickhouse")
        assert entry.load() is reader

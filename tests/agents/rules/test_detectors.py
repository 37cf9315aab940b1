"""Detectors at their edges, and what must hold whatever the visits."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.core.policy import Policy
from agents.core.rules.engine import audit
from agents.core.rules.kind import ActiveRule, Bound
from agents.core.rules.kinds import KINDS
from agents.core.rules.over_many import check_population, population_findings
from agents.core.rules.population import Bed, Population, Summary, Traced
from agents.core.rules.rulebook import RuleBook, ScopedRules
from agents.core.rules.view import CHARGE, Facts, Past, PastUse, Use, View
from agents.rule_library.rule_file import FOLDER, read_rule_file, shipped_common
from schemas.book import Book, Hospital
from schemas.book.rules import Phase
from schemas.finding import decode_finding
from schemas.ledger import Diagnosis
from streams.topics import Topic
from tests.agents.harness import House

HOUR, MINUTE, DAY = 3_600_000, 60_000, 86_400_000
START = 20_000 * DAY + 9 * HOUR
FILES = {path.stem[:3]: read_rule_file(path) for path in sorted((FOLDER / "detectors").glob("*.yaml"))}


def library(*names: str) -> tuple[RuleBook, ScopedRules]:
    files = [FILES[name] for name in names or FILES]
    book = Book(
        version="test",
        hospitals=(Hospital(code="H1", region="330100", tier="3"),),
        rules=tuple(file.rule for file in files),
        points=tuple(point for file in files for point in file.points),
        exemptions=shipped_common().exemptions,
    )
    rules = RuleBook(book)
    return rules, rules.scoped(Facts(hospital="H1", region="330100"), 20_000)


def line(number: int, at: int, item: str = "X1", **more: Any) -> Use:
    fields = {"quantity_e4": 10_000, "amount_fen": 1_000, **more}
    return Use(f"c{number}", CHARGE, item, at, (at + 8 * HOUR) // DAY, **fields)


def view_of(facts: Facts, lines: list[Use], **more: Any) -> View:
    by_item: dict[str, list[Use]] = {}
    for use in sorted(lines, key=lambda use: (use.at, use.id)):
        by_item.setdefault(use.item, []).append(use)
    return View(facts, by_item, **more)


def found(name: str, view: View) -> list[Any]:
    _, scoped = library(name)
    drafts = audit(view, scoped, tuple(Phase))
    assert view.failures == []
    return [draft.hit for draft in drafts]


def stay(days: int = 7, **more: Any) -> Facts:
    facts = Facts(hospital="H1", visit_id="V1", admitted_at=START, admitted_day=20_000, is_ended=True)
    facts.discharged_at, facts.discharged_day = START + days * DAY, 20_000 + days
    facts.as_of, facts.today = facts.discharged_at, 20_000 + days
    for field, value in more.items():
        setattr(facts, field, value)
    return facts


def test_a_stay_without_any_service_is_idle_from_admission_to_discharge() -> None:
    beds = [line(day, START + day * DAY + HOUR, "BED", category=0) for day in range(7)]
    (hit,) = found("D01", view_of(stay(), beds))
    assert [cited.use.id for cited in hit.lines] == [f"c{day}" for day in range(7)]
    assert hit.inputs["longest_gap"] == "168 h"


def test_a_stay_that_goes_on_is_not_judged_for_gaps() -> None:
    beds = [line(day, START + day * DAY + HOUR, "BED", category=0) for day in range(7)]
    assert found("D01", view_of(stay(is_ended=False, discharged_at=None), beds)) == []


def test_leave_counts_once_however_often_it_is_reported() -> None:
    gone = tuple((START + hour * HOUR, True) for hour in (1, 2, 3, 4, 5))
    assert found("D02", view_of(stay(leaves=(*gone, (START + 6 * HOUR, False))), [])) == []


def test_a_discharge_before_the_admission_measures_nothing() -> None:
    facts = stay(discharged_at=START - DAY, leaves=((START - 2 * DAY, True),))
    lines = [line(1, START, "BED", category=0)]
    for name in ("D01", "D02", "D04"):
        assert found(name, view_of(facts, lines)) == []


def test_an_outpatient_visit_knows_no_idle_stay() -> None:
    facts = stay(is_outpatient=True, leaves=((START, True),), census=((START, "absent"),) * 3, census_days=(1, 2, 3))
    lines = [line(day, START + day * DAY, "BED", category=0) for day in range(7)]
    for name in ("D01", "D02", "D03", "D04"):
        assert found(name, view_of(facts, lines)) == []


def test_zero_hours_of_a_service_are_no_excess() -> None:
    lines = [
        line(1, START, "003106050020000", quantity_e4=0, amount_fen=0),
        line(2, START + HOUR, "003106050020000", quantity_e4=250_000, amount_fen=25_000),
    ]
    (hit,) = found("D12", view_of(stay(), lines))
    assert [(cited.use.id, cited.amount_fen) for cited in hit.lines] == [("c2", 1_000)]


def test_a_line_for_several_days_counts_with_one_day_of_it() -> None:
    two_days = line(1, START, "003106050020000", quantity_e4=480_000, amount_fen=48_000, days=2)
    assert found("D12", view_of(stay(), [two_days])) == []
    more = line(2, START + HOUR, "003106050020000", quantity_e4=20_000, amount_fen=2_000)
    (hit,) = found("D12", view_of(stay(), [two_days, more]))
    assert {cited.use.id: cited.amount_fen for cited in hit.lines} == {"c2": 2_000}


def test_of_a_name_the_usual_one_is_the_most_frequent_then_the_first() -> None:
    names = ["止血海绵", "明胶海绵", "止血 海绵", ""]
    lines = [line(number, START + number, name=name) for number, name in enumerate(names)]
    (hit,) = found("D27", view_of(stay(), lines))
    assert [cited.use.id for cited in hit.lines] == ["c1"]
    (hit,) = found("D27", view_of(stay(), lines[:2]))
    assert [cited.use.id for cited in hit.lines] == ["c1"]


def test_the_excess_of_a_day_is_taken_from_its_latest_lines_first() -> None:
    lines = [line(hour, START + hour * MINUTE, "003106050020000", quantity_e4=100_000) for hour in (1, 2, 3)]
    (hit,) = found("D12", view_of(stay(), lines))
    assert {cited.use.id: cited.amount_fen for cited in hit.lines} == {"c3": 600}


def test_supplies_of_one_day_count_once_and_a_third_one_overlaps_with_both() -> None:
    facts = stay(is_outpatient=True)
    lines = [line(1, START, days=30), line(2, START + HOUR, days=30), line(3, START + 10 * DAY, days=30)]
    (hit,) = found("D20", view_of(facts, lines))
    assert [cited.use.id for cited in hit.lines] == ["c3"]
    assert hit.inputs["overlap"] == "20 d"


def test_a_supply_that_outlasts_the_present_one_takes_its_whole_amount() -> None:
    past = Past("V0", START - DAY, START - DAY, True, "1", "D01", "I10", ("I10",), (), "11", "310", "", "DR1", 0)
    past = replace(past, uses=(PastUse("X1", {19_999: 10_000}, 20_200),))
    (hit,) = found("D20", view_of(stay(is_outpatient=True), [line(1, START, days=7)], past=[past]))
    assert hit.lines[0].amount_fen == 1_000


def test_special_diseases_outweigh_chronic_ones_at_discharge() -> None:
    facts = stay(diagnoses=(Diagnosis("I10.x00"), Diagnosis("a16.200")))
    assert found("D21", view_of(facts, [line(1, START, days=30, take_home=True)])) == []


# Rules over many visits -----------------------------------------------------------------------------------------------


def summary(number: int, **more: Any) -> Summary:
    fields = {"admitted_at": START, "admitted_day": 20_000, "is_ended": True, "ended_at": START + DAY, **more}
    fields.setdefault("ended_day", fields["admitted_day"] + (fields["ended_at"] - fields["admitted_at"]) // DAY)
    return Summary("H1", f"P{number}", f"V{number}", **fields)


def told(visits: list[Summary], *names: str, period: tuple[int, int] | None = None) -> list[Any]:
    rules, scoped = library(*names)
    drafts = check_population(Population(visits, period, scoped), scoped)
    return population_findings(drafts, "H1", rules.names, "test")


def test_findings_about_visits_outside_the_period_are_not_told() -> None:
    beds = (Bed("W1", "1", START, START + 2 * DAY),)
    one = summary(1, beds=beds)
    other = summary(2, beds=beds, ended_at=START + 40 * DAY, ended_day=20_040)
    findings = told([one, other], "D06", period=(20_000, 20_010))
    assert [finding.visit_id for finding in findings] == ["V1"]
    assert [line.line_id for line in findings[0].evidence] == ["V2"]


def test_an_indicator_is_about_its_department_and_no_visit() -> None:
    visits = [summary(number, department="D07", group="BR21") for number in range(40)]
    (finding,) = told(visits, "D16")
    assert (finding.patient_id, finding.visit_id, finding.department) == ("", "", "D07")
    assert finding.finding_id == "H1|||KF-D16|D07"


def test_patients_with_nothing_in_common_are_no_companions() -> None:
    visits = []
    for day in range(5):
        for number in range(30):
            at = START + day * DAY + number * MINUTE
            visits.append(
                summary(day * 30 + number, doctor="DR1", is_outpatient=True, admitted_at=at, admitted_day=20_000 + day)
            )
    assert told(visits, "D15") == []


def trace(number: int, quantity_e4: int = 10_000) -> tuple[Traced, ...]:
    return (Traced("81234", f"c{number}", "X1", START, 20_000, quantity_e4, 3_500),)


@st.composite
def populations(draw: st.DrawFn) -> list[Summary]:
    count = draw(st.integers(0, 12))
    visits = []
    for number in range(count):
        begin = START + draw(st.integers(0, 200)) * HOUR
        end = begin + draw(st.integers(0, 100)) * HOUR
        outpatient = draw(st.booleans())
        visits.append(
            summary(
                number,
                person_no=draw(st.sampled_from(["", "A", "B"])),
                doctor=draw(st.sampled_from(["DR1", "DR2"])),
                department=draw(st.sampled_from(["", "D01", "D02"])),
                is_outpatient=outpatient,
                admitted_at=begin,
                admitted_day=(begin + 8 * HOUR) // DAY,
                ended_at=begin if outpatient else end,
                ended_day=((begin if outpatient else end) + 8 * HOUR) // DAY,
                beds=() if outpatient else (Bed("W1", draw(st.sampled_from(["1", "2"])), begin, end),),
                traces=draw(st.sampled_from([(), trace(number), trace(number, 5_000)])),
                census=draw(st.sampled_from([(0, 0), (20, 3)])),
                tier="3",
            )
        )
    return visits


@given(populations(), st.randoms(use_true_random=False))
def test_the_order_in_which_visits_are_read_changes_nothing(visits: list[Summary], random: Random) -> None:
    shuffled = list(visits)
    random.shuffle(shuffled)
    assert told(shuffled) == told(visits)


@given(populations())
def test_what_is_told_of_a_visit_names_visits_that_are_there(visits: list[Summary]) -> None:
    known = {visit.visit_id for visit in visits} | {""}
    for finding in told(visits):
        assert finding.visit_id in known
        assert {line.line_id for line in finding.evidence if line.source == "visit"} <= known - {finding.visit_id}
        violating = [line for line in finding.evidence if line.is_violating]
        assert finding.amount_fen == sum(line.amount_fen for line in violating)


@st.composite
def bills(draw: st.DrawFn) -> list[Use]:
    items = ["003106050020000", "002103000010000", "002203020010000", "BED", "X1"]
    lines = []
    for number in range(draw(st.integers(0, 14))):
        at = START + draw(st.integers(0, 160)) * HOUR
        lines.append(
            line(
                number,
                at,
                draw(st.sampled_from(items)),
                quantity_e4=draw(st.sampled_from([0, 5_000, 10_000, 300_000])),
                amount_fen=draw(st.integers(0, 100_000)),
                category=draw(st.sampled_from([-1, 0, 4, 8])),
                level=draw(st.integers(0, 3)),
                consent=draw(st.sampled_from([None, True, False])),
                executing_department=draw(st.sampled_from(["", "A", "B"])),
                trace_code=draw(st.sampled_from(["", "81"])),
                days=draw(st.sampled_from([0, 7, 31])),
                take_home=draw(st.sampled_from([None, True])),
            )
        )
    return lines


@given(bills(), st.booleans(), st.sampled_from([0, START + 30 * HOUR]))
def test_no_line_is_at_stake_for_more_than_it_cost(lines: list[Use], is_outpatient: bool, died_at: int) -> None:
    _, scoped = library()
    view = view_of(stay(is_outpatient=is_outpatient, died_at=died_at), lines)
    for draft in audit(view, scoped, tuple(Phase)):
        for cited in draft.hit.lines:
            assert 0 <= cited.amount_fen <= cited.use.amount_fen
    assert view.failures == []


def test_every_parameter_of_the_kinds_is_told_with_a_finding() -> None:
    """What decided is in the finding: each parameter that the shipped rule sets stands in its `parameters`."""
    visits = [summary(number, department="D07", group="BR21", weight_e4=3_000) for number in range(40)]
    for name in ("D16", "D17"):
        (finding,) = told(visits, name)
        assert set(FILES[name].rule.parameters) <= set(finding.parameters)


def test_a_kind_over_many_visits_says_nothing_of_one() -> None:
    rule = FILES["D06"].rule
    kind = KINDS[rule.kind]
    active = ActiveRule(rule, kind, kind.parameters(), rule.grade, rule.phases, rule.state)
    assert list(kind.check(view_of(stay(), []), Bound(active), ())) == []


# In the stream --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codes", [("N1", "H1"), ("N1", ""), ("", "H1")])
def test_a_consent_on_an_order_that_comes_later_withdraws_the_finding(codes: tuple[str, str]) -> None:
    """Whichever code the order is known by, the line may have another one too."""
    rules, _ = library("D25")
    house = House(Policy(rules.book), partitions=1)
    visit = {"hospital": "H1", "patient_id": "P1", "visit_id": "V1"}
    at = "2026-03-02 09:00"
    house.publish({"type": "admission", "kind": "admit", "occurred_at": at, "department": "D01", **visit})
    charge = {"charge_id": "c1", "order_id": "o1", "item_code": "N1", "hospital_item_code": "H1", "level": "03"}
    amounts = {"quantity": "1", "unit_price": "500.00", "consent": False, "charged_at": at}
    house.publish({"type": "charge", **visit, **charge, **amounts}).run()
    assert [found.status for found in house.latest(Topic.FINDING, decode_finding).values()] == ["open"]
    named = {name: code for name, code in zip(("item_code", "hospital_item_code"), codes, strict=True) if code}
    order = {"order_id": "o1", "consent": True, "occurred_at": at, **named}
    house.publish({"type": "order", **visit, **order}).run()
    assert [found.status for found in house.latest(Topic.FINDING, decode_finding).values()] == ["withdrawn"]

"""What a re-audit says beside what is stored, of which visits, under which rules."""

from typing import Any

import pytest

from agents.book import load_policy
from agents.core.policy import Policy
from agents.core.reckoner import Reckoner
from agents.core.rules.kinds.detectors.persons import SharedBed
from agents.core.rules.kinds.policy.insurance import InsuranceLimit
from agents.core.rules.rulebook import RuleBook
from agents.reaudit.patient import PatientAudit
from agents.reaudit.run import Reaudit, chosen_rules
from agents.reaudit.summary import Summary
from agents.rule_library.rule_file import RuleCase, read_rule_file, shipped_files
from schemas.finding import WITHDRAWN
from schemas.visit_history import PatientLog, Standing
from streams.logs import SafeError
from tests.agents.harness import House
from tests.agents.reaudit.streams import events_of_patients, logs_of, rows_of, run_of, stored_of
from tests.agents.rules.shipped import library_policy

POLICY = library_policy()
WORK_INJURY = "GZ10000101001000"
DRUG = "XJ07BGR030B014010101119"


def only(*codes: str) -> Policy:
    return Policy(chosen_rules(POLICY.book, codes), POLICY.zone)


def a_case(**more: Any) -> RuleCase:
    fields: dict[str, Any] = {
        "name": "a drug for work injuries",
        "finds": True,
        "visit": {"admitted": "2026-03-02 09:00", "discharged": "2026-03-09 09:00"},
        "charges": [{"item": DRUG, "quantity": "1", "price": "260.00"}],
    }
    return RuleCase.model_validate({**fields, **more})


def logs(*cases: RuleCase) -> list[PatientLog]:
    house = House(POLICY, partitions=1).publish(*events_of_patients(cases)).run("intake", "cost")
    assert house.counts["cost.refused"] == 0
    return logs_of(house)


def standings(rows: list[Any]) -> list[Standing]:
    return [row.standing for row in rows]


def test_what_the_store_does_not_have_is_new() -> None:
    (row,) = rows_of(logs(a_case()), only(WORK_INJURY))
    assert row.standing is Standing.NEW
    assert row.finding is not None
    assert row.finding.amount_fen == 26_000
    assert row.finding.policy_version == "library"


def test_the_same_amount_is_the_same_and_another_one_is_changed() -> None:
    found = rows_of(logs(a_case()), only(WORK_INJURY))[0].finding
    assert found is not None
    for amount, standing in ((26_000, Standing.SAME), (13_000, Standing.CHANGED)):
        rows = rows_of(logs(a_case()), only(WORK_INJURY), [stored_of(found, amount_fen=amount)])
        assert standings(rows) == [standing]
        assert rows[0].stored is not None


def test_a_withdrawn_finding_that_is_found_again_is_new() -> None:
    found = rows_of(logs(a_case()), only(WORK_INJURY))[0].finding
    assert found is not None
    rows = rows_of(logs(a_case()), only(WORK_INJURY), [stored_of(found, status=WITHDRAWN)])
    assert standings(rows) == [Standing.NEW]


def test_what_is_stored_and_no_longer_found_is_gone() -> None:
    found = rows_of(logs(a_case()), only(WORK_INJURY))[0].finding
    assert found is not None
    insured = a_case(visit={"insurance_type": "410w", "discharged": "2026-03-09 09:00"})
    rows = rows_of(logs(insured), only(WORK_INJURY), [stored_of(found)])
    assert standings(rows) == [Standing.GONE]
    assert rows[0].finding is None


def test_a_rule_that_the_book_no_longer_has_is_gone_but_not_one_that_was_not_asked() -> None:
    found = rows_of(logs(a_case()), only(WORK_INJURY))[0].finding
    assert found is not None
    former = stored_of(found, rule="GZ-FORMER", finding_id="former")
    rows = rows_of(logs(a_case()), only(WORK_INJURY), [stored_of(found), former])
    assert standings(rows) == [Standing.SAME, Standing.GONE]
    chosen = run_of(rules=(WORK_INJURY,))
    rows = rows_of(logs(a_case()), only(WORK_INJURY), [stored_of(found), former], run=chosen)
    assert standings(rows) == [Standing.SAME]


def test_what_is_stored_of_other_visits_is_left_alone() -> None:
    found = rows_of(logs(a_case()), only(WORK_INJURY))[0].finding
    assert found is not None
    elsewhere = stored_of(found, visit_id="V9", finding_id="elsewhere")
    assert standings(rows_of(logs(a_case()), only(WORK_INJURY), [stored_of(found), elsewhere])) == [Standing.SAME]


def test_a_rule_that_fails_is_counted_and_says_nothing_of_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows_of(logs(a_case()), only(WORK_INJURY))[0].finding
    assert found is not None

    def fails(*_: object) -> None:
        raise ValueError("a knowledge point nobody thought of")

    monkeypatch.setattr(InsuranceLimit, "check", fails)
    reaudit = Reaudit(run_of(), only(WORK_INJURY))
    assert list(reaudit.rows(logs(a_case()), [stored_of(found)])) == []
    assert reaudit.counts.failures == {WORK_INJURY: 1}


def test_a_rule_over_many_visits_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError("a bed nobody thought of")

    monkeypatch.setattr(SharedBed, "check_population", fails)
    reaudit = Reaudit(run_of(), only("KF-D06", WORK_INJURY))
    assert [row.finding.rule for row in reaudit.rows(logs(a_case()), ()) if row.finding] == [WORK_INJURY]
    assert reaudit.counts.failures == {"KF-D06": 1}


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [("2026-03-09", "2026-03-09", 1), ("2026-03-10", "2026-03-31", 0), ("2026-03-01", "2026-03-08", 0)],
)
def test_a_stay_belongs_to_the_day_of_its_discharge(first: str, last: str, count: int) -> None:
    rows = rows_of(logs(a_case()), only(WORK_INJURY), run=run_of(first, last))
    assert len(rows) == count


def test_an_outpatient_visit_belongs_to_the_day_it_was_registered() -> None:
    outpatient = a_case(visit={"mode": "outpatient", "admitted": "2026-03-02 23:59"})
    assert len(rows_of(logs(outpatient), only(WORK_INJURY), run=run_of("2026-03-02", "2026-03-02"))) == 1
    assert rows_of(logs(outpatient), only(WORK_INJURY), run=run_of("2026-03-03", "2026-03-03")) == []


def test_an_open_or_cancelled_visit_is_not_audited() -> None:
    still_open = a_case(visit={"admitted": "2026-03-02 09:00"})
    cancelled = a_case(
        visit={
            "admitted": "2026-03-02 09:00",
            "events": [{"kind": "cancel_admit", "occurred_at": "2026-03-04 09:00"}],
        }
    )
    assert rows_of(logs(still_open, cancelled), only(WORK_INJURY)) == []


def test_an_input_given_for_the_hospital_makes_its_rules_run() -> None:
    files = [read_rule_file(path) for path in shipped_files()]
    file, case = next(
        (file, case)
        for file in files
        if file.rule.needs and file.rule.number
        for case in file.cases
        if case.finds and case.inputs and case.check is None and not case.others and case.visit.discharged
    )
    policy = only(file.rule.code)
    without = Reaudit(run_of(), policy)
    assert list(without.rows(logs(case), ())) == []
    assert without.not_checked == {file.rule.code: file.rule.needs}
    given = Reaudit(run_of(), policy, {"": case.inputs})
    assert list(given.rows(logs(case), ()))
    assert given.not_checked == {}


def test_rules_over_many_visits_are_told_last_and_once() -> None:
    first = a_case(name="first", visit={"admitted": "2026-03-02 09:00", "discharged": "2026-03-09 09:00"})
    second = a_case(name="second", visit={"admitted": "2026-03-05 09:00", "discharged": "2026-03-12 09:00"})
    policy = only("KF-D06", WORK_INJURY)
    rows = rows_of(logs(first, second), policy)
    assert [row.finding.rule for row in rows if row.finding] == [WORK_INJURY, WORK_INJURY, "KF-D06", "KF-D06"]
    assert all(row.visit_ended_at for row in rows)
    summary = Summary(policy.book.scenes, Reaudit(run_of(), policy).over_many)
    assert list(summary.passing(rows)) == rows
    assert (summary.total.findings, summary.total.new, summary.over_many.new) == (4, 4, 2)
    assert summary.total.amount_fen == 52_000


def test_ended_stays_are_summed_up_with_the_drg_of_the_book(pytestconfig: pytest.Config) -> None:
    policy = load_policy(pytestconfig.rootpath / "deploy" / "policies" / "demo", POLICY.zone)
    stay = {"discharged": "2026-03-09 09:00", "diagnoses": ["K35.800"], "procedures": ["47.0100"]}
    patients = PatientAudit(policy, RuleBook(policy.book), (0, 99_999), Reckoner(policy))
    stays = logs(a_case(visit=stay), a_case(visit={**stay, "discharged": ""}))
    grouped = [patients.audit(log).summaries[0] for log in stays]
    assert [(summary.group, summary.weight_e4) for summary in grouped] == [("GD29", 12_800), ("", 0)]


def test_the_order_of_patients_changes_nothing() -> None:
    cases = [a_case(name=str(day), visit={"discharged": f"2026-03-{day:02d} 09:00"}) for day in range(5, 12)]
    forwards = rows_of(logs(*cases), POLICY)
    backwards = rows_of(list(reversed(logs(*cases))), POLICY)
    assert {row.finding_id: row for row in forwards} == {row.finding_id: row for row in backwards}
    assert len(forwards) > len(cases)


def test_rules_are_chosen_by_code_number_or_several_at_once() -> None:
    assert [rule.number for rule in chosen_rules(POLICY.book, ("1", "2,3")).rules] == [1, 2, 3]
    assert chosen_rules(POLICY.book, ()) is POLICY.book
    with pytest.raises(SafeError, match="GZ9"):
        chosen_rules(POLICY.book, ("1", "GZ9"))


def test_sums_by_scene_rule_department_and_doctor() -> None:
    policy = only(WORK_INJURY)
    summary = Summary(policy.book.scenes, ())
    found = rows_of(logs(a_case()), policy)[0].finding
    assert found is not None
    rows = rows_of(logs(a_case()), policy, [stored_of(found, finding_id="gone", rule=WORK_INJURY)])
    for row in rows:
        summary.add(row)
    for by, key in (("scene", "4"), ("rule", WORK_INJURY), ("department", "D01"), ("doctor", "DR1")):
        (group,) = summary.groups(by)
        assert (group.key, group.tally.findings, group.tally.amount_fen) == (key, 1, 26_000)
        assert (group.tally.gone, group.tally.gone_fen, group.tally.violations) == (1, 26_000, 1)

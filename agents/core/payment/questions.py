"""Gaps of the record as questions to the documentation (病历书写提问). Never a proposal (DOMAIN 8.1).

A question is about what is recorded: its codes are the visit's own, and nothing in it says which answer would pay more.
"""

import re
from collections.abc import Iterable

from agents.core.case import Case
from agents.core.grouping.findings import UNKNOWN_AGE, Findings
from schemas.prediction import Grouped, Question

#: ICD-10: a fourth character 9 is the unspecified rest of its category (I63.9 脑梗死，未特指).
UNSPECIFIED = re.compile(r"[A-Z]\d\d\.9", re.IGNORECASE)


def questions_of(case: Case, findings: Findings, groups: Iterable[Grouped]) -> tuple[Question, ...]:
    """What the record leaves open, each kind once."""
    if case.is_outpatient:
        return ()
    main = (findings.main,)
    found: dict[str, Question] = {}

    def ask(kind: str, codes: tuple[str, ...] = ()) -> None:
        found.setdefault(kind, Question(kind, codes))

    if not findings.main:
        ask("no_main_diagnosis")
    for group in groups:
        if group.status in {"diagnosis_not_listed", "sex_conflict"}:
            ask(group.status, main)
        elif group.status == "ambiguous":
            ask("ambiguous", findings.procedures)
        elif group.status == "ungrouped":
            ask("ungrouped", (*main, *findings.procedures))
        if group.unknown_procedures:
            ask("procedure_not_known", group.unknown_procedures)
        if group.system == "drg" and findings.sex not in {"1", "2"}:
            ask("sex_missing")
        if group.system == "drg" and findings.age_days == UNKNOWN_AGE:
            ask("birth_date_missing")
    if case.operation_fen > 0 and not findings.procedures:
        ask("operation_not_coded")
    if UNSPECIFIED.match(findings.main):
        ask("unspecified_diagnosis", main)
    return tuple(found.values())

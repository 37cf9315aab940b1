"""Codes of diagnoses and operations that what was done does not bear out.

Documentation to look at; never a way to improve what a claim pays.
"""

from collections.abc import Iterable, Sequence

from agents.core.rules.codes import Codes, clinical_codes
from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.management.wording import listed
from agents.core.rules.view import INPATIENT, Use, View
from schemas.book.entry import Yuan
from schemas.units import yuan_text

OPERATION = 5  # 06 手术费


class UntreatedParameters(Parameters):
    """main_only: only the main diagnosis is looked at."""

    main_only: bool = True


class DiagnosisWithoutItems(Kind[UntreatedParameters]):
    """A diagnosis for which none of the drugs, services or consumables it calls for was charged.

    The point names the diagnosis and the items (wildcards) of which at least one is to be expected. Judged when the
    visit has ended; a visit that was charged nothing at all says nothing.
    """

    name = "diagnosis_without_items"
    title_zh = "疾病诊断无对应药品、项目或耗材"
    title_en = "diagnosis without any item that goes with it"
    trigger = Trigger.DIAGNOSIS
    parameters = UntreatedParameters
    point_columns = ("diagnoses", "item")
    needed_columns = (("diagnoses",), ("item",))
    watches_visit = True
    at_end = True

    def check(self, view: View, bound: Bound[UntreatedParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """One finding a point."""
        facts = view.facts
        codes = (facts.main_diagnosis,) if bound.parameters.main_only else facts.diagnosis_codes
        found = [code for code in codes if code in bound.diagnoses]
        if not found or facts.total_fen <= 0 or view.charged(bound.own):
            return ()
        name = f"{bound.the.name} {found[0]}".strip()
        return (
            Hit(
                f"诊断「{name}」在本次就诊无对应的药品、项目或耗材收费",
                f"Nothing that goes with diagnosis {name} was charged in this visit",
                parameters={"items": bound.the.item},
                inputs={"diagnosis": found[0], "total": f"{yuan_text(facts.total_fen)} 元"},
            ),
        )


class OperationCodingParameters(Parameters):
    """minor: beginnings of ICD-9-CM-3 codes that are no operations (diagnostic and therapeutic procedures).

    minimum: operation fees (06) below this are not asked about, yuan.
    """

    minor: tuple[str, ...] = ()
    minimum: Yuan = 0


class OperationCoding(Kind[OperationCodingParameters]):
    """Operation fees and operation codes of an ended inpatient stay that do not go together.

    (a) operation fees, and no operation coded; (b) an operation coded, and no operation fee; (c) the first code, which
    stands for the main operation, is a minor procedure while an operation is coded behind it. Each is a subject.
    """

    name = "operation_coding"
    title_zh = "手术操作编码与手术收费不符"
    title_en = "operation codes and operation fees do not go together"
    trigger = Trigger.VISIT
    parameters = OperationCodingParameters
    at_end = True

    def check(self, view: View, bound: Bound[OperationCodingParameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """Lines are looked through only where fees lack their code."""
        facts, parameters = view.facts, bound.parameters
        fees = facts.by_category[OPERATION]
        if facts.is_outpatient or facts.mode != INPATIENT or (not fees and not facts.procedures):
            return ()
        minor = _clinical(parameters.minor)
        codes = [code.upper() for code in facts.procedure_codes]
        operations = [code for code in codes if code not in minor]
        found = []
        if not operations and fees >= max(1, parameters.minimum):
            found.append(self._uncoded(view, fees, parameters.minimum))
        if operations and fees <= 0:
            found.append(_unpaid(operations))
        if operations and codes[0] in minor:
            found.append(_main(codes[0], operations[0]))
        return found

    def _uncoded(self, view: View, fees: int, minimum: int) -> Hit:
        lines = [Cited(use, 0) for items in view.charges.values() for use in items if use.category == OPERATION]
        return Hit(
            f"手术费 {yuan_text(fees)} 元，病案未填手术操作编码",
            f"Operation fees of {yuan_text(fees)} yuan, and no operation is coded",
            lines,
            "uncoded",
            parameters={"minimum": f"{yuan_text(minimum)} 元"},
            inputs={"operation_fees": f"{yuan_text(fees)} 元", "codes": "0"},
        )


def _unpaid(operations: Sequence[str]) -> Hit:
    zh, en = listed(operations, "、", " 等另 {} 项"), listed(operations, ", ", " and {} more")
    return Hit(
        f"已填手术编码 {zh}，本次住院无手术费",
        f"Operations {en} are coded, and no operation fee was charged",
        subject="unpaid",
        inputs={"codes": ";".join(operations), "operation_fees": "0.00 元"},
    )


def _main(first: str, operation: str) -> Hit:
    return Hit(
        f"主要手术填为操作 {first}，其后另有手术 {operation}",
        f"The main operation is given as procedure {first}; operation {operation} stands behind it",
        subject="main",
        inputs={"main": first, "operation": operation},
    )


class DiagnosisOperation(Kind[Parameters]):
    """The main operation and the main diagnosis are unrelated: the point lists, for an operation, the diagnoses.

    Judged when the visit has ended; nothing while it has no main diagnosis. Only the first operation, the main one, is
    looked at.
    """

    name = "diagnosis_operation"
    title_zh = "诊断编码与手术操作编码不符"
    title_en = "main diagnosis and main operation do not go together"
    trigger = Trigger.PROCEDURE
    point_columns = ("procedures", "diagnoses")
    needed_columns = (("procedures",), ("diagnoses",))
    at_end = True

    def check(self, view: View, bound: Bound[Parameters], uses: Sequence[Use]) -> Iterable[Hit]:  # noqa: ARG002
        """One finding a point."""
        facts = view.facts
        diagnosis = facts.main_diagnosis
        operation = facts.procedures[0].code.upper() if facts.procedures else ""
        if not diagnosis or operation not in bound.procedures or diagnosis in bound.diagnoses:
            return ()
        name = f"{bound.the.name} {operation}".strip()
        return (
            Hit(
                f"主手术「{name}」与主诊断 {diagnosis} 不相关",
                f"Main operation {name} is not related to main diagnosis {diagnosis}",
                parameters={"diagnoses": bound.the.diagnoses},
                inputs={"operation": operation, "diagnosis": diagnosis},
            ),
        )


def _clinical(parts: tuple[str, ...]) -> Codes:
    return clinical_codes(";".join(parts))

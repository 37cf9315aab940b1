"""Limits by what the patient has: indications, contraindications, and the disease an outpatient catalogue is for."""

from collections.abc import Iterable, Sequence

from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, judged, listed, whole
from agents.core.rules.view import Use, View
from schemas.book.points import Point, codes


def told(some: Sequence[str]) -> str:
    """Codes for a sentence: the first few."""
    return listed(";".join(some))


class DiagnosisParameters(Parameters):
    """forbidden: the point's diagnoses (and operations) are contraindications instead of indications."""

    forbidden: bool = False


class DiagnosisLimit(Kind[DiagnosisParameters]):
    """The item is for certain diagnoses (or operations), and the visit has none of them; or it has a forbidden one.

    other_names says in words what they are. Any diagnosis of the visit counts, main or other. While the visit has no
    diagnosis at all, nothing is said of indications: it is not known yet what the patient has.
    """

    name = "diagnosis_limit"
    title_zh = "限适应症（或禁忌症）"
    title_en = "for certain diagnoses only (or not for them)"
    trigger = Trigger.ITEM
    parameters = DiagnosisParameters
    point_columns = ("item", "diagnoses", "procedures", "other_names")
    needed_columns = (("item",), ("diagnoses", "procedures"))

    def check(self, view: View, bound: Bound[DiagnosisParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """All lines, where no indication (or a contraindication) is recorded."""
        stated = view.facts.diagnosis_codes
        diagnoses, procedures = bound.diagnoses, bound.procedures
        met = [code for code in stated if code in diagnoses] or [
            code for code in view.facts.procedure_codes if code in procedures
        ]
        forbidden = bound.parameters.forbidden
        if bool(met) != forbidden or (not stated and not forbidden) or not (diagnoses or procedures):
            return ()
        wrong = judged(view, bound, uses)
        if not wrong:
            return ()
        name, point = called(view, bound, wrong[0]), bound.the
        limits = ", ".join(codes(point.diagnoses or point.procedures))
        if forbidden:
            zh = f"「{name}」禁忌用于{_named(point)}，本次就诊记有 {told(met)}"
            en = f"{name} must not be used with {limits}; the visit has {', '.join(met)}"
        else:
            zh = f"「{name}」限{_named(point)}使用，本次就诊诊断 {told(stated)} 不符合限定适应症"
            en = f"{name} is paid for {limits} only; the diagnoses of the visit are {', '.join(stated)}"
        return (
            Hit(
                zh,
                en,
                whole(wrong),
                parameters={"diagnoses": point.diagnoses, "procedures": point.procedures},
                inputs={"diagnoses": ";".join(stated), "procedures": ";".join(view.facts.procedure_codes)},
            ),
        )


def _named(point: Point) -> str:
    """What a point is limited to, in words where it gives them, else by code."""
    return point.other_names or f" {listed(point.diagnoses or point.procedures)} "


class DiseaseParameters(Parameters):
    """care_types: visits that are paid by disease (门诊慢特病 …)."""

    care_types: tuple[str, ...]


class DiseaseCatalogue(Kind[DiseaseParameters]):
    """In visits paid for one disease, the item is paid for certain diseases only, and this is another.

    The disease is the visit's `disease_code`, compared by beginning; `other_names` says in words which are meant.
    Nothing while it is not known.
    """

    name = "disease_catalogue"
    title_zh = "限病种目录"
    title_en = "within the catalogue of the disease only"
    trigger = Trigger.ITEM
    parameters = DiseaseParameters
    point_columns = ("item", "diagnoses", "other_names")
    needed_columns = (("item",), ("diagnoses",))

    def check(self, view: View, bound: Bound[DiseaseParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """All lines, where the disease is another."""
        facts = view.facts
        disease = facts.disease_code.upper()
        if not disease or facts.care_type not in bound.parameters.care_types or disease in bound.diagnoses:
            return ()
        wrong = judged(view, bound, uses)
        if not wrong:
            return ()
        name, allowed = called(view, bound, wrong[0]), bound.the.diagnoses
        return (
            Hit(
                f"「{name}」限{_named(bound.the)}病种使用，本次就诊病种为 {disease}",
                f"{name} is in the catalogue of {allowed} only; the visit is for {disease}",
                whole(wrong),
                parameters={"diseases": allowed, "care_types": ";".join(bound.parameters.care_types)},
                inputs={"disease": disease, "care_type": facts.care_type},
            ),
        )

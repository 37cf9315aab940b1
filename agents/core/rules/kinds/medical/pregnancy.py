"""Items that must not be given in pregnancy, or while nursing (妊娠期及哺乳期用药)."""

from collections.abc import Iterable, Sequence

from agents.core.rules.codes import clinical_codes
from agents.core.rules.kind import Bound, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.policy.claims import called, judged, whole
from agents.core.rules.view import Use, View
from schemas.book.points import SEPARATOR, codes

#: schemas.events: matn_stas.
PREGNANT, NURSING = "1", "2"
MALE = "1"
_NAMES = {PREGNANT: ("妊娠期", "pregnant"), NURSING: ("哺乳期", "nursing")}


class PregnancyParameters(Parameters):
    """pregnant_diagnoses, nursing_diagnoses: diagnoses (prefixes, ranges) that say so beside the visit's state."""

    pregnant_diagnoses: tuple[str, ...] = ()
    nursing_diagnoses: tuple[str, ...] = ()


class PregnancyLimit(Kind[PregnancyParameters]):
    """The patient is pregnant or nursing, and the item is not to be given then.

    Of a point: item; role: in which state it is not to be given: `1` pregnancy, `2` nursing; empty: both. Silent for
    men, whatever else is said of them, and where neither the visit nor a diagnosis says the state.
    """

    name = "pregnancy_limit"
    title_zh = "妊娠期、哺乳期禁用"
    title_en = "not in pregnancy or while nursing"
    trigger = Trigger.ITEM
    parameters = PregnancyParameters
    point_columns = ("item", "role")
    needed_columns = (("item",),)

    def check(self, view: View, bound: Bound[PregnancyParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Every line of the item."""
        states = _states(view, bound.parameters)
        if not states:
            return ()
        refused = codes(bound.the.role) or (PREGNANT, NURSING)
        state = next((state for state in states if state in refused), None)
        if state is None:
            return ()
        wrong = judged(view, bound, uses)
        if not wrong:
            return ()
        name, (zh, en) = called(view, bound, wrong[0]), _NAMES[state]
        return (
            Hit(
                f"「{name}」{zh}禁用，患者为{zh}",
                f"{name} is not to be given to a {en} patient; the patient is {en}",
                whole(wrong),
                parameters={"states": SEPARATOR.join(refused)},
                inputs={"state": state},
            ),
        )


def _states(view: View, given: PregnancyParameters) -> tuple[str, ...]:
    facts = view.facts
    if facts.sex == MALE:
        return ()
    found = [facts.pregnancy] if facts.pregnancy in _NAMES else []
    for state, diagnoses in ((PREGNANT, given.pregnant_diagnoses), (NURSING, given.nursing_diagnoses)):
        if diagnoses and clinical_codes(SEPARATOR.join(diagnoses)).any_of(facts.diagnosis_codes):
            found.append(state)
    return tuple(found)

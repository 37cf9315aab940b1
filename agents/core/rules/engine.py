"""Runs checks on a view and makes findings of their hits. Pure, and the same whoever asks: stream, order check, file.

1. a rule that needs an input nobody gave is not checked, and said so; 2. exempt visits are passed over; 3. a point
counts only for lines of days on which it is in force, and only for its insurance; 4. the kind judges; 5. hits of one
rule and subject are one finding.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from agents.core.rules.codes import item_codes
from agents.core.rules.kind import Bound, Hit, Trigger, is_always
from agents.core.rules.rulebook import Check, ScopedRules
from agents.core.rules.view import PROPOSED, Use, View
from schemas.book.points import Point
from schemas.book.rules import Phase
from schemas.units import EPOCH_ORDINAL


class Draft(NamedTuple):
    """One hit of one check, before it is a finding."""

    check: Check
    hit: Hit

    @property
    def subject(self) -> str:
        """What tells it apart within the visit and rule."""
        of_check = self.check.key[1]
        if not self.hit.subject:
            return of_check
        return f"{of_check}/{self.hit.subject}" if of_check else self.hit.subject


def drafts_of(check: Check, view: View) -> tuple[Draft, ...]:
    """What one check says of a view; a check that cannot be run to its end says nothing, and stands in its failures.

    The one place where whatever goes wrong is taken: one rule that meets what nobody thought of must neither stop the
    others nor the pipeline. It is never silent: an order check is then unfinished, an audit lists the rule as not
    checked.
    """
    try:
        return _drafts_of(check, view)
    except Exception as error:  # noqa: BLE001
        view.failures.append((check.key[0], error))
        return ()


def _drafts_of(check: Check, view: View) -> tuple[Draft, ...]:
    bound = check.bound
    rule = bound.active.rule
    if rule.needs and not all(name in view.inputs for name in rule.needs):
        return ()
    kind = bound.active.kind
    if kind.at_end and not view.facts.is_ended:
        return ()
    uses = _uses(check, view)
    if uses is None:
        return ()
    found = tuple(kind.check(view, bound, uses))
    if not found or (rule.exemptions and view.is_exempt(rule.exemptions)):
        return ()
    return tuple(Draft(check, hit) for hit in found)


def drafts_of_item(check: Check, item: str, view: View, uses: Sequence[Use]) -> tuple[Draft, ...]:
    """What a check of every item says of the lines of one; as drafts_of, without looking for the lines again."""
    bound = check.bound
    try:
        found = tuple(bound.active.kind.check(view, bound, uses))
    except Exception as error:  # noqa: BLE001 - as drafts_of
        view.failures.append((check.key[0], error))
        return ()
    exemptions = bound.active.rule.exemptions
    if not found or (exemptions and view.is_exempt(exemptions)):
        return ()
    own = Check((check.key[0], item), bound, item)
    return tuple(Draft(own, hit) for hit in found)


def _uses(check: Check, view: View) -> Sequence[Use] | None:
    """The lines the check is called with; None: it has nothing to look at."""
    bound, trigger = check.bound, check.kind.trigger
    if trigger is Trigger.ITEM:
        point = bound.the
        if point.insurance_type and point.insurance_type != view.facts.insurance_type:
            return None
        uses = _in_force(point, view.uses(bound.own))
        if not uses and check.kind.watches_others:  # what the item itself is known by may be an order, or another visit
            return () if _in_force(point, view.uses(bound.others)) else None
        return uses or None
    if trigger is Trigger.GROUP:
        uses = view.uses(bound.own)
        return (_group_in_force(bound, view, uses) if bound.is_restricted else uses) or None
    if trigger is Trigger.EVERY_ITEM:
        return view.uses_of_item(check.item) or None
    if bound.point is not None:  # a diagnosis or an operation
        point = bound.point
        if point.insurance_type and point.insurance_type != view.facts.insurance_type:
            return None
        day = view.facts.admitted_day
        if day is not None and not _is_in_force(point, day):
            return None
    return ()


def _group_in_force(bound: Bound[Any], view: View, uses: Sequence[Use]) -> Sequence[Use]:
    """Lines of a group on days on which a point that names them is in force, for the visit's insurance."""
    insurance = view.facts.insurance_type
    named = [
        (point, item_codes(point.item))
        for point in bound.points
        if not point.insurance_type or point.insurance_type == insurance
    ]
    return tuple(
        use for use in uses if any(_is_in_force(point, use.day) and items.any_of(use.codes) for point, items in named)
    )


def _in_force(point: Point, uses: Sequence[Use]) -> Sequence[Use]:
    if is_always(point):
        return uses
    return tuple(use for use in uses if _is_in_force(point, use.day))


def _is_in_force(point: Point, day: int) -> bool:
    return point.effective_from.toordinal() <= day + EPOCH_ORDINAL <= point.effective_to.toordinal()


def checks_of(view: View, rules: ScopedRules) -> Iterator[Check]:
    """Every check that anything about the visit makes run, each once."""
    seen: set[tuple[str, str]] = set()
    for check in _all_checks(view, rules):
        if check.key not in seen:
            seen.add(check.key)
            yield check


def _all_checks(view: View, rules: ScopedRules) -> Iterator[Check]:
    for item, uses in view.charges.items():
        yield from rules.of_item(item)
        for code in {use.hospital_item for use in uses if use.hospital_item}:
            yield from rules.of_item(item, code)
    for use in view.proposed:
        yield from rules.of_item(use.item, use.hospital_item)
    yield from checks_of_facts(view, rules)


def checks_of_facts(view: View, rules: ScopedRules) -> Iterator[Check]:
    """Checks that the visit itself makes run, whatever its lines."""
    for code in view.facts.diagnosis_codes:
        yield from rules.of_diagnosis(code)
    for code in view.facts.procedure_codes:
        yield from rules.of_procedure(code)
    yield from rules.of_visit


def audit(view: View, rules: ScopedRules, phases: Collection[Phase]) -> list[Draft]:
    """Everything the rules of these phases say of the visit. Cancelled visits have no findings."""
    if view.facts.is_cancelled:
        return []
    return [
        draft for check in checks_of(view, rules) if runs_in(check.bound, phases) for draft in drafts_of(check, view)
    ]


def check_orders(view: View, rules: ScopedRules, wanted: Collection[str] = ()) -> list[Draft]:
    """What is to be said of the orders being checked: hits that rest on at least one of them.

    Without proposed orders: what is to be said of the visit itself when it begins (sex, age, 分解住院).
    wanted: rule codes; empty: all.
    """
    plan = rules.plan((Phase.ORDER,), is_ended=view.facts.is_ended, inputs=frozenset(view.inputs))
    running = plan.codes.intersection(wanted) if wanted else plan.codes
    checks: Iterable[Check]
    if view.proposed:
        checks = (check for use in view.proposed for check in rules.of_item(use.item, use.hospital_item))
        checks = _once((*checks, *plan.of_visit))
    else:
        checks = _once(checks_of_facts(view, rules))
    found = []
    for check in checks:
        if check.key[0] not in running:
            continue
        found += [
            draft
            for draft in drafts_of(check, view)
            if not view.proposed or any(cited.use.source == PROPOSED for cited in draft.hit.lines)
        ]
    return found


def _once(checks: Iterable[Check]) -> list[Check]:
    return list({check.key: check for check in checks}.values())


def runs_in(bound: Bound[Any], phases: Collection[Phase]) -> bool:
    """Whether the rule runs in any of these phases."""
    return any(phase in phases for phase in bound.active.phases)


def not_checked(rules: ScopedRules, inputs: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Rules that cannot be judged: code → the inputs nobody gave."""
    found = {}
    for code, needs in rules.needing:
        missing = tuple(name for name in needs if name not in inputs)
        if missing:
            found[code] = missing
    return found

"""What is watched on a visit's money: payment standard, predicted loss, cap, missing coverage, the real settlement.

Judged once a batch, after the visit was settled and predicted; the alert names the last event that touched it.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

import msgspec

from agents.core import outlook_messages as words
from agents.core.case import Case
from agents.core.episodes import Episode, Moment, Telling
from agents.core.policy import Policy, Watch
from agents.core.visit import Visit
from agents.core.watching import end_episodes, episode_key, judge, watching_of
from schemas.alerts import Rule
from schemas.events import SettlementKind
from schemas.explanation import difference_sentence
from schemas.ledger import Settlement
from schemas.prediction import MethodOutlook, Prediction
from schemas.settlement import SimulatedSettlement
from schemas.units import reached_bp

HOUR_MS = 3_600_000
#: What a settlement that was withdrawn leaves to compare with.
NOT_SETTLED = msgspec.convert(
    [
        Settlement.__struct_config__.tag,
        *(0 if name.endswith("_fen") else "" for name in Settlement.__struct_fields__[:-1]),
    ],
    Settlement,
)


class Outlook(NamedTuple):
    """A visit reckoned: the case, its simulated settlement, what the payment methods say."""

    case: Case
    settlement: SimulatedSettlement
    prediction: Prediction

    @property
    def in_force(self) -> MethodOutlook | None:
        """The payment method that counts."""
        return self.prediction.method(self.prediction.in_force)


Measure: TypeAlias = Callable[[Visit, Watch, str], "Judgement"]


class Judgement(NamedTuple):
    """A value, and how it is told."""

    value: int
    tell: Callable[..., Telling]


def judge_outlook(visit: Visit, policy: Policy, outlook: Outlook | None, moment: Moment) -> list[Episode]:
    """Bring the episodes of these rules to what the outlook asks for; those that changed.

    No outlook: the book knows no money; only missing coverage is judged, and what an earlier book raised ends.
    """
    episodes = visit.head.episodes
    if outlook is None and visit.stay.insurance_type and JUDGED_KEYS.isdisjoint(episodes):
        return []  # nearly every visit where there is no book of money
    rules = watching_of(visit, policy).watches.by_rule
    changed: list[Episode] = []
    measures: list[tuple[Rule, Measure]] = []
    if outlook is None:
        changed += end_episodes(visit, MONEY_RULES, moment, *NO_MONEY)
    else:
        measures = [(rule, partial(measure, outlook)) for rule, measure in MEASURES.items()]
    for rule, measure in (*measures, (Rule.COVERAGE_MISSING, _coverage)):
        watch = rules.get(rule)
        if watch is None:
            continue
        found = measure(visit, watch, policy.version)
        if found.value < watch.at[0] and episode_key(rule) not in episodes:
            continue  # most visits, most of the time
        episode = judge(visit, watch, "", found.value, moment, found.tell)
        if episode is not None:
            changed.append(episode)
    return changed


def settled_by_insurer(visit: Visit) -> Settlement | None:
    """What the insurer has settled of the whole visit: its final settlement and the mid-stay ones before it, summed."""
    final = visit.settlement.body if visit.settlement else None
    if final is None or final.kind == SettlementKind.CANCELLED:
        return None
    parts = [mark.body for mark in visit.mid_stay.values() if mark.body.kind == SettlementKind.SETTLED]
    if not parts:
        return final
    sums = {
        name: getattr(final, name) + sum(getattr(part, name) for part in parts)
        for name in final.__struct_fields__
        if name.endswith("_fen")
    }
    return Settlement(**{name: getattr(final, name) for name in final.__struct_fields__} | sums)


def fund_difference(visit: Visit, settlement: SimulatedSettlement) -> int | None:
    """Simulated − settled payment of the funds, fen; None until the insurer has settled."""
    real = settled_by_insurer(visit)
    return None if real is None else settlement.fund_total_fen - real.fund_total_fen


def _standard(outlook: Outlook, _: Visit, watch: Watch, version: str) -> Judgement:
    method = outlook.in_force
    if method is None or method.used_bp is None:
        # By item there is no standard: what was raised under another method ends.
        method = MethodOutlook(outlook.prediction.in_force, "by_item", admissible=True)
    used = method.used_bp or 0
    return Judgement(used, lambda _, *, cleared: words.standard_telling(watch, version, method, used, cleared=cleared))


def _loss(outlook: Outlook, _: Visit, watch: Watch, version: str) -> Judgement:
    method = outlook.in_force or MethodOutlook("", "by_item", admissible=True)
    loss = max(0, -method.projected_profit_fen)
    return Judgement(
        loss,
        lambda _, *, cleared: words.loss_telling(watch, version, method, outlook.prediction, loss, cleared=cleared),
    )


def _cap(outlook: Outlook, _: Visit, watch: Watch, version: str) -> Judgement:
    settled = outlook.settlement
    used = reached_bp(settled.cap_used_fen, settled.cap_fen or 0)
    return Judgement(used, lambda _, *, cleared: words.cap_telling(watch, version, settled, used, cleared=cleared))


def _coverage(visit: Visit, watch: Watch, version: str) -> Judgement:
    stay, amount = visit.stay, visit.tally.amount
    admitted_at = stay.admitted_at
    is_missing = admitted_at is not None and not stay.insurance_type and not stay.is_outpatient
    hours = max(0, visit.head.as_of - (admitted_at or 0)) // HOUR_MS if is_missing else 0
    return Judgement(
        hours, lambda _, *, cleared: words.coverage_telling(watch, version, hours, amount, cleared=cleared)
    )


def _difference(outlook: Outlook, visit: Visit, watch: Watch, version: str) -> Judgement:
    real = settled_by_insurer(visit)
    simulated = outlook.settlement
    if real is None:  # withdrawn: nothing to compare with any more
        value, shown = 0, NOT_SETTLED
    else:
        value, shown = abs(simulated.fund_total_fen - real.fund_total_fen), real

    def tell(_: int, *, cleared: bool) -> Telling:
        causes = difference_sentence(simulated, shown)
        return words.difference_telling(watch, version, simulated, shown, causes, cleared=cleared)

    return Judgement(value, tell)


MEASURES: dict[Rule, Callable[[Outlook, Visit, Watch, str], Judgement]] = {
    Rule.PAYMENT_STANDARD: _standard,
    Rule.PREDICTED_LOSS: _loss,
    Rule.CAP_REACHED: _cap,
    Rule.SETTLEMENT_DIFFERENCE: _difference,
}
MONEY_RULES = frozenset(MEASURES)
JUDGED_KEYS = frozenset(episode_key(rule) for rule in (*MEASURES, Rule.COVERAGE_MISSING))
NO_MONEY = ("政策规则库已无结算与支付规则，提醒结束。", "The book has no rules of money any more; this alert ended.")

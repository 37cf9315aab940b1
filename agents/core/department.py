"""The running state of one department in one month: sums of what each visit contributes, absolute and versioned.

A contribution replaces the visit's earlier one: sums move by the difference, so a repeated or late one changes nothing.
The whole hospital is one more department, named `*`.
"""

from collections.abc import Callable

import msgspec

from agents.core import messages
from agents.core.budget import Execution, execution, month_budget
from agents.core.budget_messages import budget_telling, no_budget_telling
from agents.core.episodes import (
    HISTORY_LIMIT,
    NONE,
    Episode,
    Moment,
    Telling,
    acknowledge,
    current_level,
    next_level,
    step,
)
from agents.core.policy import FOURFOLD_BP, Policy, Watch
from agents.core.publish import episode_fields
from schemas.alerts import Alert, Rule
from schemas.facts import DepartmentFact
from schemas.ledger import WHOLE_HOSPITAL, Ack, Contribution, DepartmentAck
from schemas.units import day_number, ratio_bp, reached_bp


class Sums(msgspec.Struct, array_like=True):
    """Integer sums over the contributions of a department and month (fen and counts)."""

    amount: int = 0
    drug: int = 0
    herbal: int = 0
    material: int = 0
    test: int = 0
    self_pay: int = 0
    charges: int = 0
    visits: int = 0
    responsible: int = 0
    discharged: int = 0
    bed_days: int = 0
    basic: int = 0
    quota: int = 0
    over_quota: int = 0
    over_4x: int = 0
    over_4x_fen: int = 0
    fund: int = 0
    income: int = 0
    profit: int = 0
    predicted_profit: int = 0
    losses: int = 0

    def spent(self, basis: str) -> int:
        """What counts against a budget with this basis.

        `total`, `basic` (total − 丙): the month's charges; `fund`: of the visits answered for, by month of admission.
        """
        return {"fund": self.fund, "total": self.amount, "basic": self.amount - self.self_pay}[basis]

    def add(self, row: Contribution, sign: int) -> None:
        """Add one visit's contribution, or take it away (`sign` −1)."""
        self.amount += sign * row.amount_fen
        self.drug += sign * row.drug_fen
        self.herbal += sign * row.herbal_fen
        self.material += sign * row.material_fen
        self.test += sign * row.test_fen
        self.self_pay += sign * row.self_pay_fen
        self.charges += sign * row.charge_count
        self.visits += sign * (row.charge_count > 0)
        if not row.responsible:
            return
        self.responsible += sign
        self.discharged += sign * row.discharged
        self.bed_days += sign * row.bed_days
        self.fund += sign * row.fund_fen
        self.income += sign * row.income_fen
        self.profit += sign * row.profit_fen
        self.predicted_profit += sign * row.predicted_profit_fen
        self.losses += sign * (row.predicted_profit_fen < 0)
        # Use of quota compares like with like: only visits that have one count on either side.
        if row.quota_fen > 0:
            over = row.basic_fen - row.quota_fen * FOURFOLD_BP // 10_000
            self.basic += sign * row.basic_fen
            self.quota += sign * row.quota_fen
            self.over_quota += sign * (row.basic_fen > row.quota_fen)
            self.over_4x += sign * (over > 0)
            self.over_4x_fen += sign * max(0, over)


class DepartmentState(msgspec.Struct, array_like=True):
    """What is stored of one department and month. Fields may only be appended, with defaults."""

    applied: int = 0
    sums: Sums = msgspec.field(default_factory=Sums)
    episodes: dict[str, Episode] = msgspec.field(default_factory=dict)
    as_of: int = 0
    #: Episodes that a later one took the place of in the latest batch: told again after a crash, then forgotten.
    superseded: list[Episode] = msgspec.field(default_factory=list)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(DepartmentState)


def encode_state(state: DepartmentState) -> bytes:
    """The state as stored."""
    return _encoder.encode(state)


def decode_state(value: bytes) -> DepartmentState:
    """Read a stored state."""
    return _decoder.decode(value)


def contribute(
    state: DepartmentState, known: Contribution | None, row: Contribution, version: int, policy: Policy
) -> list[Episode] | None:
    """Put a visit's contribution in the place of its earlier one. None where it says nothing new.

    One of the same version that says something else was told again under another policy book: the later one counts.
    """
    if known is not None and (row.version < known.version or row == known):
        return None
    if known is not None:
        state.sums.add(known, -1)
    state.sums.add(row, 1)
    state.applied = version
    state.as_of = max(state.as_of, row.as_of)
    moment = Moment(row.as_of, f"{row.patient_id}|{row.visit_id}", version)
    return _judge(state, row.hospital, row.department, row.month, moment, policy)


def alert_named(state: DepartmentState, prefix: str, alert_id: str) -> Episode | None:
    """The episode an alert id names; None for an unknown one, or one that a later episode has replaced."""
    key, _, number = alert_id.removeprefix(prefix).rpartition("|")
    episode = state.episodes.get(key)
    return episode if alert_id.startswith(prefix) and episode and str(episode.number) == number else None


def answer(state: DepartmentState, episode: Episode, ack: Ack, moment: Moment) -> bool:
    """Note an answer to one of the department's alerts; False for a repetition."""
    if not acknowledge(episode, ack, moment):
        return False
    state.applied = moment.version
    return True


def is_answered(state: DepartmentState, prefix: str, entry: DepartmentAck) -> bool:
    """Whether this answer was noted; also where the episode's history may have forgotten it."""
    named = alert_named(state, prefix, entry.ack.alert_id)
    replaced = [episode for episode in state.superseded if _alert_id(prefix, episode) == entry.ack.alert_id]
    return any(
        len(episode.history) >= HISTORY_LIMIT or any(step.event_id == entry.event_id for step in episode.history)
        for episode in ([named] if named else replaced)
    )


def _alert_id(prefix: str, episode: Episode) -> str:
    return f"{prefix}{episode.rule}|{episode.subject}|{episode.number}"


def alert_prefix(hospital: str, department: str, month: int) -> str:
    """What the ids of a department's alerts begin with."""
    return f"{hospital}|{department}|{month}|"


def _judge(
    state: DepartmentState, hospital: str, department: str, month: int, moment: Moment, policy: Policy
) -> list[Episode]:
    day = day_number(f"{month // 100:04d}-{month % 100:02d}-01")
    rules = policy.watches(hospital, department, "", "", day).by_rule
    changed = []
    if department == WHOLE_HOSPITAL:
        budget_rule = Rule.HOSPITAL_BUDGET
    else:
        budget_rule = Rule.DEPARTMENT_BUDGET
        changed += [
            _ratio(state, watch, part, whole, moment, policy.version)
            for rule, part, whole in _ratios(state.sums, rules.get(Rule.DEPARTMENT_DRUG_RATIO))
            if (watch := rules.get(rule)) is not None
        ]
    watch = rules.get(budget_rule)
    if watch is not None:
        changed.append(_budget(state, watch, hospital, department, month, moment, policy))
    return [episode for episode in changed if episode is not None]


def _ratios(sums: Sums, drug_watch: Watch | None) -> tuple[tuple[Rule, int, int], ...]:
    herbal = sums.herbal if drug_watch is not None and drug_watch.with_herbal else 0
    return (
        (Rule.DEPARTMENT_QUOTA, sums.basic, sums.quota),
        (Rule.DEPARTMENT_DRUG_RATIO, sums.drug + herbal, sums.amount),
        (Rule.DEPARTMENT_MATERIAL_RATIO, sums.material, sums.amount),
    )


def _ratio(state: DepartmentState, watch: Watch, part: int, whole: int, moment: Moment, version: str) -> Episode | None:
    value = reached_bp(part, whole) if whole >= watch.min_total else 0
    return _move(
        state, watch, value, moment,
        lambda cleared: messages.ratio_telling(watch, version, part, whole, cleared=cleared),
    )  # fmt: skip


def _budget(
    state: DepartmentState, watch: Watch, hospital: str, department: str, month: int, moment: Moment, policy: Policy
) -> Episode | None:
    found = _execution(hospital, department, month, state, policy)
    if found is None:
        spent = state.sums.fund
        return _move(state, watch, 0, moment, lambda _: no_budget_telling(watch, policy.version, month, spent))
    value = reached_bp(found.spent_fen, found.to_date_fen) if found.to_date_fen >= watch.min_total else 0
    return _move(
        state, watch, value, moment,
        lambda cleared: budget_telling(watch, policy.version, month, found, cleared=cleared),
    )  # fmt: skip


def _execution(hospital: str, department: str, month: int, state: DepartmentState, policy: Policy) -> Execution | None:
    budget = month_budget(policy, hospital, department, month)
    if budget is None:
        return None
    return execution(budget, month, state.as_of, policy.zone, state.sums.spent(budget.basis))


def _move(
    state: DepartmentState, watch: Watch, value: int, moment: Moment, tell: Callable[[bool], Telling]
) -> Episode | None:
    key = f"{watch.rule}|"
    episode = state.episodes.get(key)
    current = current_level(episode, watch)
    level = next_level(watch, current, value)
    if level == current and not (level == NONE and episode is not None and episode.is_open):
        return None
    if episode is not None and not episode.is_open:
        state.superseded.append(episode)
    state.episodes[key] = episode = step(episode, watch, "", level, value, moment, tell(level == NONE))
    return episode


def department_alert(hospital: str, department: str, month: int, episode: Episode) -> Alert:
    """The published form of a department's episode."""
    return Alert(
        alert_id=_alert_id(alert_prefix(hospital, department, month), episode),
        hospital=hospital,
        department=department,
        month=month,
        **episode_fields(episode),
    )


def department_fact(
    hospital: str, department: str, month: int, state: DepartmentState, policy: Policy
) -> DepartmentFact:
    """The department's month as published."""
    sums = state.sums
    found = _execution(hospital, department, month, state, policy)
    return DepartmentFact(
        hospital=hospital,
        department=department,
        month=month,
        version=state.applied,
        policy_version=policy.version,
        as_of=state.as_of,
        amount_fen=sums.amount,
        drug_fen=sums.drug,
        herbal_fen=sums.herbal,
        material_fen=sums.material,
        test_fen=sums.test,
        self_pay_fen=sums.self_pay,
        charge_count=sums.charges,
        visit_count=sums.visits,
        responsible_count=sums.responsible,
        discharged_count=sums.discharged,
        bed_days=sums.bed_days,
        basic_fen=sums.basic,
        quota_fen=sums.quota,
        quota_used_bp=ratio_bp(sums.basic, sums.quota),
        over_quota_count=sums.over_quota,
        over_4x_count=sums.over_4x,
        over_4x_fen=sums.over_4x_fen,
        drug_bp=ratio_bp(sums.drug, sums.amount),
        drug_with_herbal_bp=ratio_bp(sums.drug + sums.herbal, sums.amount),
        material_bp=ratio_bp(sums.material, sums.amount),
        test_bp=ratio_bp(sums.test, sums.amount),
        self_pay_bp=ratio_bp(sums.self_pay, sums.amount),
        open_alerts=tuple(sorted(f"{e.rule}:{e.level_name}" for e in state.episodes.values() if e.is_open)),
        fund_fen=sums.fund,
        income_fen=sums.income,
        profit_fen=sums.profit,
        predicted_profit_fen=sums.predicted_profit,
        loss_count=sums.losses,
        budget_basis=found.budget.basis if found else "",
        budget_fen=found.budget.amount_fen if found else 0,
        budget_to_date_fen=found.to_date_fen if found else 0,
        budget_spent_fen=found.spent_fen if found else 0,
        budget_used_bp=ratio_bp(found.spent_fen, found.budget.amount_fen) if found else None,
        budget_pace_bp=ratio_bp(found.spent_fen, found.to_date_fen) if found else None,
    )

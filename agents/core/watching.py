"""What is watched on a visit: which measures, between which values nothing changes, what happens beyond them.

Every entry is judged by itself, so that an alert names the very event that crossed the line, whatever batch it came in.
"""

from collections.abc import Callable

from agents.core import messages
from agents.core.episodes import (
    NONE,
    Episode,
    Moment,
    Telling,
    bounds,
    current_level,
    next_level,
    step,
)
from agents.core.marks import ChargeMark
from agents.core.policy import Policy, Watch, Watches
from agents.core.tally import DRUG_CATEGORIES, MATERIAL_CATEGORY, Tally
from agents.core.visit import Visit
from schemas.alerts import Rule
from schemas.facts import VisitStatus
from schemas.units import day_of, reached_bp

EVERY_RULE = frozenset(Rule)
NEVER_UP, NEVER_DOWN = 1 << 62, -(1 << 62)


def _ratio(part: int, total: int, watch: Watch) -> int:
    if total <= 0 or total < watch.min_total:
        return 0
    value = part * 10_000 // total
    return value if 0 <= value <= 10_000 else reached_bp(part, total)  # spelled out: this runs for every charge


def _drugs(tally: Tally, watch: Watch) -> int:
    return tally.drug + tally.herbal if watch.with_herbal else tally.drug


MEASURES: dict[Rule, Callable[[Tally, Watch], int]] = {
    Rule.CASE_COST: lambda tally, _: tally.amount,
    Rule.DRUG_RATIO: lambda tally, watch: _ratio(_drugs(tally, watch), tally.amount, watch),
    Rule.MATERIAL_RATIO: lambda tally, watch: _ratio(tally.material, tally.amount, watch),
    Rule.SELF_PAY_RATIO: lambda tally, watch: _ratio(tally.self_pay, tally.amount, watch),
}


class Meter:
    """One measure of money, with the values between which nothing changes."""

    __slots__ = ("down", "measure", "up", "watch")

    def __init__(self, watch: Watch, measure: Callable[[Tally, Watch], int], episode: Episode | None) -> None:
        self.watch = watch
        self.measure = measure
        self.set_bounds(episode)

    def set_bounds(self, episode: Episode | None) -> None:
        """Follow the episode: where the next change lies on either side."""
        current = current_level(episode, self.watch)
        up, down = bounds(self.watch, current)
        self.up = NEVER_UP if up is None else up
        if current == NONE and episode is not None and episode.is_open:
            self.up = NEVER_DOWN  # its level has no threshold in this policy: whatever the value, judge it
        self.down = NEVER_DOWN if down is None else down


class Watching:
    """The watches that hold for one visit, resolved for its present department, care type and insurance."""

    def __init__(self, visit: Visit, policy: Policy, scope: tuple[str, str, str, str, int]) -> None:
        self.scope = scope
        self.stay = visit.stay
        self.watches: Watches = policy.watches(*scope)
        rules = self.watches.by_rule
        #: Rules that nothing says anything about here: an episode of theirs that is open has to end.
        self.silent = EVERY_RULE - rules.keys()
        self.item_rules = tuple(
            (rules[rule], sum(1 << category for category in categories), flagged)
            for rule, categories, flagged in (
                (Rule.VALUABLE_DRUG, DRUG_CATEGORIES, policy.valuable),
                (Rule.CONSUMABLE, {MATERIAL_CATEGORY}, policy.high_value),
            )
            if rule in rules
        )
        self.meters: list[Meter] = []
        quota = self.watches.quota
        if quota is not None and Rule.VISIT_QUOTA in rules:
            basic = quota.basis == "basic"
            self._meter(visit, rules[Rule.VISIT_QUOTA], (lambda t, _: t.basic) if basic else (lambda t, _: t.amount))
        for rule, measure in MEASURES.items():
            if rule in rules:
                self._meter(visit, rules[rule], measure)

    def _meter(self, visit: Visit, watch: Watch, measure: Callable[[Tally, Watch], int]) -> None:
        self.meters.append(Meter(watch, measure, visit.head.episodes.get(episode_key(watch.rule))))


def episode_key(rule: Rule, subject: str = "") -> str:
    """Key of an episode within its visit or department."""
    return f"{rule}|{subject}"


def length_of_stay(visit: Visit, policy: Policy) -> int | None:
    """住院天数: discharge date − admission date, the same day is 1; None before admission and for outpatients."""
    stay = visit.stay
    if stay.admitted_at is None or stay.is_outpatient:
        return None
    until = stay.discharged_at if stay.discharged_at is not None else visit.head.as_of
    return max(1, day_of(until, policy.zone) - day_of(stay.admitted_at, policy.zone))


def watching_of(visit: Visit, policy: Policy) -> Watching:
    """The visit's watches, resolved afresh when its scope has changed.

    The day of admission says which entries are in force; until it is known, the visit's latest day.
    """
    stay, known = visit.stay, visit.watching
    if isinstance(known, Watching) and known.stay is stay and stay.admitted_at is not None:
        return known  # the stay is folded afresh whenever it changes
    moment = stay.admitted_at if stay.admitted_at is not None else visit.head.as_of
    scope = (visit.key.hospital, stay.department, stay.care_type, stay.insurance_type, day_of(moment, policy.zone))
    if isinstance(known, Watching) and known.scope == scope:
        known.stay = stay
        return known
    visit.watching = fresh = Watching(visit, policy, scope)
    return fresh


def judge_charge(visit: Visit, policy: Policy, watching: Watching, mark: ChargeMark, moment: Moment) -> list[Episode]:
    """After one charge was applied: the episodes that it changed."""
    changed = judge_money(visit, policy, watching, moment)
    if mark.item:
        _judge_item(visit, policy, watching, mark.item, moment, changed)
    return changed


def judge_items(visit: Visit, policy: Policy, watching: Watching, moment: Moment) -> list[Episode]:
    """All items of the visit, after its scope may have changed: what was charged before the admission came counts."""
    changed: list[Episode] = []
    if watching.item_rules and visit.stay.status is not VisitStatus.CANCELLED:
        for item in visit.tally.items:
            _judge_item(visit, policy, watching, item, moment, changed)
    return changed


def judge_money(visit: Visit, policy: Policy, watching: Watching, moment: Moment) -> list[Episode]:
    """The measures of money: quota, case cost, ratios."""
    changed: list[Episode] = []
    if visit.stay.status is VisitStatus.CANCELLED:
        return changed  # judge_stay ends every episode
    tally = visit.tally
    for meter in watching.meters:
        value = meter.measure(tally, meter.watch)
        if meter.down <= value < meter.up:
            continue
        episode = judge(
            visit, meter.watch, "", value, moment, _money_teller(visit, policy, watching, meter.watch, value)
        )
        if episode is not None:
            changed.append(episode)
        meter.set_bounds(visit.head.episodes.get(episode_key(meter.watch.rule)))
    return changed


def judge_stay(visit: Visit, policy: Policy, watching: Watching, moment: Moment) -> list[Episode]:
    """After the stay or the day changed: length of stay and transfers."""
    changed: list[Episode] = []
    rules = watching.watches.by_rule
    watch, days = rules.get(Rule.LENGTH_OF_STAY), length_of_stay(visit, policy)
    if watch is not None and days is not None:
        changed += _judge_days(visit, policy, watch, days, moment)
    watch = rules.get(Rule.TRANSFER)
    if watch is not None:
        changed += _judge_transfers(visit, policy, watch, moment)
    cleared: list[Episode] = []
    if visit.stay.status is VisitStatus.CANCELLED:
        cleared += end_episodes(
            visit, EVERY_RULE, moment, "入院已撤销，提醒结束。", "The admission was cancelled; this alert ended."
        )
    cleared += end_episodes(
        visit, watching.silent, moment, "已无适用的规则，提醒结束。", "No rule applies any more; this alert ended."
    )
    if cleared:
        for meter in watching.meters:
            meter.set_bounds(visit.head.episodes.get(episode_key(meter.watch.rule)))
    return changed + cleared


def _judge_days(visit: Visit, policy: Policy, watch: Watch, days: int, moment: Moment) -> list[Episode]:
    def tell(reached: int, *, cleared: bool) -> Telling:
        return messages.days_telling(watch, policy.version, days, reached, cleared=cleared)

    episode = judge(visit, watch, "", days, moment, tell)
    return [episode] if episode is not None else []


def judge(
    visit: Visit, watch: Watch, subject: str, value: int, moment: Moment, tell: Callable[..., Telling]
) -> Episode | None:
    """Bring a rule's episode to the level this value (in the unit of the watch) asks for; the episode if it changed."""
    key = episode_key(watch.rule, subject)
    episode = visit.head.episodes.get(key)
    if visit.stay.status is VisitStatus.CANCELLED:
        value = NEVER_DOWN
    current = current_level(episode, watch)
    level = next_level(watch, current, value)
    if level == current and not (level == NONE and episode is not None and episode.is_open):
        return None
    telling = tell(watch.at[max(level, 0)], cleared=level == NONE)
    if episode is not None and not episode.is_open:
        visit.head.superseded.append(episode)
    shown = value if value > NEVER_DOWN else 0
    if watch.rule is Rule.VISIT_QUOTA:
        shown = telling.derivation.inputs["used_bp"]
    episode = step(episode, watch, subject, level, shown, moment, telling)
    if watch.rule is Rule.VISIT_QUOTA:
        episode.threshold = watch.at[max(level, 0)] * 10_000 // telling.derivation.inputs["quota_fen"]
    visit.head.episodes[key] = episode
    episode.place = visit.stay.whereabouts
    return episode


def _money_teller(visit: Visit, policy: Policy, watching: Watching, watch: Watch, value: int) -> Callable[..., Telling]:
    tally, quota = visit.tally, watching.watches.quota

    def tell(reached: int, *, cleared: bool) -> Telling:
        if watch.rule is Rule.VISIT_QUOTA and quota is not None:
            return messages.quota_telling(watch, policy.version, quota, value, reached, cleared=cleared)
        if watch.rule is Rule.CASE_COST:
            return messages.money_telling(watch, policy.version, value, reached, cleared=cleared)
        part = {
            Rule.DRUG_RATIO: _drugs(tally, watch),
            Rule.MATERIAL_RATIO: tally.material,
            Rule.SELF_PAY_RATIO: tally.self_pay,
        }[watch.rule]
        return messages.ratio_telling(watch, policy.version, part, tally.amount, cleared=cleared)

    return tell


def _judge_item(
    visit: Visit, policy: Policy, watching: Watching, item: str, moment: Moment, changed: list[Episode]
) -> None:
    """Unit price against its lines while any of the item is charged; a flagged item reaches at least the first."""
    use = visit.tally.items[item]
    price_fen = use.price // 10_000
    for watch, categories, flagged in watching.item_rules:
        if not use.categories & categories:
            continue
        value = price_fen if use.amount > 0 else 0
        if use.amount > 0 and not flagged.isdisjoint(use.codes):
            value = max(value, watch.at[0])
        if value < watch.at[0] and episode_key(watch.rule, item) not in visit.head.episodes:
            continue

        def tell(_: int, *, cleared: bool, watch: Watch = watch) -> Telling:
            return messages.item_telling(watch, policy.version, item, price_fen, use.amount, cleared=cleared)

        episode = judge(visit, watch, item, value, moment, tell)
        if episode is not None:
            changed.append(episode)


def _judge_transfers(visit: Visit, policy: Policy, watch: Watch, moment: Moment) -> list[Episode]:
    """One notice a transfer, ended by the discharge or when the transfer turns out not to have been."""
    changed: list[Episode] = []
    places = visit.stay.places
    over = visit.stay.status is VisitStatus.DISCHARGED
    wanted = {
        f"{places[index - 1].department}>{places[index].department}@{places[index].entered_at}": index
        for index in range(1, len(places))
    }
    known = [episode.subject for episode in visit.head.episodes.values() if episode.rule == Rule.TRANSFER]
    if not wanted and not known:
        return changed
    split = [(place.department, visit.tally.segments.get(index, 0)) for index, place in enumerate(places)]
    for subject in [*known, *(subject for subject in wanted if subject not in known)]:
        index = wanted.get(subject, 0)
        value = 0 if over or subject not in wanted else max(index, watch.at[0])
        before, _, rest = subject.partition(">")

        def tell(
            _: int, *, cleared: bool, index: int = index, here: tuple[str, str] = (before, rest.partition("@")[0])
        ) -> Telling:
            return messages.transfer_telling(watch, policy.version, here, split, index, cleared=cleared)

        if value == 0 and subject not in known:
            continue
        episode = judge(visit, watch, subject, value, moment, tell)
        if episode is not None:
            changed.append(episode)
    return changed


def end_episodes(visit: Visit, rules: frozenset[Rule], moment: Moment, zh: str, en: str) -> list[Episode]:
    """End every open episode of these rules, whatever its value."""
    changed: list[Episode] = []
    for episode in visit.head.episodes.values():
        if episode.is_open and Rule(episode.rule) in rules:
            why = episode.derivation
            watch = Watch(Rule(episode.rule), why.policy_id, why.policy_source, (), (episode.threshold,), 0, 0)
            telling = Telling(zh, en, why, episode.unit)
            changed.append(step(episode, watch, episode.subject, NONE, episode.value, moment, telling))
            episode.place = visit.stay.whereabouts
    return changed

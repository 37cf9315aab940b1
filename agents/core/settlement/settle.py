"""The simulated settlement (模拟结算): a visit's split sums, the terms, the year so far → a settlement with its steps.

Pure and total: any case gives a settlement whose identities hold (schemas/settlement.py). One stretch of a visit is
reckoned in agents/core/settlement/reckoning.py; here the visit is cut where it must be:

- at the year's end, where the benefit says `split`: what is per visit goes on over the year's end (one deductible,
  bands and limits of the visit), what is per year begins anew, each year by its own terms. A year in which more was
  refunded than charged within scope is reckoned with the year before it, whose charges it takes back;
- after each mid-stay settlement (中途结算): a period is worth what the visit through its last day is worth, less what
  it was worth before; so the periods sum to the whole reckoned at once, to the fen.
"""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from agents.core.case import Case
from agents.core.settlement.lines import LineSums
from agents.core.settlement.reckoning import Carried, Figures, Reckoned, reckon
from agents.core.settlement.terms import Terms
from schemas.ledger import YearToDate
from schemas.settlement import Period, SimulatedSettlement, Standing, Step
from schemas.units import EPOCH_ORDINAL, month_of, ratio_bp

#: Terms that hold for the whole visit, or a look-up by day; which day counts is the benefit's own rule (year_end).
TermsOf: TypeAlias = Terms | Callable[[int], Terms]
#: The year before this visit, or a look-up by year. Figures of another year than the one reckoned do not count.
YearOf: TypeAlias = YearToDate | Callable[[int], YearToDate | None] | None


class Part(NamedTuple):
    """A year's part of a visit: its days (both included), its sums, and the sums through each cut within it."""

    year: int
    first_day: int
    last_day: int
    terms: Terms
    sums: LineSums
    cuts: tuple[tuple[int, LineSums], ...] = ()


def settle(case: Case, terms: TermsOf, year: YearOf = None) -> SimulatedSettlement:
    """The settlement of the visit as it stands."""
    held = terms if isinstance(terms, Terms) else terms(case.end_day)
    this_year = year_of(case.end_day)
    admission_year = this_year
    if held.year_end != "discharge" and 0 < case.admitted_day < case.end_day:
        admission_year = year_of(case.admitted_day)
    if admission_year == this_year and not case.mid_stay_days:
        steps: list[Step] = []
        found = reckon(case, case.sums, held, _year(year, this_year), Carried(case.account_balance_fen), steps)
        return _settlement(case, held, this_year, [found], found.figures, steps)
    if admission_year != this_year and held.year_end == "split":
        parts = _by_year(case, held, terms, admission_year, this_year)
    else:
        if admission_year != this_year and not isinstance(terms, Terms):
            held = _known(terms(case.admitted_day), held)
        cuts = _cuts(case, case.by_day.items(), case.admitted_day, case.end_day)
        parts = [Part(admission_year, case.admitted_day, case.end_day, held, case.sums, cuts)]
    return _settle_parts(case, parts, year)


def year_of(day: int) -> int:
    """The calendar year of a day number."""
    return month_of(day) // 100


def _year(year: YearOf, wanted: int) -> YearToDate | None:
    found = year(wanted) if callable(year) else year
    return found if found is not None and found.year == wanted else None


def _settle_parts(case: Case, parts: list[Part], year: YearOf) -> SimulatedSettlement:
    steps: list[Step] = []
    periods: list[Period] = []
    reckoned: list[Reckoned] = []
    carried = Carried(case.account_balance_fen)
    for part in parts:
        before = _year(year, part.year)
        first_day, earlier = part.first_day, None
        for last_day, sums in part.cuts:
            through = reckon(case, sums, part.terms, before, carried, []).figures
            periods.append(_period(part.year, first_day, last_day, through, earlier))
            first_day, earlier = last_day + 1, through
        found = reckon(case, part.sums, part.terms, before, carried, steps, len(periods))
        periods.append(_period(part.year, first_day, part.last_day, found.figures, earlier))
        reckoned.append(found)
        carried = found.carry(carried)
    whole = Figures(*[sum(figure) for figure in zip(*[found.figures for found in reckoned], strict=True)])
    last = parts[-1]
    return _settlement(case, last.terms, last.year, reckoned, whole, steps, periods if len(periods) > 1 else [])


def _known(wanted: Terms, held: Terms) -> Terms:
    """Terms of another year, as far as the book still (or already) has them; else those of the year that is held."""
    return wanted if wanted.standing == Standing.SIMULATED else held


def _by_year(case: Case, held: Terms, terms: TermsOf, first: int, last: int) -> list[Part]:
    """The visit cut at each year's end. Charges dated before admission or after the end count with the nearest year."""
    years = list(range(first, last + 1))
    days: list[dict[int, LineSums]] = [{} for _ in years]
    sums = [LineSums() for _ in years]
    rest = LineSums()
    rest.add_sums(case.sums)
    for day, of_day in case.by_day.items():
        place = min(max(year_of(day), first), last) - first
        days[place][day] = of_day
        sums[place].add_sums(of_day)
        rest.add_sums(of_day, -1)
    sums[-1].add_sums(rest)  # nothing, unless the days do not add up to the visit
    # Backwards first: a refund takes back what was charged earlier.
    for place, other in (*pairwise(reversed(range(len(years)))), *pairwise(range(len(years)))):
        if sums[place].within_scope < 0:
            days[other] |= days[place]
            sums[other].add_sums(sums[place])
            days[place], sums[place] = {}, LineSums()
    parts = []
    for place, year in enumerate(years):
        begins = case.admitted_day if year == first else date(year, 1, 1).toordinal() - EPOCH_ORDINAL
        ends = case.end_day if year == last else date(year, 12, 31).toordinal() - EPOCH_ORDINAL
        of_year = terms if isinstance(terms, Terms) else _known(terms(ends), held)
        cuts = _cuts(case, days[place].items(), begins, ends)
        parts.append(Part(year, begins, ends, of_year, sums[place], cuts))
    return parts


def _cuts(
    case: Case, days: Iterable[tuple[int, LineSums]], first_day: int, last_day: int
) -> tuple[tuple[int, LineSums], ...]:
    """The sums through each mid-stay settlement before the last day."""
    found = []
    by_day = sorted(days, key=_day)
    for cut in sorted(set(case.mid_stay_days)):
        if first_day <= cut < last_day:
            through = LineSums()
            for day, sums in by_day:
                if day <= cut:
                    through.add_sums(sums)
            found.append((cut, through))
    return tuple(found)


def _day(item: tuple[int, LineSums]) -> int:
    return item[0]


def _period(year: int, first_day: int, last_day: int, through: Figures, earlier: Figures | None) -> Period:
    """What a period adds to what the part was worth before it."""
    found = through
    if earlier is not None:
        found = Figures(*[after - before for after, before in zip(through, earlier, strict=True)])
    return Period(
        year, first_day, last_day, found.total, found.full_self_pay, found.over_limit, found.first_self_pay,
        found.within_scope, found.deductible, found.base, found.basic_fund, sum(found.layers),
        found.fund_total, found.hospital_part, found.patient_part, found.account_paid, found.cash_paid,
    )  # fmt: skip


def _settlement(
    case: Case,
    terms: Terms,
    year: int,
    reckoned: list[Reckoned],
    whole: Figures,
    steps: list[Step],
    periods: Iterable[Period] = (),
) -> SimulatedSettlement:
    last = reckoned[-1]
    first = next((found for found in reckoned if found.standing == Standing.SIMULATED), last)
    return SimulatedSettlement(
        standing=first.standing,
        total_fen=whole.total,
        full_self_pay_fen=whole.full_self_pay,
        over_limit_fen=whole.over_limit,
        first_self_pay_fen=whole.first_self_pay,
        within_scope_fen=whole.within_scope,
        deductible_fen=whole.deductible,
        deductible_standard_fen=first.standard,
        basic_fund_fen=whole.basic_fund,
        pool_share_bp=ratio_bp(whole.basic_fund, whole.base) or 0,
        proportion_fen=whole.proportion,
        over_cap_fen=whole.over_cap,
        civil_servant_fen=whole.civil_servant,
        enterprise_fen=whole.enterprise,
        critical_illness_fen=whole.critical_illness,
        large_amount_fen=whole.large_amount,
        disabled_fen=whole.disabled,
        assistance_fen=whole.assistance,
        other_fund_fen=whole.other_fund,
        fund_total_fen=whole.fund_total,
        hospital_part_fen=whole.hospital_part,
        patient_part_fen=whole.patient_part,
        account_paid_fen=whole.account_paid,
        cash_paid_fen=whole.cash_paid,
        balance_fen=case.account_balance_fen,
        test_within_fen=whole.test_within,
        test_limit_fen=terms.test_limit,
        test_over_fen=whole.test_over,
        unmapped_fen=whole.unmapped,
        cap_fen=terms.cap,
        cap_used_fen=last.cap_used,
        admission_number=first.number,
        benefit_id=terms.benefit_id,
        benefit_source=terms.benefit_source,
        book_version=terms.book_version,
        steps=tuple(steps),
        over_disease_limit_fen=whole.over_disease_limit,
        year=year,
        pool=terms.pool,
        periods=tuple(periods),
    )

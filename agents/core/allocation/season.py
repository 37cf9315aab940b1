"""Months: how a year's budget falls on them, by the seasons of the history; and a year's amount split by its shares."""

from collections.abc import Iterable, Mapping, Sequence

from agents.core.allocation.rounding import apportion
from agents.core.allocation.sample import MONTH, VALUE, Case

MONTHS = range(1, 13)
EQUAL = (834, 834, 834, 834, 833, 833, 833, 833, 833, 833, 833, 833)


def month_sums(cases: Iterable[Case]) -> list[int]:
    """Money of each month (January first)."""
    sums = [0] * 12
    for case in cases:
        sums[case[MONTH] - 1] += case[VALUE]
    return sums


def season_of(by_year: Mapping[int, Sequence[int]], covered: Mapping[int, set[int]]) -> tuple[int, ...] | None:
    """Shares of the twelve months in basis points, 10,000 together; None where there is nothing to learn them from.

    by_year: money of each month of each year. covered: the months of which the hospital has records; a month is the
    mean of the years that have it, and one that no year has is the mean of the other months.
    """
    means: dict[int, int] = {}
    for month in MONTHS:
        years = [year for year, months in covered.items() if month in months]
        if years:
            # Twelfths of a fen more than enough: sums are compared, not shown. 6 divides by 1, 2 and 3 years.
            means[month] = 6 * sum(by_year[year][month - 1] for year in years if year in by_year) // len(years)
    if not sum(means.values()):
        return None
    usual = sum(means.values()) // len(means)
    return tuple(apportion(10_000, [means.get(month, usual) for month in MONTHS]))


def month_amounts(amount_fen: int, months_bp: Sequence[int]) -> list[int]:
    """A year's amount split by the shares of its months (empty: twelve equal parts), exact to the fen."""
    return apportion(amount_fen, list(months_bp) or [1] * 12)

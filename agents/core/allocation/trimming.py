"""Outliers: which cases of a year do not count towards its mean. They still are cases, and their money is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.core.allocation.plan import Trim
from agents.core.allocation.sample import VALUE, Case


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The cases that stay, in ascending order, and what was taken off at either end."""

    kept: Sequence[Case]
    low: Sequence[Case]
    high: Sequence[Case]


def trim_cases(cases: Sequence[Case], trim: Trim) -> Trimmed:
    """Split ascending cases. At least one stays of any that are not none (Trim keeps the median in).

    Of n cases, ⌊n × low⌋ at the lower and ⌊n × high⌋ at the upper end go; then whatever is still further from the
    median of all n than the multiple allows: value > times × median, or value < median ÷ times.
    """
    count = len(cases)
    first = count * trim.low_bp // 10_000
    last = count - count * trim.high_bp // 10_000
    if trim.median_times_bp and count:
        # Twice the median, so that it is a whole number also between two cases.
        doubled = cases[(count - 1) // 2][VALUE] + cases[count // 2][VALUE]
        while cases[first][VALUE] * 2 * trim.median_times_bp < doubled * 10_000:
            first += 1
        while cases[last - 1][VALUE] * 20_000 > doubled * trim.median_times_bp:
            last -= 1
    return Trimmed(cases[first:last], cases[:first], cases[last:])

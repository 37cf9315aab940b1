"""`Adjustment` (人工调整): what a person changes about a department's quota or budget, with the reason and the name."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from schemas.book.entry import E4, Part, Yuan, both


class Adjustment(Part):
    """One line of the adjustment file. An empty care or insurance type stands for all of the department's.

    factor: multiplies the proposed quota. quota: fixes it, yuan a visit. budget: fixes the budget, yuan a year.
    cases: visits expected in the year. mix: expected mean weight (or score) of a visit. A department without history
    is a new one: it names its care type and its cases.
    """

    department: Annotated[str, Field(min_length=1)]
    care_type: str = ""
    insurance_type: str = ""
    factor: Annotated[E4, Field(gt=0, le=1_000_000)] | None = None
    quota: Annotated[Yuan, Field(gt=0)] | None = None
    budget: Annotated[Yuan, Field(gt=0)] | None = None
    cases: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    mix: Annotated[E4, Field(gt=0)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    who: Annotated[str, Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _one_of(self) -> "Adjustment":
        if all(value is None for value in (self.factor, self.quota, self.budget, self.cases, self.mix)):
            raise ValueError(
                both(
                    "没有写明调整什么：须有 factor、quota、budget、cases、mix 之一",
                    "nothing is changed: give one of factor, quota, budget, cases and mix",
                )
            )
        if sum(value is not None for value in (self.factor, self.quota, self.budget)) > 1:
            raise ValueError(
                both("factor、quota、budget 只能写一个", "only one of factor, quota and budget may be given")
            )
        return self

    @property
    def changes_quota(self) -> bool:
        """Whether it decides about money, and so lifts the limit of change."""
        return self.factor is not None or self.quota is not None or self.budget is not None

    def concerns(self, department: str, care_type: str, insurance_type: str) -> bool:
        """Whether it is about visits of this kind."""
        return (
            self.department == department
            and self.care_type in {"", care_type}
            and self.insurance_type in {"", insurance_type}
        )

    @property
    def kind(self) -> tuple[str, str, str]:
        """What it is about: two adjustments of one kind contradict each other."""
        return self.department, self.care_type, self.insurance_type


def most_specific_adjustment(
    adjustments: Iterable[Adjustment], department: str, care_type: str, insurance_type: str
) -> Adjustment | None:
    """The one that counts: a named care type outweighs a named insurance type, as everywhere in the book."""
    return max(
        (found for found in adjustments if found.concerns(department, care_type, insurance_type)),
        key=lambda found: (bool(found.care_type), bool(found.insurance_type)),
        default=None,
    )

"""A patient's year so far (累计信息, 5206) as an admission event may carry it. Amounts as everywhere at the border."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.fields import CodeText, Fen, Ms


class _YearPart(BaseModel):
    """A part of the year so far. An unknown field is refused: a figure that is read past would be a wrong payment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


class PoolYear(_YearPart):
    """One pool of the year so far: deductible paid, cost that went through the bands, paid by the basic fund."""

    deductible: Fen = 0
    base: Fen = 0
    fund: Fen = 0


class LayerYear(_YearPart):
    """One layer of the year so far: its cumulated base, and what it has paid."""

    base: Fen = 0
    paid: Fen = 0


class YearToDate(_YearPart):
    """累计信息 (5206): the patient's year before this visit, as the insurer states it.

    `as_of`: when that was; absent: the time of the event. Pools: inpatient, outpatient, chronic, or as the book names
    them. Layers: large_amount, critical_illness, civil_servant, enterprise, disabled, assistance, other.
    """

    year: Annotated[int, Field(ge=1990, le=2100)]
    as_of: Ms | None = None
    admissions: Annotated[int, Field(ge=0, le=1000)] = 0
    pools: Annotated[dict[CodeText, PoolYear], Field(max_length=100)] = {}
    layers: Annotated[dict[CodeText, LayerYear], Field(max_length=100)] = {}
    limits: Annotated[dict[CodeText, Fen], Field(max_length=1000)] = {}

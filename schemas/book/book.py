"""`Book`: one policy book, whole: everything in force at an installation, under one version name."""

import gzip
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.book.catalogue import CatalogueItem
from schemas.book.entry import BookEntry, Part, Status
from schemas.book.groups import DipGroup, DrgTables
from schemas.book.payment import Budget, PaymentMethod, Projection, SpecialCase
from schemas.book.points import Point
from schemas.book.rules import Exemption, Prescriber, Rule, RuleSetting, Scene
from schemas.book.settlement import Benefit, Layer
from schemas.book.watching import Quota, Threshold

FORMAT = 1


class Hospital(Part):
    """A hospital of the installation: its code, region (行政区划) and tier (医院级别, one of the book's `tiers`)."""

    code: Annotated[str, Field(min_length=1)]
    name: str = ""
    region: str = ""
    tier: str = ""


class CodeRow(Part):
    """One value of a code table that a region adds (`table` as in schemas/codes/codes.csv)."""

    table: Annotated[str, Field(min_length=1)]
    code: Annotated[str, Field(min_length=1)]
    name_zh: str
    name_en: str = ""
    source: str = ""


class Book(BaseModel):
    """One policy book. `version` is named by every fact, alert and settlement it leads to.

    tiers: hospital tiers from the lowest to the highest, for the checks between tiers.
    region: where hospitals that are not listed lie.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)
    format: Annotated[int, Field(ge=1, le=FORMAT)] = FORMAT
    version: Annotated[str, Field(min_length=1, max_length=64)]
    name: str = ""
    status: Status = Status.ACTIVE
    region: str = ""
    tier: str = ""
    tiers: tuple[str, ...] = ("1", "2", "3")
    hospitals: tuple[Hospital, ...] = ()
    quotas: tuple[Quota, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    layers: tuple[Layer, ...] = ()
    methods: tuple[PaymentMethod, ...] = ()
    budgets: tuple[Budget, ...] = ()
    projections: tuple[Projection, ...] = ()
    special_cases: tuple[SpecialCase, ...] = ()
    catalogue: tuple[CatalogueItem, ...] = ()
    dip: tuple[DipGroup, ...] = ()
    drg: DrgTables = DrgTables()
    codes: tuple[CodeRow, ...] = ()
    rules: tuple[Rule, ...] = ()
    rule_settings: tuple[RuleSetting, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    scenes: tuple[Scene, ...] = ()
    prescribers: tuple[Prescriber, ...] = ()
    points: tuple[Point, ...] = ()

    @property
    def entries(self) -> dict[str, tuple[BookEntry, ...]]:
        """The sections whose entries have scope, dates, source and status, by name."""
        return {name: getattr(self, name) for name in ENTRY_SECTIONS}


ENTRY_SECTIONS = (
    "quotas", "thresholds", "benefits", "layers", "methods", "budgets", "projections", "special_cases",
    "rule_settings", "exemptions",
)  # fmt: skip


def encode_book(book: Book) -> bytes:
    """The book as published: JSON, gzipped. The same book gives the same bytes."""
    return gzip.compress(book.model_dump_json(exclude_defaults=True, by_alias=True).encode(), mtime=0)


def decode_book(value: bytes) -> Book:
    """Read a published book. Raises ValueError (pydantic.ValidationError among them) or OSError for what is none."""
    return Book.model_validate_json(gzip.decompress(value))

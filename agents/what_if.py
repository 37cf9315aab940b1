"""What-if (假设): values a person sets to see what a visit would come to under them. Names and bad values are told.

`--set key=value`: who the patient is, where, under which coverage, and the year so far.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from agents.core.policy import Policy
from agents.core.visit import Visit
from schemas.book import Hospital
from schemas.ledger import LayerYear, PoolYear, YearToDate
from schemas.reasons import RejectError
from schemas.settlement import LAYER_FIELDS
from schemas.units import parse_fen
from streams.logs import SafeError

#: Keys that are texts of the stay, as they are called there.
STAY_KEYS = (
    "insurance_type", "care_type", "person_type", "special_person", "out_of_area", "disease_code", "main_diagnosis",
    "department",
)  # fmt: skip
ACCOUNT_KEYS = ("account_balance", "account_used")
HOSPITAL_KEYS = ("tier", "region")
POOL_FIGURES = ("deductible", "base", "fund")
LAYER_FIGURES = ("base", "paid")
YES, NO = frozenset({"1", "true", "yes", "y", "是"}), frozenset({"0", "false", "no", "n", "否"})
ALLOWED = (
    *STAY_KEYS, *ACCOUNT_KEYS, *HOSPITAL_KEYS, "admissions",
    *(f"year.POOL.{figure}" for figure in POOL_FIGURES),
    *(f"year.LAYER.{figure}" for figure in LAYER_FIGURES),
    "year.limits.DISEASE",
)  # fmt: skip
#: First character of the national care types: 1 outpatient, 2 inpatient.
OUTPATIENT, INPATIENT = "1", "2"


class WhatIfError(SafeError):
    """Settings that cannot be used; one line each."""


@dataclass(slots=True)
class WhatIf:
    """Settings, read. Money in fen. year: (pool or layer, figure) → fen; limits: disease code → fen."""

    stay: dict[str, str] = field(default_factory=dict)
    hospital: dict[str, str] = field(default_factory=dict)
    account_balance_fen: int | None = None
    account_used: bool | None = None
    admissions: int | None = None
    year: dict[tuple[str, str], int] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def changes_year(self) -> bool:
        """Whether the year so far is set."""
        return self.admissions is not None or bool(self.year or self.limits)

    def of_policy(self, policy: Policy, hospital: str) -> Policy:
        """The policy with the hospital in another region or tier."""
        if not self.hospital:
            return policy
        book = policy.book
        known = book.hospitals or ()
        listed = {one.code: one for one in known}
        listed.setdefault(hospital, Hospital(code=hospital, region=book.region, tier=book.tier))
        moved = tuple(one.model_copy(update=self.hospital) for one in listed.values())
        return Policy(book.model_copy(update={"hospitals": moved, **self.hospital}), policy.zone)

    def of_visit(self, visit: Visit) -> None:
        """Set what the stay says; the lines are split afresh."""
        stay = visit.stay
        for name, value in self.stay.items():
            if name == "department":
                if stay.places:
                    stay.places[-1].department = value
            elif name == "main_diagnosis":
                others = [code for code in stay.diagnoses if code not in {stay.main_diagnosis, value}]
                stay.main_diagnosis = value
                stay.diagnoses = tuple(filter(None, (value, *others)))
            else:
                setattr(stay, name, value)
        if self.stay.get("care_type", "")[:1] in {OUTPATIENT, INPATIENT}:
            stay.is_outpatient = stay.care_type.startswith(OUTPATIENT)
        if self.account_balance_fen is not None:
            stay.account_balance = self.account_balance_fen
        if self.account_used is not None:
            stay.account_used = self.account_used
        visit.rating = None
        visit.watching = None

    def of_year(self, year: YearToDate) -> YearToDate:
        """The year with what is set in it."""
        pools, layers = dict(year.pools), dict(year.layers)
        for (name, figure), fen in self.year.items():
            if name in LAYER_FIELDS:
                layers[name] = msgspec.structs.replace(layers.get(name, LayerYear()), **{f"{figure}_fen": fen})
            else:
                pools[name] = msgspec.structs.replace(pools.get(name, PoolYear()), **{f"{figure}_fen": fen})
        admissions = year.admissions if self.admissions is None else self.admissions
        return YearToDate(year.year, year.as_of, admissions, pools, layers, {**year.limits, **self.limits})


def read_what_if(settings: Iterable[str]) -> WhatIf:
    """Read `key=value` settings. Raises WhatIfError with every one that cannot be used."""
    found = WhatIf()
    wrong = []
    for setting in settings:
        key, equals, value = (part.strip() for part in setting.partition("="))
        mistake = _read(found, key, value) if equals else ("应写成 名称=值", "must be written key=value")
        if mistake is not None:
            wrong.append(f"--set {setting}: {mistake[0]} | {mistake[1]}")
    if wrong:
        raise WhatIfError("\n".join(wrong))
    return found


def _read(found: WhatIf, key: str, value: str) -> tuple[str, str] | None:
    """Take one setting, or say what is wrong with it."""
    if key in STAY_KEYS:
        found.stay[key] = value
    elif key in HOSPITAL_KEYS:
        found.hospital[key] = value
    elif key == "account_used":
        if value.lower() not in YES | NO:
            return "应为 1 或 0", "must be 1 or 0"
        found.account_used = value.lower() in YES
    elif key == "admissions":
        if not (value.isascii() and value.isdigit() and int(value) <= 1000):
            return "应为本年度此前住院次数（0–1000）", "must be the number of earlier admissions of the year (0–1000)"
        found.admissions = int(value)
    elif key == "account_balance" or key.startswith("year."):
        return _read_money(found, key, value)
    else:
        names = "、".join(ALLOWED)
        return f"没有这个名称；可用：{names}", f"no such key; allowed: {', '.join(ALLOWED)}"
    return None


def _read_money(found: WhatIf, key: str, value: str) -> tuple[str, str] | None:
    try:
        fen = parse_fen(value, key)
    except RejectError:
        return '应为金额（元），如 "600.00"', "must be yuan with at most two decimals, such as 600.00"
    if fen < 0:
        return "不得为负", "must not be negative"
    parts = key.split(".")
    if key == "account_balance":
        found.account_balance_fen = fen
    elif len(parts) == 3 and parts[1] == "limits" and parts[2]:
        found.limits[parts[2]] = fen
    elif len(parts) == 3 and parts[1] and parts[2] in (LAYER_FIGURES if parts[1] in LAYER_FIELDS else POOL_FIGURES):
        found.year[parts[1], parts[2]] = fen
    else:
        pool, layer = "|".join(POOL_FIGURES), "|".join(LAYER_FIGURES)
        zh = f"应写成 year.账户池.{{{pool}}}、year.层.{{{layer}}} 或 year.limits.病种；层：{'、'.join(LAYER_FIELDS)}"
        layers = ", ".join(LAYER_FIELDS)
        en = f"must be year.POOL.{{{pool}}}, year.LAYER.{{{layer}}} or year.limits.CODE; layers: {layers}"
        return zh, en
    return None

"""Books and visits drawn at random, as they are written, so that the engine and the second reckoning read the same."""

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from agents.core.case import Case
from agents.core.policy import Policy
from agents.core.settlement.lines import LineSums
from agents.core.settlement.terms import Terms, TermsBook
from schemas.book import Book
from schemas.ledger import LayerYear, PoolYear, YearToDate
from schemas.units import day_number

DAY = day_number("2026-03-10")
KINDS = ("large_amount", "critical_illness", "civil_servant", "enterprise", "disabled", "assistance", "other")
BUCKETS = (
    "deductible",
    "proportion",
    "over_cap",
    "over_disease_limit",
    "first_self_pay",
    "over_limit",
    "full_self_pay",
)

money = st.integers(0, 3_000_000).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
small = st.integers(0, 200_000).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
positive = st.integers(1, 3_000_000).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
shares = st.integers(0, 10_000).map(lambda bp: f"{bp // 100}.{bp % 100:02d}%")
persons = st.sampled_from(["1101", "1102", "1201", "1300", "1501", ""])
specials = st.sampled_from(["", "1", "2", "E1"])
prefixes = st.sampled_from(["", "11", "12", "1102", "13"])
tiers = st.sampled_from(["", "1", "2", "3"])


@st.composite
def bands(draw) -> list[dict[str, str]]:
    """One to four bands without gaps."""
    limits = sorted(set(draw(st.lists(st.integers(1, 2_000_000), max_size=3))))
    texts = [f"{fen // 100}.{fen % 100:02d}" for fen in limits]
    found = []
    for start, end in zip(["0", *texts], [*texts, None], strict=True):
        band = {"from": start, "share": draw(shares)}
        found.append(band | ({"to": end} if end else {}))
    return found


limit_rows = st.fixed_dictionaries(
    {"per": st.sampled_from(["visit", "year"]), "of": st.sampled_from(["fund", "within_scope"]), "amount": money},
    optional={
        "disease": st.sampled_from(["I10", "I", "M039"]),
        "procedure": st.sampled_from(["74", "51.2"]),
        "person": st.sampled_from(["11", "12"]),
    },
)
areas = st.fixed_dictionaries(
    {"code": st.sampled_from(["A", "B"])}, optional={"factor": shares, "less": st.sampled_from(["0%", "5%", "10%"])}
)
benefits = st.fixed_dictionaries(
    {
        "ratios": st.lists(
            st.fixed_dictionaries({"tier": tiers, "person": prefixes, "bands": bands()}), min_size=1, max_size=4
        )
    },
    optional={
        "deductibles": st.lists(
            st.fixed_dictionaries(
                {"tier": tiers, "person": prefixes, "amounts": st.lists(small, min_size=1, max_size=3)}
            ),
            max_size=3,
        ),
        "deductible_per": st.sampled_from(["visit", "year"]),
        "bands_on": st.sampled_from(["visit", "year"]),
        "bands_include_deductible": st.booleans(),
        "cap": positive,
        "limits": st.lists(limit_rows, max_size=4),
        "test_limit": small,
        "out_of_area": st.lists(areas, max_size=2, unique_by=lambda area: area["code"]),
        "over_limit_borne_by": st.sampled_from(["patient", "hospital"]),
        "account": st.lists(st.sampled_from(BUCKETS), unique=True, max_size=7),
    },
)


@st.composite
def layers(draw) -> list[dict[str, Any]]:
    """Up to four layers; of a kind at most two, for persons whose prefixes differ in length."""
    found = []
    for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), max_size=4, unique=True))):
        for special in draw(st.sampled_from([[()], [("1",)], [(), ("1",)]])):
            layer = draw(
                st.fixed_dictionaries(
                    {
                        "order": st.integers(0, 5),
                        "base": st.lists(st.sampled_from(BUCKETS), unique=True, min_size=1, max_size=7),
                        "bands": bands(),
                    },
                    optional={
                        "deductible": small,
                        "deductible_per": st.sampled_from(["visit", "year"]),
                        "bands_include_deductible": st.booleans(),
                        "cap": positive,
                        "cap_per": st.sampled_from(["visit", "year"]),
                    },
                )
            )
            layer |= {"kind": kind, "id": f"l{number}{special}", "source": "示例"}
            found.append(layer | ({"special_persons": list(special)} if special else {}))
    return found


years = st.fixed_dictionaries(
    {},
    optional={
        "admissions": st.integers(0, 4),
        "pools": st.fixed_dictionaries(
            {}, optional={"inpatient": st.fixed_dictionaries({"deductible": small, "base": money, "fund": money})}
        ),
        "layers": st.dictionaries(
            st.sampled_from(KINDS), st.fixed_dictionaries({"base": money, "paid": small}), max_size=3
        ),
        "limits": st.dictionaries(st.sampled_from(["I10.x05", "M03900", "inpatient", "Z"]), small, max_size=3),
    },
)
visits = st.fixed_dictionaries(
    {
        "tier": st.sampled_from(["1", "2", "3", "4"]),
        "person": persons,
        "special": specials,
        "area": st.sampled_from(["", "A", "B", "X"]),
        "diseases": st.lists(st.sampled_from(["I10.x05", "M03900", "Z51"]), max_size=2),
        "procedures": st.lists(st.sampled_from(["74.1001", "51.2300"]), max_size=1),
        "is_outpatient": st.booleans(),
        "balance": st.none() | st.integers(-100, 500_000).map(lambda fen: Fraction(fen, 100)),
        "account_used": st.booleans(),
    }
)


def sums_of(full: int, over: int, first: int, within: int, tests: int) -> LineSums:
    """Sums in fen."""
    sums = LineSums()
    sums.full_self_pay, sums.over_limit, sums.first_self_pay, sums.within_scope = full, over, first, within
    sums.test_within, sums.total = tests, full + over + first + within
    return sums


#: Mostly a visit as it is; sometimes more refunds than charges.
amounts = st.integers(0, 4_000_000) | st.integers(-200_000, 4_000_000)
sums = st.tuples(amounts, amounts, amounts, amounts, st.integers(0, 2_000_000))


def terms_of(benefit: dict[str, Any], above: list[dict[str, Any]], tier: str) -> Terms:
    """The compiled terms of a written benefit and its layers."""
    entry = {"id": "b", "source": "示例", "scope": {"insurance_type": "310"}, **benefit}
    book = Book.model_validate({"version": "t", "tier": tier, "benefits": [entry], "layers": above})
    return TermsBook(Policy(book)).terms("H", "D", "310", "21", DAY)


def case_of_visit(who: dict[str, Any], of: LineSums, **more: Any) -> Case:
    """The case of a drawn visit."""
    diseases = who["diseases"]
    return Case(
        visit_id="V1",
        insurance_type="310",
        care_type="21",
        person_type=who["person"],
        special_person=who["special"],
        out_of_area=who["area"],
        disease_code=diseases[0] if diseases else "",
        main_diagnosis=diseases[1] if len(diseases) > 1 else "",
        procedures=tuple(who["procedures"]),
        is_outpatient=who["is_outpatient"],
        account_balance_fen=None if who["balance"] is None else int(who["balance"] * 100),
        account_used=who["account_used"],
        **{"admitted_at": 1, "admitted_day": DAY - 9, "end_day": DAY, "sums": of, "by_day": {DAY: of}, **more},
    )


def year_of_drawn(written: dict[str, Any]) -> YearToDate:
    """The year so far, read by itself and not through events."""

    def fen(text: str) -> int:
        return int(Fraction(text) * 100)

    return YearToDate(
        2026,
        0,
        written.get("admissions", 0),
        {
            name: PoolYear(*(fen(pool[key]) for key in ("deductible", "base", "fund")))
            for name, pool in written.get("pools", {}).items()
        },
        {name: LayerYear(fen(layer["base"]), fen(layer["paid"])) for name, layer in written.get("layers", {}).items()},
        {name: fen(used) for name, used in written.get("limits", {}).items()},
    )

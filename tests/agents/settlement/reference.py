"""The settlement once more, by another hand: fractions of yuan, the book as it is written, nothing compiled.

Slow and plain on purpose. It knows one visit in one year; what is cut into periods is checked by other means. Written
from DOMAIN 2.3 and the docstrings of schemas/book/settlement.py, sharing no code with agents/core/settlement.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.agents.settlement.arithmetic import to_fen

Written = Mapping[str, Any]
ZERO = Fraction(0)
ORDER = ("deductible", "proportion", "over_cap", "over_disease_limit", "first_self_pay", "over_limit", "full_self_pay")
FIELD_OF_KIND = {"other": "other_fund"}
KINDS = ("large_amount", "critical_illness", "civil_servant", "enterprise", "disabled", "assistance", "other")


def yuan(value: Any) -> Fraction:
    """Written money."""
    return Fraction(str(value))


def share(text: Any) -> Fraction:
    """`85%`."""
    return Fraction(str(text).removesuffix("%")) / 100


def cent(value: Fraction) -> Fraction:
    """Rounded to the fen."""
    return Fraction(to_fen(value), 100)


def split_by_hand(line: Written) -> dict[str, Fraction]:
    """One line: amount, quantity, price (0: not stated), cap (None), share, is_self_pay, all in yuan and fractions."""
    amount, none = line["amount"], {"full": ZERO, "over": ZERO, "first": ZERO, "within": ZERO}
    if line["is_self_pay"]:
        return none | {"full": amount}
    over = ZERO
    if line["cap"] is not None and line["quantity"]:
        allowed = line["cap"] * abs(line["quantity"])
        if line["price"]:
            over = max(ZERO, min(abs(amount), cent(line["price"] * abs(line["quantity"]) - allowed)))
        else:
            over = max(ZERO, abs(amount) - cent(allowed))
        over = over if amount > 0 else -over
    first = cent((amount - over) * line["share"])
    return {"full": ZERO, "over": over, "first": first, "within": amount - over - first}


def bands_up_to(bands: Sequence[Written], amount: Fraction, factor: Fraction, less: Fraction) -> Fraction:
    """What the bands pay for the first `amount` yuan."""
    paid = ZERO
    for band in bands:
        start, end = yuan(band.get("from", 0)), yuan(band["to"]) if band.get("to") is not None else amount
        inside = max(ZERO, min(amount, max(end, start)) - start)
        paid += cent(inside * min(Fraction(1), max(ZERO, share(band["share"]) * factor - less)))
    return paid


def best_row(rows: Sequence[Written], tier: str, person: str) -> Written | None:
    """The row of the longest person prefix; of two the one that names the tier."""
    best = None
    for row in rows:
        if row.get("tier", "") not in ("", tier) or not person.startswith(row.get("person", "")):
            continue
        if best is None or _narrow(row) > _narrow(best):
            best = row
    return best


def _narrow(row: Written) -> tuple[int, bool]:
    return len(row.get("person", "")), row.get("tier", "") != ""


def settle_by_hand(
    benefit: Written, layers: Sequence[Written], who: Written, sums: Mapping[str, Fraction], year: Written
) -> dict[str, Fraction]:
    """Every field of the settlement, in yuan.

    who: tier, person, special, area, disease codes, procedures, is_outpatient, balance (or None), account_used. sums:
    full, over, first, within, tests. year: admissions, pools, layers, limits, as events state them.
    """
    out = dict.fromkeys(ORDER, ZERO) | {FIELD_OF_KIND.get(kind, kind): ZERO for kind in KINDS}
    total = sums["full"] + sums["over"] + sums["first"] + sums["within"]
    ratio = best_row(benefit["ratios"], who["tier"], who["person"])
    if ratio is None:
        zero = dict.fromkeys(("within_scope", "basic_fund", "fund_total", "hospital_part", "account_paid"), ZERO)
        return out | zero | {"total": total, "full_self_pay": total, "patient_part": total, "cash_paid": total}
    within, over = sums["within"], sums["over"]
    if "test_limit" in benefit and within > 0:
        moved = min(within, max(ZERO, sums["tests"] - yuan(benefit["test_limit"])))
        within, over = within - moved, over + moved
    if within < 0:
        out["basic_fund"] = within
    else:
        out |= _fund(benefit, ratio, who, within, year)
    hospital = sums["over"] if benefit.get("over_limit_borne_by") == "hospital" else ZERO
    own = {name: out[name] for name in ORDER} | {
        "first_self_pay": max(ZERO, sums["first"]),
        "over_limit": max(ZERO, over - hospital),
        "full_self_pay": max(ZERO, sums["full"]),
    }
    for layer in _layers_for(layers, who):
        kind = layer["kind"]
        out[FIELD_OF_KIND.get(kind, kind)] = _pay_layer(layer, own, year.get("layers", {}).get(kind, {}))
    fund = out["basic_fund"] + sum((out[FIELD_OF_KIND.get(kind, kind)] for kind in KINDS), ZERO)
    patient = total - fund - hospital
    account = ZERO
    if benefit.get("account") and who["account_used"]:
        eligible = sum((own[bucket] for bucket in benefit["account"]), ZERO)
        account = max(ZERO, min(eligible, patient, max(ZERO, who["balance"] or ZERO)))
    return out | {
        "total": total,
        "full_self_pay": sums["full"],
        "over_limit": over,
        "first_self_pay": sums["first"],
        "within_scope": within,
        "fund_total": fund,
        "hospital_part": hospital,
        "patient_part": patient,
        "account_paid": account,
        "cash_paid": patient - account,
    }


def _fund(benefit: Written, ratio: Written, who: Written, within: Fraction, year: Written) -> dict[str, Fraction]:
    pool_name = benefit.get("pool", "inpatient")
    pool = {name: max(ZERO, yuan(value)) for name, value in year.get("pools", {}).get(pool_name, {}).items()}
    visit_limits = {row.get("of", "fund"): row for row in _limits(benefit, who, "visit")}
    year_limit = next(iter(_limits(benefit, who, "year")), None)
    used = _used(year_limit, year, pool_name) if year_limit else ZERO
    reckoned = within
    if "within_scope" in visit_limits:
        reckoned = min(reckoned, yuan(visit_limits["within_scope"]["amount"]))
    if year_limit and year_limit.get("of") == "within_scope":
        reckoned = min(reckoned, max(ZERO, yuan(year_limit["amount"]) - used))
    amounts = [ZERO]
    if row := best_row(benefit.get("deductibles", ()), who["tier"], who["person"]):
        amounts = [yuan(amount) for amount in row["amounts"]]
    per_year = benefit.get("deductible_per") == "year"
    number = 0 if who["is_outpatient"] or per_year else year.get("admissions", 0)
    left = amounts[min(number, len(amounts) - 1)] - (pool.get("deductible", ZERO) if per_year else 0)
    deductible = min(reckoned, max(ZERO, left))
    rest = reckoned - deductible
    yearly = benefit.get("bands_on") == "year"
    low = pool.get("base", ZERO) if yearly else ZERO
    if benefit.get("bands_include_deductible"):
        low += deductible + (pool.get("deductible", ZERO) if yearly else ZERO)
    area = next((row for row in benefit.get("out_of_area", ()) if row["code"] == who["area"]), {})
    terms = (share(area.get("factor", "100%")), share(area.get("less", "0%")))
    given = bands_up_to(ratio["bands"], low + rest, *terms) - bands_up_to(ratio["bands"], low, *terms)
    fund = given
    if "fund" in visit_limits:
        fund = min(fund, yuan(visit_limits["fund"]["amount"]))
    if year_limit and year_limit.get("of", "fund") == "fund":
        fund = min(fund, max(ZERO, yuan(year_limit["amount"]) - used))
    basic = fund
    if "cap" in benefit:
        basic = min(fund, max(ZERO, yuan(benefit["cap"]) - pool.get("fund", ZERO)))
    return {
        "deductible": deductible,
        "basic_fund": basic,
        "proportion": rest - given,
        "over_cap": fund - basic,
        "over_disease_limit": within - reckoned + given - fund,
    }


def _limits(benefit: Written, who: Written, per: str) -> list[Written]:
    """The rows that hold, the narrowest first; of visits one for each thing that is limited."""

    def fits(row: Written) -> bool:
        disease, procedure = row.get("disease", ""), row.get("procedure", "")
        return (
            row.get("per", "visit") == per
            and who["person"].startswith(row.get("person", ""))
            and (not disease or any(code.startswith(disease) for code in who["diseases"]))
            and (not procedure or any(code.startswith(procedure) for code in who["procedures"]))
        )

    def width(row: Written) -> tuple[int, ...]:
        lengths = [len(row.get(name, "")) for name in ("procedure", "disease", "person")]
        return (sum(length > 0 for length in lengths), *lengths)

    rows = sorted(filter(fits, benefit.get("limits", ())), key=width, reverse=True)
    if per == "year":
        return rows[:1]
    first_of_each: dict[str, Written] = {}
    for row in rows:
        first_of_each.setdefault(row.get("of", "fund"), row)
    return list(first_of_each.values())


def _used(row: Written, year: Written, pool: str) -> Fraction:
    limits = year.get("limits", {})
    if row.get("disease"):
        return max(ZERO, sum((yuan(fen) for code, fen in limits.items() if code.startswith(row["disease"])), ZERO))
    return max(ZERO, yuan(limits.get(pool, 0)))


def _layers_for(layers: Sequence[Written], who: Written) -> list[Written]:
    chosen: dict[str, tuple[tuple[int, int], Written]] = {}
    for layer in layers:
        persons, specials = layer.get("persons", [""]), layer.get("special_persons", [""])
        fitting = [
            (len(special), len(person))
            for special in specials
            for person in persons
            if who["special"].startswith(special) and who["person"].startswith(person)
        ]
        if fitting and (layer["kind"] not in chosen or max(fitting) > chosen[layer["kind"]][0]):
            chosen[layer["kind"]] = (max(fitting), layer)
    return sorted(
        (layer for _, layer in chosen.values()), key=lambda layer: (layer["order"], KINDS.index(layer["kind"]))
    )


def _pay_layer(layer: Written, own: dict[str, Fraction], year: Written) -> Fraction:
    base = sum((own[bucket] for bucket in layer["base"]), ZERO)
    before = max(ZERO, yuan(year.get("base", 0))) if layer.get("deductible_per", "year") == "year" else ZERO
    deductible = yuan(layer.get("deductible", 0))
    low, high = before, before + base
    if layer.get("bands_include_deductible"):
        low, high = max(low, deductible), max(high, deductible)
    else:
        low, high = max(ZERO, low - deductible), max(ZERO, high - deductible)
    whole = (Fraction(1), ZERO)
    pays = bands_up_to(layer["bands"], high, *whole) - bands_up_to(layer["bands"], low, *whole)
    if "cap" in layer:
        paid = max(ZERO, yuan(year.get("paid", 0))) if layer.get("cap_per", "year") == "year" else ZERO
        pays = min(pays, max(ZERO, yuan(layer["cap"]) - paid))
    left = pays
    for bucket in ORDER:
        if bucket in layer["base"]:
            taken = min(own[bucket], left)
            own[bucket] -= taken
            left -= taken
    return pays

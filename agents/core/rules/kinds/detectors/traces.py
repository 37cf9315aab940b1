"""A trace code (追溯码) used twice: a package that is charged again, in the visit or to somebody else (回流)."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from agents.core.rules.kind import Bound, Cited, Hit, Kind, Parameters, Trigger
from agents.core.rules.kinds.detectors.words import quantity_text
from agents.core.rules.population import Population, PopulationHit, PopulationKind, Summary, Traced
from agents.core.rules.view import Use, View
from schemas.book.entry import E4
from schemas.units import day_text


class TraceParameters(Parameters):
    """most_quantity: so much may be charged under one code (a package; its parts, where packages are opened: 拆零)."""

    most_quantity: Annotated[E4, Field(ge=0)] = 10_000


class TraceTwice(Kind[TraceParameters]):
    """Several lines of an item carry one trace code, and together charge more than one package.

    The lines after the first are cited. Lines without a code are left out.
    """

    name = "trace_twice"
    title_zh = "追溯码重复使用（本次就诊）"
    title_en = "a trace code used twice in a visit"
    trigger = Trigger.EVERY_ITEM
    parameters = TraceParameters

    def check(self, view: View, bound: Bound[TraceParameters], uses: Sequence[Use]) -> Iterable[Hit]:
        """Lines by trace code."""
        if not any(use.trace_code for use in uses):
            return ()
        by_code: dict[str, list[Use]] = {}
        for use in uses:
            if use.trace_code:
                by_code.setdefault(use.trace_code, []).append(use)
        most = bound.parameters.most_quantity
        cited: list[Cited] = []
        codes = 0
        largest = 0
        for lines in by_code.values():
            total = sum(use.quantity_e4 for use in lines)
            if len(lines) < 2 or total <= most:
                continue
            codes, largest = codes + 1, max(largest, total)
            cited.append(Cited(lines[0], 0, is_violating=False))
            cited += [Cited(use, use.amount_fen) for use in lines[1:]]
        if not cited:
            return ()
        name, shown = view.name(uses[0].item), quantity_text(largest)
        return (
            Hit(
                f"「{name}」有 {codes} 个追溯码在本次就诊中重复收费，同码最多计 {shown}（参考 {quantity_text(most)}）",
                f"{codes} trace code(s) of {name} were charged more than once in this visit, up to {shown} under one"
                f" code (reference {quantity_text(most)})",
                cited,
                parameters={"most_quantity": quantity_text(most)},
                inputs={"codes": str(codes), "largest": shown},
            ),
        )


class TraceOverVisits(PopulationKind[TraceParameters]):
    """A trace code was charged in several visits, and together for more than one package.

    Told of every visit but the first that used the code; rests on the lines that carry it.
    """

    name = "trace_over_visits"
    title_zh = "追溯码重复使用（多次就诊）"
    title_en = "a trace code used in several visits"
    parameters = TraceParameters

    def check_population(self, population: Population, bound: Bound[TraceParameters]) -> Iterable[PopulationHit]:
        """Codes used in more than one visit."""
        most = bound.parameters.most_quantity
        first: dict[str, Summary] = {}
        again: dict[str, list[Summary]] = {}
        for visit in population.visits:
            for code in {line.code for line in visit.traces}:
                if code in first:
                    again.setdefault(code, [first[code]]).append(visit)
                else:
                    first[code] = visit
        hits: dict[tuple[str, str], tuple[Summary, list[Traced], set[str]]] = {}
        for code, visits in again.items():
            if sum(line.quantity_e4 for visit in visits for line in _lines(visit, code)) <= most:
                continue
            for visit in visits[1:]:
                known = hits.setdefault((visit.patient_id, visit.visit_id), (visit, [], set()))
                known[1].extend(_lines(visit, code))
                known[2].update(other.visit_id for other in visits if other is not visit)
        for visit, lines, others in hits.values():
            lines.sort(key=lambda line: (line.at, line.line_id))
            codes = len({line.code for line in lines})
            name = population.name(lines[0].item)
            yield PopulationHit(
                Hit(
                    f"「{name}」等 {codes} 个追溯码已在另 {len(others)} 次就诊中收费（{day_text(lines[0].day)}），"
                    "请核对扫码与发药记录",
                    f"{codes} trace code(s), of {name} and others, were also charged in {len(others)} other visit(s)"
                    f" ({day_text(lines[0].day)}); please look at the scans and the dispensing record",
                    [Cited(line.use, line.amount_fen) for line in lines],
                    parameters={"most_quantity": quantity_text(most)},
                    inputs={"codes": str(codes), "other_visits": str(len(others))},
                    visits=tuple(sorted(others)),
                ),
                visit,
            )


def _lines(visit: Summary, code: str) -> list[Traced]:
    return [line for line in visit.traces if line.code == code]

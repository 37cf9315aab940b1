"""Hand arithmetic in golden files, reckoned with fractions: `(17800.00 − 1200.00) × 85 % = 14110.00`.

The left side may name fields of the same case that stand above it; `round(…)` rounds half away from zero to the fen,
as a side without it is rounded at its end.
"""

import ast
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda one, other: one + other,
    ast.Sub: lambda one, other: one - other,
    ast.Mult: lambda one, other: one * other,
    ast.Div: lambda one, other: one / other,
}


def to_fen(yuan: Fraction) -> int:
    """Rounded half away from zero."""
    size = abs(yuan) * 100
    whole = int(size)
    fen = whole + (size - whole >= Fraction(1, 2))
    return fen if yuan >= 0 else -fen


def by_hand(text: str, known: Mapping[str, int]) -> int:
    """The fen that a line of hand arithmetic comes to; its two sides must agree. A bare number is its own result."""
    left, equals, right = text.rpartition("=")
    result = to_fen(_value(right if equals else text, known))
    if equals:
        assert to_fen(_value(left, known)) == result, (
            f"{text}: the left side is {to_fen(_value(left, known)) / 100:.2f}"
        )
    return result


def _value(text: str, known: Mapping[str, int]) -> Fraction:
    plain = text.replace("×", "*").replace("−", "-").replace("÷", "/")
    plain = re.sub(r"([\d.]+)\s*%", r"(\1/100)", plain)
    return _fold(ast.parse(plain.strip(), mode="eval").body, plain, known)


def _fold(node: ast.expr, text: str, known: Mapping[str, int]) -> Fraction:
    match node:
        case ast.Constant():
            return Fraction(ast.get_source_segment(text.strip(), node) or "")
        case ast.UnaryOp(op=ast.USub()):
            return -_fold(node.operand, text, known)
        case ast.BinOp():
            return OPERATORS[type(node.op)](_fold(node.left, text, known), _fold(node.right, text, known))
        case ast.Name():
            return Fraction(known[node.id], 100)
        case ast.Call(func=ast.Name(id="round")):
            return Fraction(to_fen(_fold(node.args[0], text, known)), 100)
        case ast.Call(func=ast.Name(id="min" | "max" as which)):
            values = [_fold(value, text, known) for value in node.args]
            return min(values) if which == "min" else max(values)
    raise ValueError(f"not arithmetic: {text}")

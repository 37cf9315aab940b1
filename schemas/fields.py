"""Field types at the border: ids, texts, money, quantities, times. Each refuses with a numbered reason."""

import re
from datetime import tzinfo
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic.types import StringConstraints

from schemas import units
from schemas.ledger import WHOLE_HOSPITAL
from schemas.reasons import Reason, RejectError

NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
#: Ids that are parts of keys may not hold the separator.
NO_CONTROL_NO_BAR = r"^[^\x00-\x1f\x7f|]*$"


def _exact(value: object, info: ValidationInfo) -> object:
    """Ids travel as text or integers. A float has lost digits already: two long ids would become one."""
    if isinstance(value, float):
        raise RejectError(Reason.WRONG_TYPE, f"{info.field_name}: an id that is a float")
    return value


_EXACT = BeforeValidator(_exact)
KeyId = Annotated[
    str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True, pattern=NO_CONTROL_NO_BAR), _EXACT
]
Id = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True, pattern=NO_CONTROL), _EXACT]
OptionalKeyId = Annotated[
    str, StringConstraints(max_length=64, strip_whitespace=True, pattern=NO_CONTROL_NO_BAR), _EXACT
]
OptionalId = Annotated[str, StringConstraints(max_length=128, strip_whitespace=True, pattern=NO_CONTROL), _EXACT]
AlertId = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=NO_CONTROL)]
Text = Annotated[str, StringConstraints(max_length=256, strip_whitespace=True, pattern=NO_CONTROL)]
CodeText = Annotated[str, StringConstraints(max_length=64, strip_whitespace=True, pattern=NO_CONTROL)]


def _department(value: str, info: ValidationInfo) -> str:
    if value == WHOLE_HOSPITAL:
        raise RejectError(Reason.RESERVED_CHARACTER, f"{info.field_name}: * stands for the whole hospital")
    return value


#: The code of a department. `*` alone is the pipeline's own name for the whole hospital.
DepartmentCode = Annotated[CodeText, AfterValidator(_department)]
LongText = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


def _zone(info: ValidationInfo) -> tzinfo:
    context: dict[str, Any] | None = info.context
    return context.get("zone", units.SHANGHAI) if context else units.SHANGHAI


def _ms(value: object, info: ValidationInfo) -> int:
    return units.parse_ms(value, _zone(info), info.field_name or "time")


def _fen(value: object, info: ValidationInfo) -> int:
    return units.parse_fen(value, info.field_name or "amount")


def _micro(value: object, info: ValidationInfo) -> int:
    return units.parse_price_micro(value, info.field_name or "unit_price")


def _e4(value: object, info: ValidationInfo) -> int:
    return units.parse_quantity_e4(value, info.field_name or "quantity")


def _share(value: object, info: ValidationInfo) -> int:
    field = info.field_name or "share"
    if type(value) is int and value == 1:
        return 10_000  # the whole, as JSON writes selfpay_prop of a 丙 item; nobody means a ten-thousandth
    share = units.parse_decimal(value, 4, units.MAX_E4, field)
    if not 0 <= share <= 10_000:
        raise RejectError(Reason.OUT_OF_RANGE, field)
    return share


Ms = Annotated[int, BeforeValidator(_ms)]
Fen = Annotated[int, BeforeValidator(_fen)]
Micro = Annotated[int, BeforeValidator(_micro)]
QuantityE4 = Annotated[int, BeforeValidator(_e4)]
#: A share of one as a decimal with up to four places (selfpay_prop, 5,4): `"0.1"` is 1000 (which is also basis points).
#: An integer counts basis points, but 0 and 1 are nothing and the whole.
ShareE4 = Annotated[int, BeforeValidator(_share)]


def _flag(value: object) -> object:
    """Flags travel as booleans or as the national 0/1."""
    if not isinstance(value, str | int):
        return value
    if value in {"1", 1, "Y", "y", "是"}:
        return True
    if value in {"0", 0, "", "N", "n", "否"}:
        return False
    return value


Flag = Annotated[bool, BeforeValidator(_flag)]


def _said(value: object) -> object:
    return None if value == "" else value


#: Put around `… | None`: an empty text says nothing, as the insurer's answers leave a field empty.
UnlessEmpty = BeforeValidator(_said)


def named(*names: str, **kwargs: Any) -> Any:
    """A field read under its canonical name first, then under its national names."""
    return Field(validation_alias=AliasChoices(*names), **kwargs)


PYDANTIC_REASON = {
    "missing": Reason.MISSING_FIELD,
    "string_too_short": Reason.MISSING_FIELD,
    "string_too_long": Reason.TOO_LONG,
    "too_long": Reason.TOO_LONG,
    "string_unicode": Reason.NOT_TEXT,
    "enum": Reason.UNKNOWN_KIND,
    "less_than_equal": Reason.OUT_OF_RANGE,
    "greater_than_equal": Reason.OUT_OF_RANGE,
}
BAR_FIELDS = frozenset({"hospital", "patient_id", "visit_id"})
#: Names of fields; whatever else stands in an error's path is a key that the message chose, such as a disease code.
_FIELD_NAME = re.compile(r"[a-z_\[\]]{1,40}")


def _step(step: int | str) -> str:
    return str(step) if isinstance(step, int) or _FIELD_NAME.fullmatch(step) else "…"


def reject_of(error: ValidationError) -> RejectError:
    """The numbered reason of a pydantic error: the first failure decides, the detail lists every field, no values."""
    found = error.errors(include_url=False, include_context=False, include_input=True)
    details = [f"{'.'.join(map(_step, item['loc']))}: {item['msg']}" for item in found]
    first = found[0]
    kind = first["type"]
    if kind == "string_pattern_mismatch":
        bar = first["loc"] and first["loc"][0] in BAR_FIELDS and "|" in str(first["input"])
        reason = Reason.RESERVED_CHARACTER if bar else Reason.CONTROL_CHARACTER
    elif first["input"] is None:
        reason = Reason.MISSING_FIELD
    else:
        reason = PYDANTIC_REASON.get(kind, Reason.WRONG_TYPE)
    return RejectError(reason, "; ".join(details)[:500])

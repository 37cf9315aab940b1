"""Reads the declared optional inputs of rules from files: `--input name=FILE`, JSON or a CSV table."""

import csv
import json
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from schemas.book.entry import both
from streams.logs import SafeError


class AuditInputError(SafeError):
    """An input cannot be used."""


def read_inputs(given: Iterable[str], known: Iterable[str]) -> dict[str, Any]:
    """`name=FILE` each: the content by name. Of a CSV table every row is an object of texts under its header.

    known: inputs that any rule of the book needs; a name that is nearly one of them is refused, others are passed on
    (some rules look at more where it is there). Raises AuditInputError.
    """
    names = sorted(set(known))
    found: dict[str, Any] = {}
    for text in given:
        name, equals, file = text.partition("=")
        if not equals or not file:
            raise AuditInputError(f"--input {text}: {both('应写成 名称=文件', 'must be name=FILE')}")
        if name not in names and (near := get_close_matches(name, names, n=1, cutoff=0.75)):
            told = both(f"没有规则用到它，是否想写 {near[0]}？", f"no rule needs it; did you mean {near[0]}?")
            raise AuditInputError(f"--input {name}: {told}")
        found[name] = _content(name, Path(file))
    return found


def _content(name: str, path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".csv":
            return list(csv.DictReader(text.splitlines(), strict=True))
        return json.loads(text, parse_float=str)  # decimals keep their digits
    except OSError as error:
        raise AuditInputError(f"--input {name}: {path}: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        text = both("不是 UTF-8 的 JSON 或 CSV", "neither JSON nor CSV in UTF-8")
        raise AuditInputError(f"--input {name}: {path}: {text}") from error

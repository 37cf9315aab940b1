"""Asks a worker over HTTP, as a HIS does: for `kongfei check` and for whoever connects a system."""

import json
from decimal import Decimal
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import msgspec

from schemas.book.entry import both
from streams.logs import SafeError

_WAIT_SECONDS = 15.0


class AskingError(SafeError):
    """A request could not be read, or nobody answered it."""


def read_request(file: Path) -> dict[str, Any]:
    """The JSON object in a file; amounts stay as they are written. Raises AskingError."""
    try:
        # Fractions are kept as text: the interface takes both, and a float would not be the amount that was written.
        read = json.loads(file.read_text(encoding="utf-8"), parse_float=str)
    except (OSError, ValueError) as error:
        raise AskingError(both(f"{file} 不可读：{error}", f"{file} cannot be read: {error}")) from error
    if not isinstance(read, dict):
        raise AskingError(both(f"{file} 不是一个 JSON 对象", f"{file} is no JSON object"))
    return read


def as_text(answer: dict[str, Any]) -> str:
    """An answer as indented JSON, amounts as they came."""
    return msgspec.json.format(msgspec.json.Encoder(decimal_format="number").encode(answer), indent=2).decode()


def ask(url: str, path: str, request: dict[str, Any]) -> dict[str, Any]:
    """What a worker answers to a request. Raises AskingError where it is no answer of the protocol."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise AskingError(both(f"地址应以 http:// 开头：{url}", f"the address must begin with http://: {url}"))
    body = json.dumps(request, ensure_ascii=False).encode()
    asked = Request(f"{url.rstrip('/')}{path}", body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
    try:
        with urlopen(asked, timeout=_WAIT_SECONDS) as response:  # noqa: S310
            answer = json.load(response, parse_float=Decimal)
    except HTTPError as error:
        what = f"HTTP {error.code} {HTTPStatus(error.code).phrase}"
        raise AskingError(both(f"{url}{path} 没有应答：{what}", f"{url}{path} gave no answer: {what}")) from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        what = str(getattr(error, "reason", error))
        raise AskingError(both(f"{url} 连接失败：{what}", f"{url} cannot be asked: {what}")) from error
    if not isinstance(answer, dict) or "infcode" not in answer:
        raise AskingError(both(f"{url} 的应答不是国家接口格式", f"{url} answered in another shape"))
    return answer

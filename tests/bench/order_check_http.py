"""Asks a worker order checks at a fixed rate, whether it answers or not (open loop), and says how long answers took.

    python -m tests.bench.order_check_http 127.0.0.1:8310 requests.json --rate 200 --seconds 10

requests.json holds one 3101 request, or a list of them; each question gets a task_id of its own. The time of a question
begins when it was due, so that waiting behind a slow answer counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Sequence

_GIVE_UP_SECONDS = 10.0


def ask_at_a_rate(
    address: str, requests: Sequence[dict[str, Any]], *, rate: float = 200, seconds: float = 10, path: str = "/3101"
) -> dict[str, Any]:
    """p50, p99 and max in milliseconds of all questions, and how many had which outcome."""
    return asyncio.run(_ask_all(address, requests, rate, seconds, path))


async def _ask_all(
    address: str, requests: Sequence[dict[str, Any]], rate: float, seconds: float, path: str
) -> dict[str, Any]:
    run = uuid.uuid4().hex[:8]
    count = int(rate * seconds)
    bodies = [_with_task(requests[number % len(requests)], f"bench-{run}-{number}") for number in range(count)]
    took_ms: list[float] = []
    outcomes: Counter[str] = Counter()

    async def ask(number: int, begins_at: float) -> None:
        due = begins_at + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        outcome = await _ask(session, f"http://{address}{path}", bodies[number])
        took_ms.append((time.perf_counter() - due) * 1000)
        outcomes[outcome] += 1

    timeout = aiohttp.ClientTimeout(total=_GIVE_UP_SECONDS)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        begins_at = time.perf_counter() + 0.2
        await asyncio.gather(*(ask(number, begins_at) for number in range(count)))
    took_ms.sort()
    return {
        "questions": count,
        "rate_per_second": rate,
        "p50_ms": round(took_ms[count // 2], 2),
        "p99_ms": round(took_ms[min(count - 1, count * 99 // 100)], 2),
        "max_ms": round(took_ms[-1], 2),
        "outcomes": dict(sorted(outcomes.items())),
    }


async def _ask(session: aiohttp.ClientSession, url: str, body: bytes) -> str:
    try:
        async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
            answer = json.loads(await response.read()) if response.status == 200 else {}
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__
    output = answer.get("output") or {}
    status = output.get("check_status", "refused" if answer else f"http_{response.status}")
    return f"unfinished_{output['check']['reason']}" if status == "unfinished" else str(status)


def _with_task(request: dict[str, Any], task: str) -> bytes:
    data = request["input"]["data"] | {"task_id": task}
    return json.dumps(request | {"input": {"data": data}}, ensure_ascii=False).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="host:port of a worker")
    parser.add_argument("requests", type=Path)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    asked = parser.parse_args()
    read = json.loads(asked.requests.read_text(encoding="utf-8"))
    found = ask_at_a_rate(
        asked.address, read if isinstance(read, list) else [read], rate=asked.rate, seconds=asked.seconds
    )
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

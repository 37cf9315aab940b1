"""The order check as a HIS lives it: one question about a patient in a bed, its answer, the doctor's feedback, pace.

Everything goes over HTTP to the running worker, in the national shapes 3101 and 3103, by `kongfei check`.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from rich.text import Text

from deploy.demo.hospital.care import PLANS
from deploy.demo.hospital.catalogue import Item, catalogue
from deploy.demo.hospital.departments import CARDIOLOGY, HOSPITAL, Department
from deploy.demo.hospital.visit import Visit
from deploy.demo.screen import Screen
from deploy.demo.stack import DemoFailedError, Stack
from schemas import units

REQUEST_FILE = "order_3101.json"
#: What is ordered live for the patient who takes nitroglycerin: one drug that must not meet it, one that may.
ORDERED = (("SILD", 4), ("ATOR", 14))
DOCTOR = CARDIOLOGY.doctors[1]
PACE_QUESTIONS = 150
_ANSWER_SECONDS = 10


class Pace(NamedTuple):
    """How a row of questions was answered: outcome → how many, and the whole way there and back, ms."""

    outcomes: Counter[str]
    half_ms: float
    most_ms: float


def order_request(
    task: str, visit: Visit, department: Department, orders: Sequence[tuple[Item, int]], at: int
) -> dict[str, Any]:
    """A 3101 request: these items (quantities in whole units) are being ordered at a hospital time (epoch ms)."""
    now = f"{datetime.fromtimestamp(at / 1000, units.SHANGHAI):%Y-%m-%d %H:%M:%S}"
    is_outpatient = visit.is_outpatient
    lines = [
        {
            "rx_id": f"{task}-{number}",
            "hilist_code": item.item_code,
            "hosplist_code": item.key,
            "hilist_name": item.name,
            "hilist_type": item.list_type,
            "chrg_type": item.category,
            "hilist_lv": item.level,
            "cnt": str(quantity),
            "pric": f"{item.price_micro / 1_000_000:.6f}",
            "sumamt": units.yuan_text(units.line_amount_fen(quantity * 10_000, item.price_micro)),
            "drord_begn_date": now,
            "drord_dept_codg": department.code,
            "drord_dr_codg": department.doctors[1],
            "curr_drord_flag": "1",
            "medc_days": 7 if item.list_type == "101" else 1,
        }
        for number, (item, quantity) in enumerate(orders, start=1)
    ]
    encounter = {
        "mdtrt_id": visit.visit_id,
        "adm_dept_codg": department.code,
        "med_mdtrt_type": "1" if is_outpatient else "2",
        "med_type": visit.care_type,
        "insutype": visit.person.insurance_type,
        "fsi_order_dtos": lines,
    }
    patient = {
        "patn_id": visit.person.patient_id,
        "gend": visit.person.sex,
        "brdy": visit.person.birth_date,
        "fsi_encounter_dtos": [encounter],
    }
    return {
        "infno": "3101",
        "opter": department.doctors[1],
        "inf_time": now,
        "fixmedins_code": HOSPITAL,
        "input": {"data": {"task_id": task, "trig_scen": "2" if is_outpatient else "5", "patient_dtos": [patient]}},
    }


def ask_live(screen: Screen, stack: Stack, visit: Visit, at: int) -> None:
    """Order for the patient in the bed, show what the worker says, and answer it.

    Raises DemoFailedError where the check was not finished or found nothing.
    """
    path = stack.folder / REQUEST_FILE
    items = [(catalogue()[key], quantity) for key, quantity in ORDERED]
    request = order_request("DEMO-0001", visit, CARDIOLOGY, items, at)
    path.write_text(json.dumps(request, ensure_ascii=False, indent=1), encoding="utf-8")
    screen.heading("现场医嘱校验", "a live order check: asked over HTTP, answered by the running worker")
    ordered = "、".join(f"「{item.name}」" for item, _ in items)
    screen.say_folded(
        f"心血管内科 {visit.visit_id} 的患者长期服用「{catalogue()['NTGL'].name}」，医师 {DOCTOR} 现开：{ordered}"
    )
    screen.say("A patient in cardiology takes nitroglycerin; sildenafil and atorvastatin are being ordered.")
    command = ("check", "order", _short(path), "--url", stack.answer_url)
    screen.say_whole(Text(f"\n$ kongfei {' '.join(command)}    # --lang en: in English"))
    screen.say(Text(stack.must_run(*command).rstrip()))
    answer = json.loads(stack.must_run("check", "order", str(path), "--url", stack.answer_url, "--json"))
    found = [finding["jr_id"] for finding in answer["output"]["result"]]
    if not found:
        raise DemoFailedError("the live order check found nothing, though the two drugs must not meet")
    answered = ("--way", "delete", "--operator", DOCTOR, "--reason", "改用其他方案（示例）")
    feedback = ("check", "feedback", found[0], *answered)
    screen.say_whole(Text(f"\n$ kongfei {' '.join(feedback)} --url {stack.answer_url}"))
    screen.say(Text(stack.must_run(*feedback, "--url", stack.answer_url).rstrip()))


def keep_pace(stack: Stack, asked: Sequence[tuple[Visit, Department]], at: int) -> Pace:
    """Ask the worker one question after another on one connection: what the wards usually order, for their patients.

    Raises DemoFailedError where it answers with anything but an answer of the protocol.
    """
    host, _, port = stack.answer_url.removeprefix("http://").partition(":")
    connection = HTTPConnection(host, int(port), timeout=_ANSWER_SECONDS)
    outcomes: Counter[str] = Counter()
    taken = []
    try:
        for number in range(PACE_QUESTIONS):
            visit, department = asked[number % len(asked)]
            usual = PLANS[department.code]
            keys = [key for key, _ in (*usual.drugs, *usual.repeated_tests, *usual.examinations)]
            orders = [(catalogue()[keys[(number + place) % len(keys)]], 1) for place in range(3)]
            body = json.dumps(order_request(f"PACE-{number:04d}", visit, department, orders, at)).encode()
            begun = time.perf_counter()
            connection.request("POST", "/3101", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
            taken.append(1000 * (time.perf_counter() - begun))
            outcomes[answer["output"]["check_status"]] += 1
    except (OSError, ValueError, KeyError) as error:
        raise DemoFailedError(f"the worker did not answer an order check: {error!r}") from error
    finally:
        connection.close()
    taken.sort()
    return Pace(outcomes, taken[len(taken) // 2], taken[len(taken) * 99 // 100])


def say_pace(screen: Screen, pace: Pace) -> None:
    """What a HIS sees of the time: from sending the question to having read the answer."""
    count = sum(pace.outcomes.values())
    screen.say_folded(
        f"随后 HIS 在一条连接上又问 {count} 次，每次 3 条医嘱："
        f"往返中位数 {pace.half_ms:.1f} ms，p99 {pace.most_ms:.1f} ms；"
        f"有提示 {pace.outcomes['findings']} 次，未完成 {pace.outcomes['unfinished']} 次。"
    )
    screen.say_folded(
        f"{count} more questions on one connection, three orders each: there and back {pace.half_ms:.1f} ms at the"
        f" median, {pace.most_ms:.1f} ms at p99."
    )


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

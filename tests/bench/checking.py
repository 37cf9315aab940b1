"""Order checks over HTTP: one worker with a library of full size, asked 200 times a second while charges come in."""

import threading
import time
from pathlib import Path
from random import Random
from typing import Any

from agents.core.accept import entry_of, validate
from schemas.ledger import encode_entry, patient_key
from schemas.units import SHANGHAI
from streams.partitions import partition_of
from streams.topics import Topic
from tests.bench.library import ITEMS, item_code
from tests.bench.load import CONTEXT
from tests.bench.measure import resident_mib
from tests.bench.order_check_http import ask_at_a_rate
from tests.bench.rules import BEGAN, ORDERS, bill
from tests.pipeline import Pipeline

PATIENTS, LINES = 200, 150
RATE, EVENTS_A_SECOND = 200, 500
PORT = 18_310


def measure_checking(pipeline: Pipeline, library: Path, seconds: float) -> dict[str, Any]:
    """Milliseconds from the moment a question was due to its answer; outcomes; the worker's memory, MiB."""
    partitions = pipeline.settings.partitions
    producer = pipeline.producer(linger_ms=20, batch_size=256 * 1024)

    def send(patient: str, kind: str, fields: dict[str, Any]) -> None:
        entry = entry_of(validate(kind, fields, CONTEXT), (f"his.{kind}.v1", 0, 0), SHANGHAI)
        key = patient_key("H1", patient)
        value, place = encode_entry(entry), partition_of(key, partitions)
        producer.send(pipeline.topic(Topic.LEDGER), key=key, value=value, partition=place)

    for number in range(PATIENTS):
        for kind, fields in bill(Random(number), LINES, f"P{number}"):
            send(f"P{number}", kind, fields)
    producer.flush()
    pipeline.env["KONGFEI_BOOK_DIR"] = str(library)
    pipeline.env["KONGFEI_ANSWER_PORT"] = str(PORT)
    pipeline.start("cost")
    pipeline.wait_caught_up("cost", timeout=120)
    asked = _requests(Random(5))
    ask_at_a_rate(f"127.0.0.1:{PORT}", asked, rate=RATE, seconds=2)  # what is bound at first use is bound now
    alone = ask_at_a_rate(f"127.0.0.1:{PORT}", asked, rate=RATE, seconds=seconds)
    stop = threading.Event()

    def keep_charging() -> None:
        number = 0
        while not stop.wait(0.1):
            for _ in range(EVENTS_A_SECOND // 10):
                number += 1
                patient = f"P{number // 4 % PATIENTS}"  # some lines of a patient at a time
                common = {"hospital": "H1", "patient_id": patient, "visit_id": f"V-{patient}"}
                charge = {
                    **common, "charge_id": f"live-{number}", "charged_at": BEGAN + number * 1000, "quantity": "1",
                    "unit_price": "8.00", "category": "09", "item_code": item_code(number * 7919 % ITEMS),
                }  # fmt: skip
                send(patient, "charge", charge)
            producer.flush()

    charging = threading.Thread(target=keep_charging, daemon=True)
    charging.start()
    time.sleep(1)
    busy = ask_at_a_rate(f"127.0.0.1:{PORT}", asked, rate=RATE, seconds=seconds)
    stop.set()
    charging.join()
    producer.close()
    return {
        "order_check_http_rate": RATE,
        "order_check_http_p50_ms": alone["p50_ms"],
        "order_check_http_p99_ms": alone["p99_ms"],
        "order_check_http_outcomes": alone["outcomes"],
        "order_check_http_busy_p50_ms": busy["p50_ms"],
        "order_check_http_busy_p99_ms": busy["p99_ms"],
        "order_check_http_busy_outcomes": busy["outcomes"],
        "order_check_worker_mib": round(resident_mib(pipeline.pid("cost")), 1),
    }


def _requests(random: Random) -> list[dict[str, Any]]:
    """3101 requests of one prescription each, one for every patient."""
    return [_request(f"P{number}", random) for number in range(PATIENTS)]


def _request(patient: str, random: Random) -> dict[str, Any]:
    orders = [
        {
            "rx_id": f"{patient}-rx{place}", "rxno": f"{patient}-rx", "hilist_code": item_code(random.randrange(ITEMS)),
            "hilist_name": "示例", "chrg_type": "09", "cnt": "2", "pric": "35.00", "sumamt": "70.00",
            "drord_begn_date": "2026-01-22 10:00:00", "drord_dept_codg": "D01", "drord_dr_codg": "DR1",
            "curr_drord_flag": "1", "long_drord_flag": "0", "drord_bhvr": "0", "hilist_type": "101", "hilist_lv": "02",
        }
        for place in range(ORDERS)
    ]  # fmt: skip
    encounter = {
        "mdtrt_id": f"V-{patient}", "medins_id": "H1", "med_mdtrt_type": "2", "med_type": "21", "insutype": "310",
        "adm_date": "2026-01-01 08:00:00", "dr_codg": "DR1", "adm_dept_codg": "D01", "matn_stas": "0",
        "fsi_diagnose_dtos": [{"dise_codg": "I10.x00", "maindise_flag": "1", "inout_dise_type": "1"}],
        "fsi_order_dtos": orders,
    }  # fmt: skip
    person = {
        "patn_id": patient, "patn_name": "示例", "gend": "1", "brdy": "1950-05-05", "curr_mdtrt_id": f"V-{patient}",
        "fsi_encounter_dtos": [encounter],
    }  # fmt: skip
    data = {"syscode": "BENCH", "task_id": "t", "trig_scen": "5", "patient_dtos": [person]}
    return {"infno": "3101", "msgid": "bench", "fixmedins_code": "H1", "input": {"data": data}}

"""The order check that the demo asks is a 3101 request as the worker reads it, about a patient in a bed."""

import json
from zoneinfo import ZoneInfo

import pytest

from deploy.demo.hospital.catalogue import catalogue
from deploy.demo.hospital.departments import CARDIOLOGY, HOSPITAL
from deploy.demo.hospital.simulation import SMALL, Hospital
from deploy.demo.live_check import ORDERED, order_request
from schemas.national_audit import read_check
from schemas.order_check import CheckRequest

AT = 1_775_404_800_000


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    hospital = Hospital(7, SMALL)
    hospital.batch()
    return hospital


def read_back(hospital: Hospital) -> CheckRequest:
    (visit,) = hospital.lying
    items = [(catalogue()[key], quantity) for key, quantity in ORDERED]
    request = order_request("T1", visit, CARDIOLOGY, items, AT)
    checked, _ = read_check(json.dumps(request).encode(), ZoneInfo("Asia/Shanghai"), AT, HOSPITAL, "3101")
    return checked


def test_it_is_read_as_the_orders_it_was_made_of(hospital: Hospital) -> None:
    request = read_back(hospital)
    (visit,) = hospital.lying
    assert (request.hospital, request.patient_id, request.visit_id) == (
        HOSPITAL, visit.person.patient_id, visit.visit_id,
    )  # fmt: skip
    assert [(order.hospital_item_code, order.quantity_e4) for order in request.orders] == [
        (key, quantity * 10_000) for key, quantity in ORDERED
    ]
    assert [order.unit_price_micro for order in request.orders] == [catalogue()[key].price_micro for key, _ in ORDERED]
    assert all(order.is_checked for order in request.orders)


def test_the_patient_is_still_in_hospital_when_the_period_ends(hospital: Hospital) -> None:
    (visit,) = hospital.lying
    assert visit.visit_id not in hospital.expectation.settled
    assert hospital.in_beds(), "the pace is measured on the wards"

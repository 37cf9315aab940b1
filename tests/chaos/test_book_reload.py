"""Books are published while charges flow and the cost stage is killed: nothing is lost, nothing is counted twice."""

import random
import time
from collections import defaultdict
from datetime import date

import pytest

from agents.book.published import KEY
from agents.book.publishing import propose, publish
from schemas.book import Book
from schemas.book.book import encode_book
from schemas.codec import encode_json
from schemas.facts import decode_department_fact, decode_visit_fact
from schemas.ledger import WHOLE_HOSPITAL, decode_department_entry
from streams.bulletin import post
from streams.topics import Topic
from tests import invariants
from tests.agents.book.folders import write_book
from tests.agents.harness import admission, charge
from tests.pipeline import Pipeline

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

STAGES = ("intake", "cost", "departments")
TODAY = date(2026, 6, 1)
PATIENTS, CHARGES, BOOKS = 40, 6_000, 12


class Ward:
    """A pipeline without a sink, patients lying in it, and books that are published to it."""

    def __init__(self, house: Pipeline, folder) -> None:
        self.house = house
        self.folder = folder
        self.versions: list[str] = []
        self.charged: dict[str, int] = defaultdict(int)
        self.count = 0
        self._chance = random.Random(5)
        self._producer = house.producer()

    def send(self, *events: dict) -> None:
        topic = {"charge": Topic.CHARGE, "admission": Topic.ADMISSION}
        futures = [
            self._producer.send(
                self.house.topic(topic[event["type"]]),
                key=f"H0001|{event['patient_id']}".encode(),
                value=encode_json({name: value for name, value in event.items() if name != "type"}),
            )
            for event in events
        ]
        self._producer.flush(30)
        for future in futures:
            future.get(30)

    def admit(self) -> None:
        self.send(*(
            admission("admit", "2024-03-01 10:00:00", f"V{n}", patient_id=f"P{n}", event_id=f"A{n}", department="D1",
                      care_type="21", insurance_type="310")
            for n in range(PATIENTS)
        ))  # fmt: skip

    def charge(self, count: int, patients: list[int] | None = None) -> None:
        events = []
        for n in patients or [self._chance.randrange(PATIENTS) for _ in range(count)]:
            self.count += 1
            amount = self._chance.randrange(1, 2_000)
            self.charged[f"V{n}"] += amount
            events.append(charge(self.count, amount, f"V{n}", patient_id=f"P{n}"))
        self.send(*events)

    def publish_next(self) -> str:
        """Quotas go up and down, so that alerts are raised and cleared by books alone."""
        version = f"2026.{len(self.versions) + 1:03d}"
        quota = ("100.00", "100000.00")[len(self.versions) % 2]
        publish(self.house.settings, propose(self.house.settings, write_book(self.folder, version, quota=quota), TODAY))
        self.versions.append(version)
        return version

    def facts(self, topic: Topic, decode) -> list:
        return [decode(record.value) for record in self.house.records(topic)]

    def adopted(self, stage: str) -> list[str]:
        lines = [line for line in self.house.log(stage).splitlines() if '"book_adopted"' in line]
        return [line.partition('"version": "')[2].partition('"')[0] for line in lines]

    def wait_adopted(self, version: str, *stages: str) -> float:
        started = time.monotonic()
        while any(self.adopted(stage)[-1:] != [version] for stage in stages):
            assert time.monotonic() - started < 20, {stage: self.adopted(stage)[-3:] for stage in stages}
            time.sleep(0.05)
        return time.monotonic() - started


@pytest.fixture
def ward(kafka, topic_prefix, tmp_path):
    folder = write_book(tmp_path / "own", "of-the-folder")
    env = {"KONGFEI_BOOK_DIR": str(folder)}
    with Pipeline(tmp_path, kafka.bootstrap, prefix=topic_prefix, env=env) as house:
        house.create_topics()
        yield Ward(house, tmp_path / "books")


def latest(facts: list, key) -> dict:
    found = {}
    for fact in facts:
        if key(fact) not in found or fact.version >= found[key(fact)].version:
            found[key(fact)] = fact
    return found


def test_books_published_under_load_with_the_cost_stage_killed_lose_and_double_nothing(ward):
    ward.publish_next()
    ward.admit()
    house = ward.house.start(*STAGES).keep_alive()
    for number in range(BOOKS):
        ward.charge(CHARGES // BOOKS)
        ward.publish_next()
        if number in {4, 8}:
            time.sleep(0.5)
            house.kill("cost")
    ward.wait_adopted(ward.versions[-1], "cost", "departments")
    house.wait_caught_up(*STAGES)
    ward.charge(0, list(range(PATIENTS)))
    house.wait_caught_up(*STAGES)

    assert house.restarts == 2
    told = ward.facts(Topic.VISIT_FACT, decode_visit_fact)
    visits = latest(told, lambda fact: fact.visit_id)
    assert {name: fact.amount_fen for name, fact in visits.items()} == dict(ward.charged)
    assert {fact.policy_version for fact in visits.values()} == {ward.versions[-1]}
    assert {fact.policy_version for fact in told} <= set(ward.versions), "never the folder's, never another"
    assert len({fact.policy_version for fact in told}) > 3, "the books were used while charges flowed"
    for name in visits:
        of_visit = [fact.policy_version for fact in told if fact.visit_id == name]
        assert of_visit == sorted(of_visit), "a book never goes back to the one before it"
    months = latest(ward.facts(Topic.DEPARTMENT_FACT, decode_department_fact), lambda f: (f.department, f.month))
    whole = [fact for (name, _), fact in months.items() if name == WHOLE_HOSPITAL]
    assert sum(fact.amount_fen for fact in whole) == sum(ward.charged.values())
    assert {fact.policy_version for fact in months.values()} == {ward.versions[-1]}
    invariants.departments_are_their_visits(list(visits.values()), list(months.values()))
    assert all(decode_department_entry(record.value) for record in house.records(Topic.DEPARTMENT_LEDGER))


def test_a_book_is_taken_up_within_two_seconds_and_its_quota_holds_at_once(ward):
    ward.publish_next()
    ward.admit()
    house = ward.house.start(*STAGES)
    ward.charge(400)
    house.wait_caught_up(*STAGES)
    before = house.pid("cost")
    for _ in range(4):
        version = ward.publish_next()
        assert ward.wait_adopted(version, "cost", "departments") < 2
        ward.charge(0, list(range(PATIENTS)))
        house.wait_caught_up(*STAGES)
        visits = latest(ward.facts(Topic.VISIT_FACT, decode_visit_fact), lambda fact: fact.visit_id).values()
        assert {fact.policy_version for fact in visits} == {version}
        assert {fact.quota.quota_fen for fact in visits} == {10_000 if version in ward.versions[::2] else 10_000_000}
    assert house.pid("cost") == before, "without a restart"
    assert house.restarts == 0


def test_the_pipeline_goes_on_while_a_large_book_is_read(ward):
    first = ward.publish_next()
    ward.admit()
    house = ward.house.start(*STAGES)
    ward.wait_adopted(first, "cost", "departments")
    folder = write_book(ward.folder, "large", head="tables: {catalogue: items.csv}\n")
    rows = "".join(f"XA{number:07d},药品名称{number},09,02,10%,{number % 900 + 1}.50\n" for number in range(200_000))
    (folder / "items.csv").write_text("item_code,name,category,level,self_pay,price_cap\n" + rows, encoding="utf-8")
    proposal = propose(house.settings, folder, TODAY)
    publish(house.settings, proposal)
    rounds = 0
    while ward.adopted("cost")[-1:] != ["large"]:
        started = time.monotonic()
        ward.charge(0, list(range(PATIENTS)))
        house.wait_caught_up(*STAGES)
        assert time.monotonic() - started < 4, "consumption stood still"
        rounds += 1
    assert rounds > 1, "the stage worked while the book was read"
    ward.wait_adopted("large", "departments")
    ward.charge(0, list(range(PATIENTS)))
    house.wait_caught_up(*STAGES)
    visits = latest(ward.facts(Topic.VISIT_FACT, decode_visit_fact), lambda fact: fact.visit_id).values()
    assert {fact.policy_version for fact in visits} == {"large"}
    assert {fact.visit_id: fact.amount_fen for fact in visits} == dict(ward.charged)
    assert (house.restarts, house.members["cost"].is_running) == (0, True)


def test_a_broken_book_published_by_hand_never_replaces_a_good_one(ward):
    good = ward.publish_next()
    ward.admit()
    house = ward.house.start(*STAGES)
    ward.wait_adopted(good, "cost")
    entry = {"quota": 1, "source": "s"}
    overlapping = Book.model_validate({"version": "bad", "quotas": [{"id": "a", **entry}, {"id": "b", **entry}]})
    draft = Book.model_validate({"version": "draft", "status": "draft"})
    broken = [b"no book", b"\x1f\x8bno gzip", encode_book(overlapping), encode_book(draft)]
    for value in broken:
        post(house.settings, Topic.POLICY_BOOK, KEY, value)
    post(house.settings, Topic.POLICY_BOOK, b"other", encode_book(Book(version="other")))
    wait_refused(house, 5)

    def assert_good_holds() -> None:
        ward.charge(0, list(range(PATIENTS)))
        house.wait_caught_up(*STAGES)
        visits = latest(ward.facts(Topic.VISIT_FACT, decode_visit_fact), lambda fact: fact.visit_id).values()
        assert {fact.policy_version for fact in visits} == {good}
        assert {fact.visit_id: fact.amount_fen for fact in visits} == dict(ward.charged)

    assert_good_holds()
    house.kill("cost")
    house.start("cost")
    assert_good_holds()
    assert "a and b have the same scope and overlap in time" in house.log("cost")
    assert ward.wait_adopted(ward.publish_next(), "cost", "departments") < 5


def test_a_restart_takes_the_published_book_and_without_one_that_of_the_folder(ward):
    ward.admit()
    house = ward.house
    post(house.settings, Topic.POLICY_BOOK, KEY, b"no book")
    house.start(*STAGES)
    ward.charge(0, list(range(PATIENTS)))
    house.wait_caught_up(*STAGES)
    told = ward.facts(Topic.VISIT_FACT, decode_visit_fact)
    assert {fact.policy_version for fact in told} == {"of-the-folder"}

    house.stop("cost")
    version = ward.publish_next()
    (ward.house.folder / "own" / "book.yaml").write_text("version: [", encoding="utf-8")  # somebody is editing it
    house.start("cost")
    ward.charge(0, list(range(PATIENTS)))
    house.wait_caught_up(*STAGES)
    visits = latest(ward.facts(Topic.VISIT_FACT, decode_visit_fact), lambda fact: fact.visit_id).values()
    assert {fact.policy_version for fact in visits} == {version}
    assert '"book_refused"' in house.log("cost")


def wait_refused(house: Pipeline, count: int) -> None:
    deadline = time.monotonic() + 20
    name = f'followed_refused_records_total{{stage="cost",topic="{Topic.POLICY_BOOK}"}}'
    while house.metrics("cost").get(name, 0) < count:
        assert time.monotonic() < deadline, house.metrics("cost")
        time.sleep(0.1)

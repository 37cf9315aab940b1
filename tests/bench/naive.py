"""The naive per-event Faust agent: the same cost job, the way Faust's own examples would write it.

Same ledger, same reducer, same rules, same facts, alerts and findings, same policy; one event at a time through a
Faust agent, one table write and one fact an event. It is what the pipeline's batch path is measured against. Run as a
process by tests.bench.
"""

import logging
import os
import sys
from pathlib import Path

import faust

from agents.book import load_policy
from agents.core.publish import contributions, visit_alert, visit_fact
from agents.core.reduce import Fate, reduce
from agents.core.rules.auditing import review
from agents.core.rules.rulebook import RuleBook
from agents.core.visit import Visit, VisitKey
from schemas.alerts import encode_alert
from schemas.facts import encode_fact
from schemas.finding import encode_finding
from schemas.ledger import decode_entry, encode_department_entry, version_of

PREFIX = os.environ["KONGFEI_TOPIC_PREFIX"]
PARTITIONS = int(os.environ["KONGFEI_PARTITIONS"])
app = faust.App(
    f"{PREFIX}naive",
    broker=f"kafka://{os.environ['KAFKA_BOOTSTRAP_SERVERS']}",
    store="memory://",
    datadir=sys.argv[-1],
    topic_partitions=PARTITIONS,
    topic_replication_factor=1,
    web_enabled=False,
    key_serializer="raw",
    value_serializer="raw",
    consumer_auto_offset_reset="earliest",
)
raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
ledger = app.topic(f"{PREFIX}ledger.v1", **raw)
facts = app.topic(f"{PREFIX}naive.fact", partitions=PARTITIONS, **raw)
alerts = app.topic(f"{PREFIX}naive.alert", partitions=PARTITIONS, **raw)
findings = app.topic(f"{PREFIX}naive.finding", partitions=PARTITIONS, **raw)
departments = app.topic(f"{PREFIX}naive.department", partitions=PARTITIONS, **raw)
table = app.Table("state", partitions=PARTITIONS, key_type=bytes, value_type=bytes)
policy = load_policy(Path(os.environ["KONGFEI_BOOK_DIR"]) if "KONGFEI_BOOK_DIR" in os.environ else None)
rules = RuleBook(policy.book)
live: dict[VisitKey, Visit] = {}


@app.agent(ledger)
async def cost(stream):
    """Decode, load, reduce, store, publish: one event at a time."""
    for topic in (facts, alerts, findings, departments):
        await topic.maybe_declare()
    async for event in stream.events():
        entry = decode_entry(event.value)
        key = VisitKey(entry.hospital, entry.patient_id, entry.visit_id)
        visit = live.get(key)
        if visit is None:
            visit = live[key] = Visit.load(key, {})
        reduced = reduce(visit, entry, version_of(1, event.message.offset), policy)
        if reduced.fate is not Fate.APPLIED:
            continue
        found = review(visit, policy, rules, (), version_of(1, event.message.offset), entry.recorded_at)
        for name, value in visit.parts():
            table[name] = value
        for contribution in contributions(visit, policy):
            await departments.send(key=key.fact(), value=encode_department_entry(contribution))
        await facts.send(key=key.fact(), value=encode_fact(visit_fact(visit, policy)))
        for finding in found:
            await findings.send(key=key.fact(), value=encode_finding(finding))
        for episode in reduced.episodes:
            await alerts.send(key=key.fact(), value=encode_alert(visit_alert(visit, episode)))


if __name__ == "__main__":
    # mode sets the root logger to DEBUG whatever the level says: quiet it, so that logging is not what is measured.
    for name in ("faust", "aiokafka", "mode"):
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.argv = [sys.argv[0], "worker", "-l", "warn", "--without-web"]
    app.main()

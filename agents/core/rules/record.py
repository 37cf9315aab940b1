"""What a visit's state keeps of the rules: its findings as they were last told, and the answers to order checks.

A finding is opened, changed, withdrawn and opened again under one id; each step has the version of the entry that led
to it. What was told stands here whole, so that after a crash it is told again word for word.
"""

import zlib
from collections.abc import Iterable, Mapping

import msgspec

from schemas.finding import OPEN, WITHDRAWN, Answer, Finding
from schemas.ledger import Ack
from schemas.order_check import CheckResult

#: Answers to order checks kept in a visit's state: the latest of them, for telling again after a crash.
MOST_CHECKS = 100
#: Answers kept with a finding.
MOST_ANSWERS = 20
#: A part shorter than this is stored as it is.
PLAIN_BYTES = 512
PLAIN, PACKED = b"\x00", b"\x01"


class Reviews(msgspec.Struct, array_like=True):
    """Findings by id, answers to order checks by request id. Fields may only be appended, with defaults."""

    findings: dict[str, Finding] = {}
    checks: dict[str, CheckResult] = {}

    def withdrawn(self, ids: Iterable[str], version: int, at: int) -> list[Finding]:
        """Withdraw those of these findings that are open."""
        changed = []
        for finding_id in ids:
            known = self.findings.get(finding_id)
            if known is not None and known.status == OPEN:
                gone = msgspec.structs.replace(known, status=WITHDRAWN, version=version, updated_at=at)
                self.findings[finding_id] = gone
                changed.append(gone)
        return changed

    def opened(self, found: Mapping[str, Finding], version: int, at: int) -> list[Finding]:
        """Take in what was found: those that are new, are back, or say something else than before."""
        changed = []
        for finding_id, fresh in found.items():
            known = self.findings.get(finding_id)
            if known is None:
                fresh = msgspec.structs.replace(fresh, version=version, raised_at=at, updated_at=at)  # noqa: PLW2901
            else:
                is_back = known.status != OPEN
                same = msgspec.structs.replace(
                    fresh,
                    version=known.version,
                    raised_at=known.raised_at,
                    updated_at=known.updated_at,
                    times=known.times,
                    answers=known.answers,
                )
                if same == known:
                    continue
                fresh = msgspec.structs.replace(  # noqa: PLW2901
                    same,
                    version=version,
                    raised_at=at if is_back else known.raised_at,
                    updated_at=at,
                    times=known.times + is_back,
                )
            self.findings[finding_id] = fresh
            changed.append(fresh)
        return changed

    def answer(self, finding_id: str, ack: Ack, event_id: str, at: int, version: int) -> Finding | None:
        """Note an answer to a finding; None where there is no such finding."""
        known = self.findings.get(finding_id)
        if known is None:
            return None
        answers = (*known.answers, Answer(at, ack.actor, ack.role, ack.decision, ack.reason[:500], event_id))
        answers = tuple(sorted(answers, key=lambda answer: (answer.at, answer.event_id)))[-MOST_ANSWERS:]
        answered = msgspec.structs.replace(known, answers=answers, version=version)
        self.findings[finding_id] = answered
        return answered

    def keep(self, result: CheckResult) -> None:
        """Keep the answer to an order check; the oldest go."""
        self.checks[result.request_id] = result
        while len(self.checks) > MOST_CHECKS:
            del self.checks[min(self.checks, key=lambda request_id: self.checks[request_id].version)]

    def told_since(self, version: int) -> tuple[list[Finding], list[CheckResult]]:
        """What may never have been told: everything of this version or a later one."""
        return (
            [finding for finding in self.findings.values() if finding.version >= version],
            [check for check in self.checks.values() if check.version >= version],
        )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Reviews)


def encode_reviews(reviews: Reviews) -> bytes:
    """The part as stored: packed where it is worth it, for texts repeat themselves."""
    raw = _encoder.encode(reviews)
    return PLAIN + raw if len(raw) < PLAIN_BYTES else PACKED + zlib.compress(raw, 1)


def decode_reviews(value: bytes | None) -> Reviews:
    """Read a stored part; None: nothing was ever found."""
    if value is None:
        return Reviews({}, {})
    raw = zlib.decompress(value[1:]) if value[:1] == PACKED else value[1:]
    return _decoder.decode(raw)

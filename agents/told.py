"""What a batch tells beside facts: alerts, findings, answers to orders; the latest of each, under its id."""

from collections.abc import Iterable

from agents.core.episodes import Episode
from agents.core.publish import visit_alert
from agents.core.visit import Visit
from schemas.alerts import Alert
from schemas.finding import Finding
from schemas.order_check import CheckResult


class Told:
    """Collected while a batch is at work. What is told again never takes the place of what is new."""

    __slots__ = ("alerts", "answers", "found")

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.found: dict[str, Finding] = {}
        self.answers: dict[tuple[str, str], CheckResult] = {}

    def episodes(self, visit: Visit, episodes: Iterable[Episode]) -> None:
        """Episodes of a visit that changed."""
        for episode in episodes:
            alert = visit_alert(visit, episode)
            self.alerts[alert.alert_id] = alert

    def finding(self, finding: Finding) -> None:
        """A finding that changed."""
        known = self.found.get(finding.finding_id)
        if known is None or finding.version >= known.version:
            self.found[finding.finding_id] = finding

    def findings(self, findings: Iterable[Finding]) -> None:
        """Findings that changed."""
        for finding in findings:
            self.finding(finding)

    def checks(self, results: Iterable[CheckResult]) -> None:
        """Answers to orders."""
        for result in results:
            self.answers[result.patient_id, result.request_id] = result

    def again(self, visit: Visit, since: int) -> None:
        """Everything of the visit that may never have been told."""
        for episode in (*visit.head.superseded, *visit.head.episodes.values()):
            if episode.version >= since:
                alert = visit_alert(visit, episode)
                self.alerts.setdefault(alert.alert_id, alert)
        findings, checks = visit.reviews.told_since(since)
        for finding in findings:
            self.found.setdefault(finding.finding_id, finding)
        for check in checks:
            self.answers.setdefault((check.patient_id, check.request_id), check)

    @property
    def counts(self) -> dict[str, int]:
        """How much is told, for metrics and logs."""
        return {"alerts": len(self.alerts), "findings": len(self.found), "order_checks": len(self.answers)}

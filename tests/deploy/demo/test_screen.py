"""What the demo prints where nobody has a terminal: plain lines, at most 100 columns, no control characters."""

import io
import unicodedata
from collections import Counter
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from rich.text import Text

from agents.book import load_policy
from agents.visit_file import open_visit
from deploy.demo import money, report
from deploy.demo.alert_board import News, news_line
from deploy.demo.answers import answer, worth_answering
from deploy.demo.gauges import Reading
from deploy.demo.hospital.catalogue import catalogue
from deploy.demo.screen import WIDTH, Picture, Screen, per_second_meter
from deploy.demo.verdict import Verdict
from schemas.alerts import Alert, Derivation, Level
from schemas.events import AckEvent

DEPLOY = Path(__file__).parents[3] / "deploy"
EXAMPLES = DEPLOY / "examples"
POLICIES = DEPLOY / "policies" / "example_shangluo"


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def an_alert(**changes) -> Alert:
    fields = {
        "alert_id": "H|P000001|ZY0000001|visit_quota||1", "version": 1, "hospital": "H", "rule": "visit_quota",
        "subject": "", "episode": 1, "level": "red", "peak_level": "red", "status": "raised", "value": 10_100,
        "threshold": 10_000, "unit": "bp", "message_zh": "定额使用率 101.00%。", "message_en": "101 %",
        "derivation": Derivation({}, "", "", "", ""), "history": (), "raised_at": 0, "updated_at": 1_800_000_000_000,
        "patient_id": "P000001", "visit_id": "ZY0000001", "department": "A04.03", "ward": "W02", "bed": "W02-07",
    }  # fmt: skip
    return Alert(**(fields | changes))


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setattr("deploy.demo.screen._plain_console", lambda: Console(
        width=WIDTH, file=io.StringIO(), force_terminal=False, color_system=None, highlight=False
    ))  # fmt: skip
    return Screen()


def printed(screen: Screen) -> list[str]:
    return screen.console.file.getvalue().splitlines()


def assert_plain(lines: list[str]) -> None:
    assert lines
    for line in lines:
        assert columns(line) <= WIDTH, line
        assert not any(unicodedata.category(letter) == "Cc" for letter in line), line


def test_progress_is_plain_lines(screen: Screen) -> None:
    picture = Picture(85_000, 84_900, 85_000, Reading(84_900, 84_900, 123_456), 12_345, Counter({Level.RED: 120}))
    news = [News(Level.RED, "▲红 触发 骨科 W02-07 ZY0000001 " + "材料占比" * 30)] * 9
    screen.title("控费 Kongfei", "the demo")
    with screen.step("启动", "starting"), screen.watching():
        screen.show(picture, news)
    lines = printed(screen)
    assert_plain(lines)
    assert any("发布 85,000/85,000" in line and "[" in line for line in lines)


def test_the_live_picture_fits_too(screen: Screen) -> None:
    picture = Picture(
        85_000, 84_900, 85_000, Reading(84_900, 84_900, 123_456), 12_345, Counter(dict.fromkeys(Level, 99))
    )
    screen.say(screen._drawn(picture))
    assert_plain(printed(screen))


def test_the_reports_fit(screen: Screen) -> None:
    class Client:
        def execute(self, query: str) -> list[tuple]:
            if "v_alert_answer" in query:
                return [(6,)]
            if "v_alert" in query:
                return [("visit_quota", "purple", "raised", 1), ("transfer", "notice", "cleared", 1234)]
            if "v_visit" in query:
                return [(
                    "ZY0000001", "A03.05", "已出院", 120, Decimal("1234567.89"), Decimal("73.51"), Decimal("10.70"),
                    Decimal("100.00"), Decimal("591.70"), "purple",
                )] * 5  # fmt: skip
            if "v_budget" in query:
                return [
                    (
                        "*",
                        202603,
                        Decimal("16800000.00"),
                        Decimal("1400000.00"),
                        Decimal("1451100.55"),
                        Decimal("103.65"),
                    ),
                    ("A28", 202604, Decimal("118000.00"), Decimal("0.00"), Decimal("0.00"), None),
                ]
            return [
                ("A28", 202603, Decimal("12345678.90"), 1, 26_720_000, Decimal("171.25"), 12, 3, Decimal("1.5"), None)
            ]

    report.report_alerts(screen, Client())
    report.report_costliest(screen, Client())
    report.report_departments(screen, Client())
    money.report_budgets(screen, Client())
    report.report_dead_letters(screen, {"D101": 4, "V214": 12}, {"D101": 4, "R301": 15})
    verdict = Verdict(True, 962, 20, 21, 775, 6, 271_988_017, differences=["visit ZY1: 1.00 in ClickHouse"])
    report.report_verdict(screen, verdict)
    lines = printed(screen)
    assert_plain(lines)
    assert not any("…" in line for line in lines if "D1" not in line and "V2" not in line and "R3" not in line), lines


class MoneyClient:
    """Answers as ClickHouse would, for one visit that was reckoned from an example file."""

    def __init__(self) -> None:
        outlook = open_visit(EXAMPLES / "dip_high_outlier.json", load_policy(POLICIES), "").outlook
        self.settled, self.prediction = outlook.settlement, outlook.prediction

    def execute(self, query: str, parameters: dict[str, object] | None = None) -> list[tuple]:
        assert parameters is not None
        if "v_settlement_difference" in query:
            return [("起付线", Decimal("600.00"), Decimal("460.00"))]
        if "v_visit_question" in query:
            return [("主要诊断 J44.100 是“未特指”编码。",)]
        if "FROM v_settlement" in query:
            return [("ZY1", *([Decimal("12345678.90")] * 8), None)]
        if "FROM v_payment_outlook" in query:
            return [("ZY1", "dip", "商洛-DIP-三级", "J44:保守", *([Decimal("-1234567.89")] * 6), "extreme")]
        plain = [name for name in self.settled.__struct_fields__ if name not in {"steps", "periods"}]
        said = self.prediction
        return [(
            *(getattr(self.settled, name) for name in plain), msgspec.json.encode(self.settled.steps).decode(), "",
            msgspec.json.encode(said.methods).decode(), msgspec.json.encode(said.groups).decode(), said.days,
            said.cost_fen, said.projected_days, said.projected_cost_fen, said.daily_fen, said.in_force, said.best,
            ["high_cost"],
        )]  # fmt: skip


def test_the_money_of_a_patient_is_shown_with_its_reasons(screen: Screen) -> None:
    money.report_money(screen, MoneyClient(), dict.fromkeys(money.PATIENTS, "ZY1"))
    lines = printed(screen)
    assert_plain(lines)
    text = "".join(line.strip() for line in lines)
    assert "17,676.28" not in text, "the sum after the deductible is left to the formula"
    assert "(18,276.28 − 600.00) × 94% = 16,615.70 元" in text
    assert "医保另有认定：起付线，模拟 600.00 元，实际 460.00 元" in text
    assert "分值 853.8462 分 × 点值 8.15 元 × 机构系数 1.03" in text
    assert "医保已确定采用按病种分值付费（DIP）" in text
    assert "特例单议：" in text
    assert "书写提问：主要诊断 J44.100" in text
    assert not any("…" in line for line in lines), lines


def test_without_the_scripted_stays_no_money_is_shown(screen: Screen) -> None:
    money.report_money(screen, MoneyClient(), {})
    assert not printed(screen)


def test_a_ticker_line_names_the_department_and_the_bed() -> None:
    assert news_line(an_alert()) == "▲红 触发 骨科 W02-07 ZY0000001 定额使用率 101.00%。"
    month = an_alert(visit_id="", patient_id="", ward="", bed="", month=202603, status="cleared", level="yellow")
    assert news_line(month) == "●黄 解除 骨科 202603 定额使用率 101.00%。"


def test_a_ticker_line_has_names_for_codes() -> None:
    stent = next(item for item in catalogue().values() if item.key == "MSTE")
    used = an_alert(
        rule="consumable", subject=stent.item_code, message_zh=f"使用高值耗材 {stent.item_code}：单价 798.00 元。"
    )
    assert news_line(used).endswith("使用高值耗材 药物洗脱冠脉支架（集采）：单价 798.00 元。")
    moved = an_alert(
        rule="transfer", subject="A04.01>A28@1", message_zh="第 1 次转科：A04.01 → A28；定额改按 A28 执行。"
    )
    assert news_line(moved).endswith("第 1 次转科：普通外科 → 重症医学科；定额改按 重症医学科 执行。")


def test_every_answer_is_a_valid_event() -> None:
    for number in range(4):
        message = answer(an_alert(), number)
        event = AckEvent.model_validate_json(message.value)
        assert event.alert_id == an_alert().alert_id
        assert event.visit_id == "ZY0000001"
        assert message.topic == "alert.ack.v1"


def test_only_unanswered_red_alerts_of_visits_are_answered() -> None:
    alerts = [
        an_alert(status="acknowledged"), an_alert(level="yellow"), an_alert(visit_id=""), an_alert(level="purple"),
    ]  # fmt: skip
    assert worth_answering(alerts, 5) == alerts[3:]


def test_the_rate_is_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 2.0, 10.0])
    monkeypatch.setattr("deploy.demo.screen.time.monotonic", lambda: next(clock))
    rate = per_second_meter()
    assert [rate(count) for count in (0, 100, 300, 300)] == [0, 100, 150, 0]


def test_a_copied_line_is_never_broken(screen: Screen) -> None:
    screen.say_whole(Text("x" * 300))
    assert printed(screen) == ["x" * 300]

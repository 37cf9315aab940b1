"""`kongfei predict` on a visit's events and an example book: the sheet, the JSON, what-if, mistakes."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from agents.commands.predict import register

BOOKS = Path(__file__).parents[3] / "deploy" / "policies"
DIP_BOOK, DRG_BOOK = BOOKS / "example_shangluo", BOOKS / "example_taizhou"


def _app() -> typer.Typer:
    app = typer.Typer()
    register(app)

    @app.command("another")  # with one command only, typer would take its name away
    def another() -> None:
        raise AssertionError

    return app


def charge(number: int, day: str, category: str, amount: str, level: str = "01") -> dict[str, str]:
    return {
        "type": "charge", "charge_id": f"C{number}", "charged_at": f"{day} 10:00:00", "category": category,
        "level": level, "amount": amount,
    }  # fmt: skip


def visit(hospital: str = "H61100000001", **admission: Any) -> dict[str, Any]:
    said = {
        "type": "admission", "kind": "admit", "occurred_at": "2026-03-02 09:00:00", "insurance_type": "310",
        "care_type": "21", "person_type": "1101", "sex": "1", "birth_date": "1965-01-01", "department": "外科",
        "diagnoses": [{"code": "K35.800", "role": "main"}, {"code": "I10.x00"}],
        "procedures": [{"code": "47.0100"}],
    }  # fmt: skip
    return {
        "hospital": hospital,
        "patient_id": "P1",
        "visit_id": "V1",
        "events": [
            said | admission,
            charge(1, "2026-03-02", "06", "3200.00"),
            charge(2, "2026-03-03", "09", "1500.00"),
            charge(3, "2026-03-04", "08", "600.00", level="03"),
        ],
    }


def run(tmp_path: Path, content: dict[str, Any], *arguments: str, book: Path = DIP_BOOK) -> Any:
    path = tmp_path / "visit.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return CliRunner().invoke(_app(), ["predict", str(path), "--book", str(book), *arguments])


def as_json(tmp_path: Path, content: dict[str, Any], *arguments: str, book: Path = DIP_BOOK) -> dict[str, Any]:
    result = run(tmp_path, content, "--json", *arguments, book=book)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def method_of(found: dict[str, Any], method_id: str) -> dict[str, Any]:
    return next(method for method in found["methods"] if method["method_id"] == method_id)


def test_the_json_holds_every_method_with_its_figures_and_words(tmp_path: Path) -> None:
    found = as_json(tmp_path, visit())
    assert set(found) == {
        "visit", "prediction", "methods", "groups", "questions", "special_case", "settlement", "warnings"
    }  # fmt: skip
    assert found["visit"]["main_diagnosis"] == "K35.800"
    assert found["visit"]["basic"] == 470_000
    dip = method_of(found, "商洛-DIP-三级")
    # 1061.5385 × 8.15 × 1.03 = 8911.08498… ; + 丙 600
    assert (dip["standard"], dip["income"], dip["covered"]) == (891_108, 951_108, 470_000)
    assert dip["profit"] == dip["income"] - found["prediction"]["cost"]
    assert dip["explanation"][0]["formula"] == "1061.5385 × 8.15 × 1.03 = 8,911.08"
    assert (dip["in_force"], dip["best"], dip["binding"]) == (True, True, True)
    assert found["prediction"]["in_force"] == found["prediction"]["best"] == "商洛-DIP-三级"
    assert found["groups"][0]["code"] == "K35:47.01"
    cataract = method_of(found, "商洛-单病种-白内障")
    assert [reason["reason"] for reason in cataract["reasons"]] == ["diagnosis", "procedure"]
    assert all(reason["text_zh"] and reason["text_en"] for reason in cataract["reasons"])
    settlement = found["settlement"]
    assert settlement["total"] == 530_000
    assert settlement["fund_total"] + settlement["hospital_part"] + settlement["patient_part"] == settlement["total"]
    assert "经办机构" in found["prediction"]["caution"]["text_zh"]


def test_a_running_stay_is_projected_and_a_discharged_one_is_not(tmp_path: Path) -> None:
    running = as_json(tmp_path, visit())["prediction"]
    # pace (3200 + 1500) ÷ 2, four of six days to come, at the book's tail share
    assert (running["days"], running["projected_days"], running["daily"]) == (2, 6, 235_000)
    assert running["projected_cost"] > running["cost"]
    content = visit()
    content["events"].append({
        "type": "admission", "kind": "discharge", "occurred_at": "2026-03-06 10:00:00", "discharge_way": "1"
    })  # fmt: skip
    ended = as_json(tmp_path, content)["prediction"]
    assert (ended["days"], ended["projected_days"], ended["projected_cost"]) == (4, 4, 530_000)


def test_gaps_are_questions_and_no_other_code_is_named(tmp_path: Path) -> None:
    found = as_json(tmp_path, visit(diagnoses=[{"code": "K35.900", "role": "main"}], procedures=[]))
    assert {question["kind"] for question in found["questions"]} == {"operation_not_coded", "unspecified_diagnosis"}
    assert {code for question in found["questions"] for code in question["codes"]} <= {"K35.900"}


def test_drg_groups_by_the_tables_of_the_book(tmp_path: Path) -> None:
    found = as_json(tmp_path, visit("H33100000001"), book=DRG_BOOK)
    assert (found["groups"][0]["system"], found["groups"][0]["code"]) == ("drg", "GD25")
    points = method_of(found, "台州-DRG点数-甲医院")
    assert points["admissible"]
    assert points["group_code"] == "GD25"
    assert "台州-DRG点数" not in {method["method_id"] for method in found["methods"]}


def test_one_method_is_shown_in_detail_as_if_it_were_in_force(tmp_path: Path) -> None:
    found = as_json(tmp_path, visit(), "--method", "商洛-按项目")
    assert [method["method_id"] for method in found["methods"]] == ["商洛-按项目"]
    assert (found["prediction"]["in_force"], found["prediction"]["book_in_force"]) == ("商洛-按项目", "商洛-DIP-三级")
    shown = run(tmp_path, visit(), "--method", "商洛-按项目").stdout
    assert "假设执行按项目付费" in shown
    assert "预计审核扣款为基金支付" in shown
    assert "医保已确定采用按病种分值付费（DIP）" in shown


def test_a_method_that_does_not_admit_the_visit_is_not_put_in_force(tmp_path: Path) -> None:
    found = as_json(tmp_path, visit(), "--method", "商洛-单病种-白内障")
    assert found["prediction"]["in_force"] == "商洛-DIP-三级"
    assert found["methods"][0]["income"] == 0


def test_what_is_left_of_the_budget_may_be_stated(tmp_path: Path) -> None:
    without = method_of(as_json(tmp_path, visit()), "商洛-总额")
    spent = method_of(as_json(tmp_path, visit(), "--budget-left", "0"), "商洛-总额")
    assert without["income"] == 530_000
    fund = spent["numbers"]["fund_fen"]
    assert spent["income"] == 530_000 - fund + round(fund * 0.3)


def test_what_if_goes_through_the_same_settings_as_settle(tmp_path: Path) -> None:
    pending = as_json(tmp_path, visit(), "--set", "insurance_type=")
    assert pending["prediction"]["in_force"] == "商洛-按项目"
    assert {reason["reason"] for reason in method_of(pending, "商洛-DIP-三级")["reasons"]} == {"coverage_pending"}


def test_the_sheet_reads_in_chinese_and_english(tmp_path: Path) -> None:
    zh = run(tmp_path, visit()).stdout
    assert "结算方式比较（元）" in zh
    assert "不适用的方式：" in zh
    assert "在多数地区结算方式由经办机构确定" in zh
    en = run(tmp_path, visit(), "--lang", "en").stdout
    assert "Payment methods (yuan)" in en
    assert "In most regions the insurer fixes the method" in en


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--method", "没有"], "可用的编号"),
        (["--set", "nonsense=1"], "--set nonsense=1"),
        (["--budget-left", "many"], "--budget-left"),
        (["--lang", "fr"], "--lang"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = run(tmp_path, visit(), *arguments)
    assert result.exit_code != 0
    assert said in result.output


def test_a_book_whose_grouper_is_not_installed_is_refused(tmp_path: Path) -> None:
    book = tmp_path / "book"
    book.mkdir()
    for path in DRG_BOOK.iterdir():
        text = path.read_text(encoding="utf-8")
        (book / path.name).write_text(text.replace("grouper: tables", "grouper: chs_drg_99"), encoding="utf-8")
    assert "chs_drg_99" in (book / "book.yaml").read_text(encoding="utf-8")
    result = run(tmp_path, visit("H33100000001"), book=book)
    assert result.exit_code == 1
    assert "chs_drg_99" in result.output
    assert "分组器" in result.output

"""An installed grouper of the CHS-DRG family behind our protocol; here a small fake module of its shape."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.core.case import Case
from agents.core.payment.methods import MethodsBook
from agents.core.policy import Policy
from agents.grouper_adapter import _proxy, check_grouper, installed_grouper
from schemas.book import Book
from schemas.units import day_number

FAKE = """
from collections import namedtuple
GroupResult = namedtuple("GroupResult", "Index status messages mdc adrg drg")
FIELDS = "Index gender age ageDay weight dept inHospitalTime leavingType zdList ssList".split()
SEEN = []
class GroupProxy:
    def group_record(self, text):
        record = dict(zip(FIELDS, text.split(","), strict=True))
        SEEN.append(record)
        main = record["zdList"].split("|")[0]
        if main.startswith("X"):
            raise IndexError("broken")
        answers = {
            "K35.800": ("分组成功", "MDCG", "GD2", "GD25"),
            "K36.000": ("分组成功", "MDCG", "GX9", "GX99"),
            "N40.x00": ("主诊断与性别不符", "", "00", "0000"),
            "S00.000": ("歧义病案", "MDCB", "QY", "BQY"),
            "Q99.900": ("主诊断不在MDC主诊表", "", "00", "0000"),
        }
        return GroupResult(record["Index"], *_with(answers.get(main, ("无法入组", "", "00", "0000"))))
def _with(answer):
    return answer[0], ["K35.8 secret"], *answer[1:]
"""


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "drg_group" / "chs_drg_11"
    folder.mkdir(parents=True)
    (folder / "GroupProxy.py").write_text(FAKE, encoding="utf-8")
    broken = tmp_path / "drg_group" / "broken"
    broken.mkdir()
    (broken / "GroupProxy.py").write_text("class GroupProxy:\n    def __init__(self): raise OSError('no DRG.dat')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    _proxy.cache_clear()
    yield
    _proxy.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "drg_group"]:
        del sys.modules[name]


def book(grouper: str) -> Book:
    return Book.model_validate({
        "version": "t",
        "drg": {
            "version": "示例", "grouper": grouper,
            "groups": [{"code": "GD25", "name": "阑尾切除", "weight": "1.1", "mean": "9000", "expected_days": 6}],
        },
        "methods": [{"id": "drg", "kind": "drg_rate", "rate": "10000", "source": "示例"}],
    })  # fmt: skip


def case(main: str = "K35.800", **more: object) -> Case:
    said = {
        "sex": "2", "birth_date": "1990-03-03", "admitted_day": day_number("2026-03-02"), "department": "D01",
        "days": 4, "discharge_way": "1", "diagnoses": (main, "E11.900"), "procedures": ("47.0100", "38.9300"),
    }  # fmt: skip
    return Case(main_diagnosis=main, **(said | more))


@pytest.mark.usefixtures("family")
def test_a_visit_is_asked_in_the_familys_form_and_weighed_by_the_book() -> None:
    grouper = installed_grouper(book("chs_drg_11"))
    assert grouper is not None
    found = grouper.group(case())
    assert (found.status, found.code, found.name, found.score_e4) == ("grouped", "GD25", "阑尾切除", 11_000)
    assert (found.mean_fen, found.expected_days, found.path) == (900_000, 6, ("MDCG", "GD2"))
    seen = sys.modules["drg_group.chs_drg_11.GroupProxy"].SEEN[-1]
    assert seen == {
        "Index": "0", "gender": "2", "age": "35", "ageDay": "13148", "weight": "", "dept": "D01", "inHospitalTime": "4",
        "leavingType": "1", "zdList": "K35.800|E11.900", "ssList": "47.0100|38.9300",
    }  # fmt: skip


@pytest.mark.usefixtures("family")
def test_the_same_record_is_asked_once() -> None:
    grouper = installed_grouper(book("chs_drg_11"))
    assert grouper is not None
    asked = [grouper.group(case()) for _ in range(3)]
    assert asked[0] is asked[2]
    assert len(sys.modules["drg_group.chs_drg_11.GroupProxy"].SEEN) == 1


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize(
    ("main", "status"),
    [
        ("", "no_main_diagnosis"),
        ("N40.x00", "sex_conflict"),
        ("Q99.900", "diagnosis_not_listed"),
        ("Z00.000", "ungrouped"),
        ("S00.000", "ungrouped"),
        ("K36.000", "weight_missing"),
        ("X00.000", "grouper_failed"),
        ("K35.800|J18", "diagnosis_not_listed"),
        ("K35,800", "diagnosis_not_listed"),
    ],
)
def test_every_answer_has_a_status_and_nothing_is_raised(main: str, status: str) -> None:
    grouper = installed_grouper(book("chs_drg_11"))
    assert grouper is not None
    found = grouper.group(case(main))
    assert (found.status, found.score_e4) == (status, 0)
    assert "secret" not in str(found)


@pytest.mark.usefixtures("family")
def test_an_ambiguous_record_asks_about_its_operations() -> None:
    grouper = installed_grouper(book("chs_drg_11"))
    assert grouper is not None
    assert grouper.group(case("S00.000")).unknown_procedures == ("47.0100", "38.9300")


@pytest.mark.usefixtures("family")
def test_separators_in_codes_cannot_shift_the_record() -> None:
    grouper = installed_grouper(book("chs_drg_11"))
    assert grouper is not None
    grouper.group(case(department="D0,1", diagnoses=("K35.800", "E11|9", "I10.x00"), procedures=("47,1", "47.0100")))
    seen = sys.modules["drg_group.chs_drg_11.GroupProxy"].SEEN[-1]
    assert (seen["dept"], seen["zdList"], seen["ssList"]) == ("", "K35.800|I10.x00", "47.0100")


@pytest.mark.usefixtures("family")
def test_a_grouper_that_is_there_passes_the_check() -> None:
    assert check_grouper(book("chs_drg_11")) == []
    assert check_grouper(book("tables")) == []
    assert installed_grouper(book("tables")) is None


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("name", ["suzhou_2031", "broken", "os.path", "../x", ""])
def test_a_grouper_that_is_not_there_is_told_when_the_book_is_loaded(name: str) -> None:
    (mistake,) = check_grouper(book(name))
    assert "drg.grouper" in mistake
    assert "无法使用分组器" in mistake
    assert "cannot be used" in mistake


@pytest.mark.usefixtures("family")
def test_without_its_grouper_a_book_predicts_no_group_but_goes_on() -> None:
    grouper = installed_grouper(book("broken"))
    assert grouper is not None
    assert grouper.group(case()).status == "grouper_failed"


def test_an_installed_grouper_is_never_replaced_by_tables() -> None:
    methods = MethodsBook(Policy(book("chs_drg_11"))).methods(case(hospital="H1"))
    assert [group.status for group in methods.profile(case()).groups] == ["grouper_failed"]

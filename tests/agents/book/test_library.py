"""The rule library in a book: what it takes in, rules of its own, settings and points; and every mistake in them."""

from datetime import date
from pathlib import Path

import pytest

from agents.book import PolicyError, read_folder
from agents.book.difference import compare_books
from agents.book.folder import DEFAULT_FOLDER
from agents.book.kind_checks import check_whole
from agents.book.mistakes import Mistake
from agents.core.rules.rulebook import RuleBook
from agents.core.rules.view import Facts
from agents.rule_library.rule_file import shipped_common, shipped_rules
from schemas.book.book import decode_book, encode_book
from schemas.book.rules import Grade, RuleState
from schemas.units import EPOCH_ORDINAL
from tests.agents.book.libraries import write_library

DRUG_INSURANCE = "GZ10000101001000"
AGE_LIMIT = "GZ10000101007000"
TODAY = date(2026, 3, 1)
OWN_RULE = """rule:
  code: {code}
  name_zh: 本院限险种
  name_en: Our own limit
  category: policy
  kind: insurance_limit
  grade: violation
  phases: [charge]
  period: line
  clause_zh: 本院规定
  source: 本院医保办
  parameters: {{allowed: ["310"]}}
points:
  - {{item: OWN1, name: 院内制剂}}
cases:
  - {{name: 居民使用, finds: true, visit: {{insurance_type: "390"}}, charges: [{{item: OWN1, price: "10.00"}}]}}
"""


def write(folder: Path, head: str = "library: [national]\n", **files: str) -> Path:
    """A book: its head, and files beside it (`rules__own` is rules/own.yaml, `points` is points.csv)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.yaml").write_text(f"version: v1\n{head}", encoding="utf-8")
    for name, text in files.items():
        path = folder / (f"{name}.csv" if name in {"points", "prescribers"} else f"{name.replace('__', '/')}.yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def told(folder: Path) -> list[str]:
    """Every mistake, as file:line: field: Chinese text."""
    with pytest.raises(PolicyError) as caught:
        read_folder(folder)
    return [short(folder, mistake) for mistake in caught.value.mistakes]


def doubts(folder: Path) -> list[str]:
    return [short(folder, mistake) for mistake in read_folder(folder).warnings]


def short(folder: Path, mistake: Mistake) -> str:
    return str(mistake).removeprefix(f"{folder}/").split(" | ", maxsplit=1)[0]


def points(*rows: str, columns: str = "rule,item") -> str:
    return "\n".join((columns, *rows)) + "\n"


# What a book takes in -------------------------------------------------------------------------------------------------


def test_a_book_takes_in_the_national_rules_without_their_points(tmp_path):
    book = read_folder(write(tmp_path)).book
    assert [rule.code for rule in book.rules] == [file.rule.code for _, file in shipped_rules()]
    assert book.points == ()
    assert (book.scenes, book.exemptions) == (shipped_common().scenes, shipped_common().exemptions)


def test_a_book_takes_in_example_points_where_it_says_so(tmp_path):
    book = read_folder(write(tmp_path, "library: [national, examples]\n")).book
    assert len(book.points) == sum(len(file.points) for _, file in shipped_rules())


def test_the_book_that_ships_has_the_national_rules():
    assert len(read_folder(DEFAULT_FOLDER).book.rules) == len(shipped_rules())


def test_a_rule_of_its_own_is_added_with_its_points(tmp_path):
    book = read_folder(write(tmp_path, "", rules__own=OWN_RULE.format(code="OWN-1"))).book
    assert [rule.code for rule in book.rules] == ["OWN-1"]
    assert [(point.rule, point.item) for point in book.points] == [("OWN-1", "OWN1")]


def test_a_rule_of_its_own_takes_the_place_of_the_shipped_one_whole(tmp_path):
    folder = write(tmp_path, "library: [national, examples]\n", rules__own=OWN_RULE.format(code=DRUG_INSURANCE))
    book = read_folder(folder).book
    assert [rule.name_zh for rule in book.rules if rule.code == DRUG_INSURANCE] == ["本院限险种"]
    assert [point.item for point in book.points if point.rule == DRUG_INSURANCE] == ["OWN1"]


def test_a_scene_is_switched_off_by_its_number_alone(tmp_path):
    book = read_folder(write(tmp_path, "library: [national]\nscenes: [{number: 4, is_on: false}]\n")).book
    assert [(scene.number, scene.name_zh) for scene in book.scenes if not scene.is_on] == [(4, "险种（工伤、生育）")]
    rules = RuleBook(book).scoped(Facts(), 20_000).rules
    assert DRUG_INSURANCE not in rules
    assert AGE_LIMIT in rules


def test_an_exemption_of_its_own_takes_the_place_of_the_shipped_one(tmp_path):
    own = "exemptions: [{id: dialysis, name_zh: 透析, name_en: Dialysis, diagnoses: [N18], source: 本院}]\n"
    book = read_folder(write(tmp_path, "library: [national]\n", own=own)).book
    assert [one.diagnoses for one in book.exemptions if one.id == "dialysis"] == [("N18",)]
    assert len(book.exemptions) == len(shipped_common().exemptions)


def test_points_and_prescribers_are_tables(tmp_path):
    folder = write(
        tmp_path,
        "library: [national]\ntables: {points: points.csv, prescribers: prescribers.csv}\n",
        points=points(f"{AGE_LIMIT},XA01,14y", columns="rule,item,age_to"),
        prescribers="doctor,antibiotic_level,may_narcotic\nD1,2,1\n",
    )
    book = read_folder(folder).book
    assert [(point.rule, point.item, point.age_to) for point in book.points] == [(AGE_LIMIT, "XA01", "14y")]
    assert [(row.doctor, row.antibiotic_level, row.may_narcotic) for row in book.prescribers] == [("D1", 2, True)]


def test_settings_change_what_holds_the_rule_over_its_scene(tmp_path):
    settings = f"""rule_settings:
  - {{id: a, scene: 4, state: shadow, grade: lead, source: 示例}}
  - {{id: b, rule: {DRUG_INSURANCE}, grade: suspicion, source: 示例, scope: {{hospital: H1}}}}
"""
    rules = RuleBook(read_folder(write(tmp_path, settings=settings)).book)
    here = rules.scoped(Facts(hospital="H1"), 20_000).rules[DRUG_INSURANCE]
    there = rules.scoped(Facts(hospital="H2"), 20_000).rules[DRUG_INSURANCE]
    assert (here.state, here.grade) == (RuleState.SHADOW, Grade.SUSPICION)
    assert (there.state, there.grade) == (RuleState.SHADOW, Grade.LEAD)


# Mistakes -------------------------------------------------------------------------------------------------------------


def test_an_unknown_library_is_refused(tmp_path):
    assert told(write(tmp_path, "library: [natonal]\n")) == ["book.yaml:2: library: 没有这个名称，是否想写 national？"]


def test_examples_without_their_rules_are_refused(tmp_path):
    assert told(write(tmp_path, "library: [examples]\n")) == [
        "book.yaml:2: library: examples 是 national 规则的示例知识点，须与它一起写"
    ]


def test_all_that_is_wrong_with_a_rule_file_is_told_with_its_line(tmp_path):
    text = (
        OWN_RULE.format(code="OWN-1").replace("grade: violation", "grade: violaton").replace("item: OWN1,", "itm: X,")
    )
    found = told(write(tmp_path, "", rules__own=text))
    assert found == [
        "rules/own.yaml:7: rule.grade: 没有“violaton”这个值，是否想写 violation？",
        "rules/own.yaml:14: points.#1.itm: 没有这个名称，是否想写 item？",
    ]


def test_an_unknown_kind_is_told_with_the_one_that_was_meant(tmp_path):
    text = OWN_RULE.format(code="OWN-1").replace("kind: insurance_limit", "kind: insurence_limit")
    assert told(write(tmp_path, "", rules__own=text)) == [
        "rules/own.yaml:6: rules.OWN-1.kind: 没有规则类型 insurence_limit，是否想写 insurance_limit？"
    ]


def test_parameters_that_the_kind_does_not_know_are_told(tmp_path):
    text = OWN_RULE.format(code="OWN-1").replace("allowed:", "alowed:")
    assert told(write(tmp_path, "", rules__own=text)) == [
        "rules/own.yaml:12: rules.OWN-1.parameters.alowed: 没有这个名称，是否想写 allowed？"
    ]


def test_two_rules_of_one_code_are_refused(tmp_path):
    text = OWN_RULE.format(code="OWN-1")
    found = told(write(tmp_path, "", rules__a=text, rules__b=text.replace("OWN1", "OWN2")))
    assert found == ["rules/b.yaml:1: rules.OWN-1: OWN-1 写了两次，无法判定以谁为准"]


def test_nothing_is_said_of_points_whose_rule_could_not_be_read(tmp_path):
    folder = write(
        tmp_path, "tables: {points: points.csv}\n", rules__own=OWN_RULE.format(code="OWN-1").replace("kind:", "knd:"),
        points=points("OWN-1,X1"),
    )  # fmt: skip
    assert [line.split(": ")[1] for line in told(folder)] == ["rule.kind", "rule.knd"]


def test_points_of_unknown_rules_are_told_once_a_rule(tmp_path):
    rows = [f"GZ404,X{number}" for number in range(1_000)]
    folder = write(tmp_path, "library: [national]\ntables: {points: points.csv}\n", points=points(*rows))
    assert told(folder) == ["points.csv:2: points.X0.rule: 没有规则 GZ404（1,000 行）"]


def test_columns_that_a_rule_needs_and_are_empty_are_told_once_a_rule(tmp_path):
    rows = [f"{AGE_LIMIT},,药{number}" for number in range(30)]
    folder = write(
        tmp_path, "library: [national]\ntables: {points: points.csv}\n", points=points(*rows, columns="rule,item,name")
    )
    found = told(folder)
    assert f"points.csv:2: points.#1.item: 规则 {AGE_LIMIT} 须填 item（30 行空着）" in found


def test_columns_that_a_rule_does_not_read_are_doubtful(tmp_path):
    folder = write(
        tmp_path, "library: [national]\ntables: {points: points.csv}\n",
        points=points(f"{DRUG_INSURANCE},X1,9", f"{DRUG_INSURANCE},X2,9", columns="rule,item,hours"),
    )  # fmt: skip
    assert doubts(folder) == [
        f"points.csv:2: points.X1.hours: 规则 {DRUG_INSURANCE} 不读 hours 列（2 行填了），没有作用"
    ]


def test_points_of_a_rule_that_uses_none_are_doubtful(tmp_path):
    rule = next(file.rule.code for _, file in shipped_rules() if file.rule.kind == "split_stay")
    folder = write(
        tmp_path,
        "library: [national]\ntables: {points: points.csv}\n",
        points=points(f"{DRUG_INSURANCE},X1", f"{rule},X1"),
    )
    assert doubts(folder)[0] == f"points.csv:3: points.X1.rule: 规则 {rule} 不用知识点（1 行未使用）"


def test_points_that_stand_twice_are_refused_and_those_of_other_years_are_not(tmp_path):
    columns = "rule,item,effective_from,effective_to"
    rows = [f"{DRUG_INSURANCE},X1,2025-01-01,2025-12-31", f"{DRUG_INSURANCE},X1,2026-01-01,2026-12-31"]
    head = "library: [national]\ntables: {points: points.csv}\n"
    assert doubts(write(tmp_path, head, points=points(*rows, columns=columns))) == []
    rows.append(f"{DRUG_INSURANCE},X1,2026-06-01,2026-12-31")
    assert told(write(tmp_path, head, points=points(*rows, columns=columns))) == [
        f"points.csv:4: points.X1: 规则 {DRUG_INSURANCE} 的同一知识点写了两行"
    ]


def test_an_id_used_twice_within_a_rule_is_refused(tmp_path):
    rows = points(f"{DRUG_INSURANCE},X1,p", f"{DRUG_INSURANCE},X2,p", f"{AGE_LIMIT},X1,p", columns="rule,item,id")
    folder = write(tmp_path, "library: [national]\ntables: {points: points.csv}\n", points=rows)
    assert told(folder) == ["points.csv:3: points.p: 本规则的知识点 id“p”写了两次"]


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("rule: GZ404, grade: lead", "a.rule: 没有规则 GZ404"),
        (f"rule: {DRUG_INSURANCE}, scene: 4, grade: lead", "a: rule（规则编码）与 scene（场景）须写一个，只能写一个"),
        ("grade: lead", "a: rule（规则编码）与 scene（场景）须写一个，只能写一个"),
        (
            f"rule: {DRUG_INSURANCE}, parameters: {{alowed: [x]}}",
            "a.parameters.alowed: 没有这个名称，是否想写 allowed？",
        ),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(tmp_path, setting, why):
    text = f"rule_settings:\n  - {{id: a, {setting}, source: 示例}}\n"
    assert told(write(tmp_path, settings=text)) == [f"settings.yaml:2: rule_settings.{why}"]


def test_parameters_for_a_scene_must_be_known_to_each_of_its_rules(tmp_path):
    text = "rule_settings:\n  - {id: a, scene: 4, parameters: {allowed: ['510'], days: 3}, source: 示例}\n"
    found = told(write(tmp_path, settings=text))
    assert any("rule_settings.a.parameters.days" in line and DRUG_INSURANCE in line for line in found)


def test_two_settings_of_one_rule_and_scope_at_one_time_are_refused_and_of_two_rules_are_not(tmp_path):
    one, other = (
        f"{{id: {name}, rule: {rule}, state: shadow, source: 示例}}"
        for name, rule in (("a", DRUG_INSURANCE), ("b", AGE_LIMIT))
    )
    assert doubts(write(tmp_path, settings=f"rule_settings: [{one}, {other}]\n")) == []
    other = other.replace(AGE_LIMIT, DRUG_INSURANCE)
    assert [
        line.split(": ", 2)[2] for line in told(write(tmp_path, settings=f"rule_settings: [{one}, {other}]\n"))
    ] == ["b 与 a 适用范围相同、日期重叠，无法判定以谁为准"]


def test_an_exemption_that_does_not_exist_and_one_without_a_condition_are_refused(tmp_path):
    own = (
        OWN_RULE.format(code="OWN-1")
        .replace("points:", "points:")
        .replace("  source: 本院医保办", "  source: 本院\n  exemptions: [dyalysis]")
    )
    empty = "exemptions: [{id: none, name_zh: 空, name_en: Empty, source: 示例}]\n"
    found = told(write(tmp_path, "", rules__own=own, exempt=empty))
    assert [line.split(": ", 1)[1] for line in found] == [
        "exemptions.none: 没有写豁免条件：诊断、手术、医疗类别、离院方式、项目至少写一种",
        "rules.OWN-1.exemptions.#1: 没有豁免“dyalysis”",
    ]


def test_a_range_of_codes_that_ends_before_it_begins_is_refused(tmp_path):
    rule = next(file.rule.code for _, file in shipped_rules() if file.rule.kind == "diagnosis_limit")
    folder = write(
        tmp_path, "library: [national]\ntables: {points: points.csv}\n",
        points=points(f"{rule},X1,E14-E10", columns="rule,item,diagnoses"),
    )  # fmt: skip
    assert told(folder) == ["points.csv:2: points.X1.diagnoses: 编码范围 E14-E10 的终点在起点之前"]


# As a whole -----------------------------------------------------------------------------------------------------------


def test_a_book_with_its_library_is_read_from_the_topic_as_it_was_written(tmp_path):
    book = read_folder(write(tmp_path, "library: [national, examples]\n")).book
    assert decode_book(encode_book(book)) == book
    assert check_whole(book, TODAY) == []


def test_a_difference_names_rules_and_points(tmp_path):
    old = read_folder(write(tmp_path / "a", "library: [national, examples]\n")).book
    new = read_folder(
        write(tmp_path / "b", "library: [national]\n", rules__own=OWN_RULE.format(code=DRUG_INSURANCE))
    ).book
    change = compare_books(old, new)
    assert [(one.name, one.fields["name_zh"]) for one in change.sections["rules"].changed] == [
        (DRUG_INSURANCE, ("药品限工伤保险", "本院限险种"))
    ]
    assert len(change.sections["points"].removed) == len(old.points)
    assert change.sections["points"].added == [f"{DRUG_INSURANCE} OWN1"]


def test_whatever_the_day_a_checked_book_compiles_for_every_scope_it_names(tmp_path):
    settings = f"""rule_settings:
  - {{id: a, scene: 4, state: shadow, source: 示例, effective_to: 2026-06-30}}
  - {{id: b, rule: {DRUG_INSURANCE}, parameters: {{allowed: [x]}}, source: 示例, scope: {{department: D1}}}}
"""
    rules = RuleBook(read_folder(write(tmp_path, "library: [national, examples]\n", settings=settings)).book)
    for day in (date(2026, 6, 30), date(2026, 7, 1)):
        for department in ("", "D1"):
            found = rules.scoped(Facts(department=department), day.toordinal() - EPOCH_ORDINAL)
            assert found.rules[DRUG_INSURANCE].parameters.allowed == (("x",) if department else ("410w",))


@pytest.mark.slow
def test_a_quarter_of_a_million_points_are_checked_compiled_and_published(tmp_path):
    read = read_folder(write_library(tmp_path, 250_000))
    assert len(read.book.points) == 250_000
    assert read.warnings == []
    assert len(RuleBook(read.book).points) == 250_000
    value = encode_book(read.book)
    assert len(value) < 20 * 2**20
    assert decode_book(value) == read.book

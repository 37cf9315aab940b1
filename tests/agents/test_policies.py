"""Reading a policy folder: all that is wrong with it is said at once, with file, line and field."""

from pathlib import Path

import pytest

from agents.policies import PolicyError, load_policy
from schemas.alerts import Rule
from schemas.units import day_number

GOOD = """version: "2026.1"
items: items.csv
quotas:
  - id: q1
    quota: "12000.00"
    source: 医保办
    scope: {care_type: 21}
    effective_from: 2026-01-01
    effective_to: 2026-12-31
thresholds:
  - id: t1
    rule: drug_ratio
    levels:
      - {level: yellow, at: 4000}
    source: 医保办
"""
ITEMS = "item_code,hospital_item_code,name,antibiotic,valuable,high_value\nXA01,D-1,药,0,1,0\n,D-2,药,1,0,0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "policy.yaml").write_text(text, encoding="utf-8")


def mistakes(folder: Path) -> list[str]:
    with pytest.raises(PolicyError) as error:
        load_policy(folder)
    return [mistake.removeprefix(f"{folder}/") for mistake in error.value.mistakes]


def test_a_good_folder_is_read(folder):
    policy = load_policy(folder)
    watches = policy.watches("H1", "D1", "21", "310", day_number("2026-06-01"))
    assert policy.version == "2026.1"
    assert watches.quota.quota_fen == 1_200_000
    assert watches.by_rule[Rule.DRUG_RATIO].at == (4000,)
    assert policy.valuable == {"XA01", "D-1"}
    assert policy.is_antibiotic(("D-2",))
    assert policy.is_antibiotic(("I-1", "XJ01CA04"))
    assert not policy.is_antibiotic(("XA01",))


def test_without_a_folder_the_shipped_examples_watch_without_quotas():
    policy = load_policy(None)
    watches = policy.watches("H1", "D1", "21", "310", day_number("2026-06-01"))
    assert watches.quota is None
    assert Rule.CASE_COST in watches.by_rule
    assert Rule.VISIT_QUOTA not in watches.by_rule


def test_several_mistakes_are_said_at_once_with_line_and_field(folder):
    text = (
        GOOD.replace('"12000.00"', "12,000").replace("at: 4000", "at: 40%").replace("rule: drug_ratio", "rule: drugs")
    )
    write(folder, text)
    found = mistakes(folder)
    assert [mistake.split(": ")[0:2] for mistake in found] == [
        ["policy.yaml:5", "quotas.0.quota"],
        ["policy.yaml:12", "thresholds.0.rule"],
    ]
    assert "yuan" in found[0] or "quota" in found[0]


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ('quota: "12000.00"', "quota: 0", 5, "quotas.0.quota"),
        ("source: 医保办\n    scope", "scope", 4, "quotas.0.source"),
        ("{care_type: 21}", "{ward: W1}", 7, "quotas.0.scope.ward"),
        ("2026-01-01", "2026-02-30", 8, "quotas.0.effective_from"),
        ("2026-12-31", "2025-12-31", 4, "quotas.0"),
        ("level: yellow", "level: orange", 14, "thresholds.0.levels.0.level"),
        ("at: 4000", "at: 0", 11, "thresholds.0"),
        ("version:", "verson:", 1, "version"),
    ],
)
def test_a_mistake_names_its_line_and_field(folder, old, new, line, field):
    assert old in GOOD
    write(folder, GOOD.replace(old, new))
    assert mistakes(folder)[0].startswith(f"policy.yaml:{line}: {field}: ")


def test_an_overlap_names_the_line_of_the_second_entry(folder):
    text = GOOD.replace("thresholds:", "  - {id: q2, quota: 1, source: s, scope: {care_type: 21}}\nthresholds:")
    write(folder, text)
    assert mistakes(folder) == ["policy.yaml:10: quotas.1: q1 and q2 have the same scope and overlap in time"]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("version: [", "policy.yaml:1: "),
        ("version: v\n\tname: x", "policy.yaml:2: "),
        ("version: v\nname: a: b", "policy.yaml:2: "),
        ("", "policy.yaml:1: : "),
        ("- a\n- b", "policy.yaml:1: : "),
        ("version: !!python/object/apply:os.system ['true']", "policy.yaml:1: "),
        ("version: \x07", "policy.yaml: "),
        ("? [a]\n: b", "policy.yaml:1: "),
    ],
)
def test_what_is_no_policy_is_refused(folder, text, start):
    write(folder, text)
    assert mistakes(folder)[0].startswith(start)


def test_a_file_that_is_not_utf_8_is_refused_with_advice(folder):
    (folder / "policy.yaml").write_bytes(GOOD.encode("gbk"))
    assert mistakes(folder) == ["policy.yaml: not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)"]
    write(folder, GOOD)
    (folder / "items.csv").write_bytes(ITEMS.replace("药", "贵重药品").encode("gbk"))
    assert mistakes(folder) == ["items.csv: not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)"]


def test_a_byte_order_mark_of_excel_is_no_mistake(folder):
    (folder / "items.csv").write_text("\ufeff" + ITEMS, encoding="utf-8")
    (folder / "policy.yaml").write_text("\ufeff" + GOOD, encoding="utf-8")
    assert load_policy(folder).valuable == {"XA01", "D-1"}


def test_a_missing_file_is_named(folder):
    (folder / "items.csv").unlink()
    assert mistakes(folder) == ["items.csv: No such file or directory"]
    (folder / "policy.yaml").unlink()
    assert mistakes(folder) == ["policy.yaml: No such file or directory"]


def test_a_mistake_in_the_item_list_names_its_line_and_column(folder):
    with (folder / "items.csv").open("a", encoding="utf-8") as items:
        items.write('XA02,,"two\nlines",0,1,0\nXA03,,药,是,0,0\n')
    assert mistakes(folder)[0].startswith("items.csv:6: antibiotic: ")


def test_the_policies_that_ship_are_good():
    root = Path(__file__).parents[2]
    folders = [path.parent for path in root.glob("deploy/policies/*/policy.yaml")]
    assert folders
    for folder in folders:
        assert load_policy(folder).version

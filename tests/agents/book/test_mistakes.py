"""Each kind of mistake in a book gives the error a person needs: file, line, field, what is wrong. All at once."""

from datetime import date
from pathlib import Path

import pytest

from agents.book import PolicyError, read_folder

HEAD = """version: "2026.1"
name: 示例
status: active
tier: "3"
hospitals:
  - {code: H1, region: "611000", tier: "3"}
tables:
  catalogue: [items.csv]
  dip: [dip.csv]
  codes: codes.csv
  drg:
    version: "1"
    mdc: mdc.csv
    rules: rules.csv
    groups: groups.csv
    complications: complications.csv
"""
WATCHING = """quotas:
  - id: q1
    quota: "12000.00"
    source: 医保办
    scope: {care_type: "21"}
    effective_from: 2026-01-01
    effective_to: 2026-12-31
thresholds:
  - id: t1
    rule: drug_ratio
    levels:
      - {level: yellow, at: 4000}
      - {level: red, at: 5000}
    clear_margin: 100
    source: 医保办
"""
MONEY = """benefits:
  - id: b1
    source: 医保局
    scope: {insurance_type: "310"}
    care_types: ["21"]
    deductibles:
      - {tier: "1", amounts: ["300", "200"]}
      - {tier: "3", amounts: ["600", "400"]}
    ratios:
      - tier: "1"
        bands: [{to: "10000", share: "90%"}, {from: "10000", share: "95%"}]
      - tier: "3"
        bands: [{share: "85%"}]
      - {tier: "3", person: "12", bands: [{share: "88%"}]}
    cap: "280000.00"
layers:
  - id: l1
    kind: critical_illness
    order: 1
    source: 医保局
    base: [deductible, proportion]
    bands: [{share: "60%"}]
methods:
  - id: m1
    kind: dip
    source: 医保局
    point_value: "8.35"
    deviation: {low: "50%", high: "200%"}
    conditions: {min_days: 1, max_days: 60}
projections:
  - {id: p1, source: 示例, expected_days: 9}
"""
BUDGETS = """budgets:
  - {id: y1, source: 示例, year: 2026, amount: "1000000.00"}
  - {id: y2, source: 示例, year: 2026, amount: "600000.00", scope: {department: D1}}
"""
FILES = {
    "book.yaml": HEAD,
    "watching.yaml": WATCHING,
    "money.yaml": MONEY,
    "budgets.yaml": BUDGETS,
    "items.csv": "item_code,name,level,self_pay,price_cap,valuable\nXA01,抗菌药,01,0%,12.50,0\nXB02,药,02,10%,,1\n",
    "dip.csv": "code,diagnosis,procedures,score\nK35,K35.8,47.01,1000\nI10,I10,,512.5\n",
    "codes.csv": "table,code,name_zh\ncare_type,2101,单病种\n",
    "mdc.csv": "mdc,order,diagnoses\nG,1,K35\n",
    "rules.csv": "mdc,adrg,section,diagnoses\nG,GD2,surgery,K35\n",
    "groups.csv": "code,weight\nGD25,0.85\n",
    "complications.csv": "diagnosis,level\nJ18,CC\n",
}


SECOND_BENEFIT = """  - id: b2
    source: s
    scope: {insurance_type: "310", care_type: "21"}
    ratios: [{bands: [{share: "1%"}]}]
layers:"""
SECOND_LAYER = """  - {id: l2, kind: critical_illness, order: 2, source: s, base: [proportion], bands: [{share: "9%"}]}
methods:"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    assert old in text, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def judged(folder: Path) -> tuple[list[str], list[str]]:
    """Errors and warnings, without the folder."""
    try:
        errors, warnings = [], read_folder(folder).warnings
    except PolicyError as error:
        errors, warnings = error.mistakes, error.warnings
    return tuple([str(mistake).replace(f"{folder}/", "") for mistake in found] for found in (errors, warnings))


def test_the_book_that_the_mistakes_are_made_in_is_good(folder):
    assert judged(folder) == ([], [])


#: file, what stands there, what somebody wrote instead, and the one error: place and field, then what it must say.
ERRORS = [
    # ---- the head
    ("book.yaml", 'version: "2026.1"\n', "", "book.yaml:1: version: ", "缺少此项 | missing"),
    ("book.yaml", 'version: "2026.1"', "version:", "book.yaml:1: version: ", "missing"),
    ("book.yaml", 'version: "2026.1"', f'version: "{"x" * 65}"', "book.yaml:1: version: ", "at most 64 characters"),
    ("book.yaml", "name: 示例", "nmae: 示例",
     "book.yaml:2: nmae: ", "是否想写 name？ | no such name; did you mean name?"),
    ("book.yaml", "status: active", "status: aktive", "book.yaml:3: status: ", "did you mean active?"),
    ("book.yaml", 'tier: "3"\n', 'tier: "5"\n', "book.yaml:4: tier: ", "tier 5 is none of tiers (1, 2, 3)"),
    ("book.yaml", "{code: H1, region", "{code: H1, regoin", "book.yaml:6: hospitals.H1.regoin: ", "mean region?"),
    ("book.yaml", 'tier: "3"}', 'tier: "4"}', "book.yaml:6: hospitals.H1.tier: ", "tier 4 is none of tiers"),
    ("book.yaml", "tables:", "  - {code: H1}\ntables:", "book.yaml:7: hospitals.H1.code: ", "listed twice (第 6 行"),
    ("book.yaml", "name: 示例", "name: 示例\nname: 另一个", "book.yaml:3: name: ", "写了两次（第一次在第 2 行）"),
    ("book.yaml", "items.csv", "item.csv",
     "book.yaml:8: tables.catalogue: ", "找不到文件 item.csv | there is no file item"),
    ("book.yaml", "dip: [dip.csv]", "dpi: [dip.csv]", "book.yaml:9: tables.dpi: ", "did you mean dip?"),
    ("book.yaml", "dip: [dip.csv]", "dip: {a: dip.csv}",
     "book.yaml:9: tables.dip: ", "must be the name of a CSV file"),
    ("book.yaml", "    groups:", "    gruops:", "book.yaml:15: tables.drg.gruops: ", "did you mean groups?"),
    ("book.yaml", "name: 示例", "name: [示例", "book.yaml:3: ", "YAML 写法有误"),
    ("book.yaml", "name: 示例", "\tname: 示例", "book.yaml:2: ", "YAML 写法有误"),
    # ---- sections
    ("watching.yaml", "quotas:", "quota:", "watching.yaml:1: quota: ", "did you mean quotas?"),
    ("watching.yaml", "quotas:", "version: x\nquotas:", "watching.yaml:1: version: ", "only book.yaml may say this"),
    ("watching.yaml", "quotas:\n  - id: q1\n", "quotas:\n    id: q1\n",
     "watching.yaml:1: quotas: ", "must be a list"),
    ("watching.yaml", "quotas:\n", "quotas:\n  - 12000\n",
     "watching.yaml:2: quotas.#1: ", "must be fields with values"),
    ("watching.yaml", "id: q1\n", "id: q1\n    qouta: 1\n",
     "watching.yaml:3: quotas.q1.qouta: ", "did you mean quota?"),
    ("watching.yaml", "id: q1\n", "id: q1\n    ward: 1\n", "watching.yaml:3: quotas.q1.ward: ", "可用的有 id、scope"),
    ("watching.yaml", "  - id: q1\n    quota", "  - quota", "watching.yaml:2: quotas.#1.id: ", "缺少此项 | missing"),
    ("watching.yaml", "    source: 医保办\n    scope", "    scope", "watching.yaml:2: quotas.q1.source: ", "missing"),
    ("watching.yaml", "source: 医保办", "source:", "watching.yaml:4: quotas.q1.source: ", "这里空着"),
    ("watching.yaml", '"12000.00"', "12000.50",
     "watching.yaml:3: quotas.q1.quota: ", '小数须加引号，写成 "12000.50"'),
    ("watching.yaml", '"12000.00"', '"12,000.00"', "watching.yaml:3: quotas.q1.quota: ", "no thousands separators"),
    ("watching.yaml", '"12000.00"', '"12000.005"', "watching.yaml:3: quotas.q1.quota: ", "at most two decimals"),
    ("watching.yaml", '"12000.00"', "12000元", "watching.yaml:3: quotas.q1.quota: ", "不写千分位与单位"),
    ("watching.yaml", '"12000.00"', '"-1"',
     "watching.yaml:3: quotas.q1.quota: ", "须大于 0 | must be greater than 0 (-1)"),
    ("watching.yaml", '"12000.00"', "true", "watching.yaml:3: quotas.q1.quota: ", "must be an amount in yuan"),
    ("watching.yaml", "2026-01-01", "2026-02-30", "watching.yaml:6: quotas.q1.effective_from: ", "没有这一天"),
    ("watching.yaml", "2026-12-31", "2026/12/31", "watching.yaml:7: quotas.q1.effective_to: ", "write 2026-01-31"),
    ("watching.yaml", "2026-12-31", "2025-12-31",
     "watching.yaml:2: quotas.q1: ", "effective_from is after effective_to"),
    ("watching.yaml", "{care_type:", "{care_typ:",
     "watching.yaml:5: quotas.q1.scope.care_typ: ", "did you mean care_type?"),
    ("watching.yaml", "rule: drug_ratio", "rule: drug_share",
     "watching.yaml:10: thresholds.t1.rule: ", "mean drug_ratio?"),
    ("watching.yaml", "level: red", "level: rot",
     "watching.yaml:13: thresholds.t1.levels.#2.level: ", "yellow、red、purple"),
    ("watching.yaml", "at: 5000", 'at: "50%"',
     "watching.yaml:9: thresholds.t1: ", "“50%”应为整数（基点，8000 即 80%）"),
    ("watching.yaml", "at: 5000", "at: 3000", "watching.yaml:9: thresholds.t1: ", "levels must grow worse"),
    ("watching.yaml", "at: 5000", "at: 4000", "watching.yaml:9: thresholds.t1: ", "two levels at the same value"),
    ("watching.yaml", "margin: 100", "margin: 4000",
     "watching.yaml:9: thresholds.t1: ", "clear_margin 须小于最低一级"),
    ("watching.yaml", "quotas:\n", "quotas:\n  - {id: q1, quota: 1, source: s}\n", "watching.yaml:3: quotas.q1.id: ",
     "id“q1”写了两次 | the id q1 is used twice (第 2 行 | line 2)"),
    ("watching.yaml", "thresholds:", '  - {id: q2, quota: 1, source: s, scope: {care_type: "21"}}\nthresholds:',
     "watching.yaml:8: quotas.q2: ", "q1 and q2 have the same scope and overlap in time (第 2 行 | line 2)"),
    ("budgets.yaml", "budgets:", "quotas:\n  - {id: q2, quota: 1, source: s, scope: {care_type: 21}}\nbudgets:",
     "watching.yaml:2: quotas.q1: ", "budgets.yaml:2)"),
    ("budgets.yaml", "budgets:\n", "budgets:\n  - {id: y3, source: s, year: 2026, amount: 1}\n",
     "budgets.yaml:3: budgets.y1: ", "y3 and y1 have the same scope"),
    ("budgets.yaml", '"1000000.00"}', '"1000000.00", months: ["50%", "50%"]}',
     "budgets.yaml:2: budgets.y1: ", "合计 100%"),
    # ---- settlement
    ("money.yaml", '{from: "10000", share', '{from: "20000", share',
     "money.yaml:10: benefits.b1.ratios.#1: ", "有空档"),
    ("money.yaml", '{from: "10000", share', '{from: "9000", share', "money.yaml:10: benefits.b1.ratios.#1: ", "重叠"),
    ("money.yaml", '[{share: "85%"}]', '[{to: 9, share: "85%"}]', "money.yaml:12: benefits.b1.ratios.#2: ",
     "最后一段不得有 to"),
    ("money.yaml", '[{share: "85%"}]', '[{from: 9, share: "85%"}]', "money.yaml:12: benefits.b1.ratios.#2: ",
     "the first band must begin at 0"),
    ("money.yaml", '"85%"', '"120%"',
     "money.yaml:13: benefits.b1.ratios.#2.bands.#1.share: ", "不得大于 100% | must not be"),
    ("money.yaml", '"85%"', "0.85", "money.yaml:13: benefits.b1.ratios.#2.bands.#1.share: ", '应为百分比，如 "85%"'),
    ("money.yaml", 'cap: "280000.00"', 'cap: "0"', "money.yaml:15: benefits.b1.cap: ", "须大于 0"),
    ("money.yaml", 'person: "12"', 'person: ""', "money.yaml:14: benefits.b1.ratios.#3: ", "as specific as row 2"),
    ("money.yaml", '{tier: "1", amounts', '{tier: "3", amounts',
     "money.yaml:8: benefits.b1.deductibles.#2: ", "第 1 行"),
    ("money.yaml", '{tier: "1", amounts', '{tier: "9", amounts', "money.yaml:7: benefits.b1.deductibles.#1.tier: ",
     "tier 9 is none of tiers"),
    ("money.yaml", '"310"}', '"310", care_type: "11"}',
     "money.yaml:4: benefits.b1.scope.care_type: ", "永远不会适用"),
    ("money.yaml", "layers:", SECOND_BENEFIT, "money.yaml:16: benefits.b2: ", "b1 and b2 have the same scope"),
    ("money.yaml", "base: [deductible", "base: [deductable",
     "money.yaml:21: layers.l1.base.#1: ", "did you mean deductible?"),
    ("money.yaml", "kind: critical_illness", "kind: critical",
     "money.yaml:18: layers.l1.kind: ", "没有“critical”这个值"),
    ("money.yaml", "methods:", SECOND_LAYER, "money.yaml:23: layers.l2: ", "l1 and l2 have the same scope"),
    # ---- payment
    ("money.yaml", "kind: dip", "kind: dpi", "money.yaml:25: methods.m1.kind: ", "did you mean dip?"),
    ("money.yaml", "    kind: dip\n", "", "money.yaml:24: methods.m1.kind: ", "missing: the kind of payment method"),
    ("money.yaml", '"8.35"', "8.35", "money.yaml:27: methods.m1.point_value: ", 'write "8.35"'),
    ("money.yaml", '"8.35"', '"8.3500001"', "money.yaml:27: methods.m1.point_value: ", "最多 6 位小数"),
    ("money.yaml", 'low: "50%"', 'low: "300%"',
     "money.yaml:28: methods.m1.deviation: ", "low、high、extreme 须依次增大"),
    ("money.yaml", "max_days: 60", "max_days: 0", "money.yaml:29: methods.m1.conditions.max_days: ", "永远不会准入"),
    ("money.yaml", "min_days: 1,", "diagnoses: [I10], without_diagnoses: [I1],",
     "money.yaml:29: methods.m1.conditions.without_diagnoses: ", "excludes every one of diagnoses"),
    ("money.yaml", "projections:", '  - {id: m2, kind: dip, source: s, point_value: "9"}\nprojections:',
     "money.yaml:30: methods.m2: ", "m1 and m2 have the same scope"),
    # ---- tables
    ("items.csv", "item_code,", "itemcode,", "items.csv:1: item_code / hospital_item_code: ", "表头中有 itemcode"),
    ("items.csv", "level,self_pay", "level,level", "items.csv:1: level: ", "two columns of this name"),
    ("items.csv", "XA01", "", "items.csv:2: ", "item_code 与 hospital_item_code 至少要有一个"),
    ("items.csv", "药,02,10%", "药,04,10%", "items.csv:3: level: ", "must be of the form"),
    ("items.csv", "10%", "0.1", "items.csv:3: self_pay: ", "应为百分比"),
    ("items.csv", "12.50", "￥12.50", "items.csv:2: price_cap: ", "最多 6 位小数"),
    ("items.csv", "12.50,0", "12.50,是", "items.csv:2: valuable: ", "应为 1 或 0 | must be 1 or 0 (是)"),
    ("items.csv", "12.50,0", "12.50,0,,x", "items.csv:2: ", "这一行有 8 列，表头只有 6 列"),
    ("items.csv", "XB02", "XA01", "items.csv:3: catalogue.XA01: ", "XA01 有两行在同一时间有效"),
    ("items.csv", "XB02,药", 'XB02,"药', "items.csv:3: ", "CSV 写法有误（引号须成对）"),
    ("dip.csv", "score", "scores", "dip.csv:1: score: ", "表头缺少此列，表头中有 scores"),
    ("dip.csv", "512.5", "512.50001", "dip.csv:3: score: ", "最多 4 位小数"),
    ("dip.csv", "I10,I10,,", "K36,K35.8,47.01,", "dip.csv:3: dip.K36: ", "K35.8 47.01 写了两行"),
    ("groups.csv", "GD25,0.85", "GD25,0.85\nGD25,0.9",
     "groups.csv:3: drg.groups.GD25: ", "GD25 stands twice (第 2 行"),
    ("groups.csv", "GD25", "GD2", "groups.csv:2: code: ", "太短，至少 4 个字符"),
    ("complications.csv", "J18,CC", "J18,CC\nJ18,MCC",
     "complications.csv:3: drg.complications.J18: ", "J18 写了两行"),
    ("codes.csv", "care_type,2101,单病种", "care_type,2101,单病种\ncare_type,2101,甲",
     "codes.csv:3: codes.2101: ", "写了两行"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "says"), ERRORS, ids=[f"{n}-{e[3]}" for n, e in enumerate(ERRORS)]
)
def test_a_mistake_is_told_with_file_line_and_field_and_what_is_wrong(folder, name, old, new, place, says):
    change(folder, name, old, new)
    errors, _ = judged(folder)
    assert len(errors) == 1, errors
    assert errors[0].startswith(place), errors
    assert says in errors[0].removeprefix(place), errors
    assert " | " in errors[0], "in both languages"


WARNINGS = [
    ("book.yaml", "status: active", "status: draft", "book.yaml:3: status: ", "草稿"),
    ("book.yaml", '    version: "1"', '    version: "1"\n    grouper: chs_drg_99', "book.yaml:13: tables.drg.grouper: ",
     "无法使用分组器"),
    ("book.yaml", "  dip: [dip.csv]\n", "", "money.yaml:24: methods.m1: ", "没有 DIP 病种表"),
    ("watching.yaml", '{care_type: "21"}', '{care_type: "77"}', "watching.yaml:5: quotas.q1.scope.care_type: ",
     "代码 77 不在代码表 care_type 中"),
    ("watching.yaml", "2026-01-01\n    effective_to: 2026-12-31", "2020-01-01\n    effective_to: 2020-12-31",
     "watching.yaml:2: quotas.q1: ", "到 2020-12-31 已全部过期"),
    ("money.yaml", '"310"}', '"31"}', "money.yaml:4: benefits.b1.scope.insurance_type: ", "tables.codes"),
    ("money.yaml", '["600", "400"]', '["600", "700"]',
     "money.yaml:8: benefits.b1.deductibles.#2.amounts: ", "随住院次数升高"),
    ("money.yaml", '["600", "400"]', '["600", "100"]', "money.yaml:8: benefits.b1.deductibles.#2: ",
     "第 2 次住院 3 级的起付标准 100.00 元，低于 1 级的 200.00 元"),
    ("money.yaml", '[{share: "85%"}]', '[{share: "91%"}]', "money.yaml:12: benefits.b1.ratios.#2: ",
     "3 级的支付比例 91%，高于 1 级的 90%（费用 0.00 元起）"),
    ("money.yaml", 'share: "88%"', 'share: "80%"', "money.yaml:14: benefits.b1.ratios.#3: ",
     "3 级医院退休人员的支付比例（80%）低于在职人员（85%）"),
    ("money.yaml", 'share: "95%"', 'share: "85%"',
     "money.yaml:11: benefits.b1.ratios.#1.bands.#2.share: ", "比例倒挂"),
    ("money.yaml", 'bands: [{share: "60%"}]', "bands: [{share: 60}]", "money.yaml:22: layers.l1.bands.#1.share: ",
     "比例只有 0.6%"),
    ("money.yaml", "projections:\n  - {id: p1, source: 示例, expected_days: 9}\n", "", "money.yaml:24: methods.m1: ",
     "没有 projections"),
    ("budgets.yaml", '"600000.00"', '"1600000.00"', "budgets.yaml:2: budgets.y1.amount: ",
     "1 个科室的预算合计 1600000.00 元，超过全院的 1000000.00 元"),
    ("budgets.yaml", 'year: 2026, amount: "1', 'year: 2026, effective_to: 2025-12-31, amount: "1',
     "budgets.yaml:2: budgets.y1.year: ", "不在当年"),
    ("items.csv", "self_pay", "self_pya", "items.csv:1: self_pya: ", "是否想写 self_pay？"),
    ("dip.csv", "code,diagnosis,procedures,score\n", "code,diagnosis,procedures,score,备注\n",
     "dip.csv:1: 备注: ", "未使用"),
    ("spare.csv", "", "item_code\nXA01\n", "spare.csv: ", "没有用到这个文件"),
    ("rules.csv", "GD2,", "GE1,", "rules.csv:2: drg.rules.GE1.adrg: ", "没有 GE1 的病组"),
    ("rules.csv", "G,GD2", "H,GD2", "rules.csv:2: drg.rules.GD2.mdc: ", "MDC 表中没有 H"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "place", "says"), WARNINGS, ids=[f"{n}-{w[3]}" for n, w in enumerate(WARNINGS)]
)
def test_what_is_doubtful_is_told_and_does_not_stop_anybody(folder, name, old, new, place, says):
    change(folder, name, old, new)
    warnings = [str(mistake).replace(f"{folder}/", "") for mistake in read_folder(folder, date(2026, 6, 1)).warnings]
    found = [warning for warning in warnings if warning.startswith(place) and says in warning]
    assert found, warnings
    assert all(" | " in warning for warning in warnings), "in both languages"


def test_every_mistake_of_every_file_is_told_at_once_in_the_order_of_files_and_lines(folder):
    change(folder, "book.yaml", "name:", "nmae:")
    change(folder, "watching.yaml", '"12000.00"', "12,000")
    change(folder, "watching.yaml", "at: 5000", "at: 1")
    change(folder, "money.yaml", '"85%"', "85 per cent")
    change(folder, "items.csv", "12.50,0", "abc,x")
    change(folder, "dip.csv", "I10,I10,,", "K36,K35.8,47.01,")
    change(folder, "budgets.yaml", "budgets:\n", "budgets:\n  - {id: y3, source: s, year: 2026, amount: 1}\n")
    errors, _ = judged(folder)
    assert [error.split(": ")[0] for error in errors] == [
        "book.yaml:2", "budgets.yaml:3", "dip.csv:3", "items.csv:2", "items.csv:2", "money.yaml:13",
        "watching.yaml:3", "watching.yaml:9",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["watching.yaml", "items.csv", "book.yaml"])
def test_a_file_that_is_not_utf_8_is_refused_with_advice(folder, name):
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_bytes(text.encode("gbk"))
    errors, _ = judged(folder)
    advice = (
        "不是 UTF-8 编码：请另存为 UTF-8（Excel 中选“CSV UTF-8”） | not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)"
    )
    assert errors == [f"{name}: {advice}"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "应为“字段: 值”的写法"),
        ("- a\n- b", "应为“字段: 值”的写法"),
        ("version: !!python/object/apply:os.system ['true']", "YAML 写法有误"),
        ("version: \x07", "不是可读的 YAML 文本"),
        ("? [a]\n: b", "YAML 写法有误"),
        ("version: a\n---\nversion: b", "YAML 写法有误"),
        ("version: &a [*a]", "应为文字"),
    ],
)
def test_what_is_no_book_is_refused(tmp_path, text, says):
    (tmp_path / "book.yaml").write_text(text, encoding="utf-8")
    errors, _ = judged(tmp_path)
    assert len(errors) == 1
    assert errors[0].startswith("book.yaml:")
    assert says in errors[0]


def test_a_missing_book_yaml_and_a_missing_folder_are_said(folder):
    (folder / "book.yaml").unlink()
    missing = "找不到文件，每本政策规则库都须有 book.yaml | no such file: every book has a book.yaml"
    assert judged(folder)[0] == [f"book.yaml: {missing}"]
    for name, says in (
        ("nowhere", "找不到这个目录 | there is no such folder"),
        ("items.csv", "应为目录 | must be a folder"),
    ):
        with pytest.raises(PolicyError) as error:
            read_folder(folder / name)
        assert str(error.value) == f"{folder / name}: {says}"


def test_without_a_readable_book_yaml_the_entries_are_judged_nevertheless(folder):
    (folder / "book.yaml").write_text("version: [", encoding="utf-8")
    change(folder, "watching.yaml", '"12000.00"', "12,000")
    errors, _ = judged(folder)
    assert [error.split(":")[0] for error in errors] == ["book.yaml", "watching.yaml"]


def test_of_a_table_full_of_mistakes_the_first_fifty_are_told(folder):
    rows = "".join(f"X{n},药,09,,,\n" for n in range(80))
    (folder / "items.csv").write_text("item_code,name,level,self_pay,price_cap,valuable\n" + rows, encoding="utf-8")
    errors, _ = judged(folder)
    assert len(errors) == 51
    assert errors[0] == "items.csv: 还有 30 处错误未列出 | 30 more mistakes not listed"
    assert errors[1].startswith("items.csv:2: level: ")

"""What changed between two books, entry by entry and field by field."""

from agents.book.difference import Change, Section, compare_books
from agents.book.printing import difference_lines
from schemas.book import Book

OLD = {
    "version": "2026.1",
    "name": "甲",
    "quotas": [
        {"id": "q1", "quota": "12000.00", "source": "s", "scope": {"department": "D1"}},
        {"id": "q2", "quota": "9000.00", "source": "s"},
    ],
    "benefits": [
        {
            "id": "b",
            "source": "s",
            "ratios": [{"bands": [{"to": "100", "share": "80%"}, {"from": "100", "share": "85%"}]}],
        }
    ],
    "catalogue": [{"item_code": "XA01", "self_pay": "10%"}, {"item_code": "XB02"}],
    "codes": [{"table": "care_type", "code": "2101", "name_zh": "单病种"}],
}
NEW = {
    "version": "2026.2",
    "name": "乙",
    "quotas": [
        {"id": "q1", "quota": "12500.00", "source": "s", "scope": {"department": "D2"}},
        {"id": "q3", "quota": "1", "source": "s"},
    ],
    "benefits": [{"id": "b", "source": "s", "cap": "9.00", "ratios": [{"bands": [{"share": "82.5%"}]}]}],
    "catalogue": [{"item_code": "XA01", "self_pay": "20%"}, {"item_code": "XC03", "region": "61"}],
    "codes": [{"table": "care_type", "code": "2101", "name_zh": "单病种"}],
}


def compared(old, new):
    return compare_books(Book.model_validate(old), Book.model_validate(new))


def test_what_came_went_and_changed_is_told_part_by_part():
    change = compared(OLD, NEW)
    assert (change.old, change.new) == ("2026.1", "2026.2")
    assert change.sections == {
        "book": Section(changed=[Change("", {"name": ("甲", "乙")})]),
        "quotas": Section(
            ["q3"],
            ["q2"],
            [Change("q1", {"scope.department": ("D1", "D2"), "quota": ("12000.00", "12500.00")})],
        ),
        "benefits": Section(
            changed=[
                Change(
                    "b",
                    {
                        "ratios.#1.bands.#1.to": ("100.00", ""),
                        "ratios.#1.bands.#1.share": ("80%", "82.5%"),
                        "ratios.#1.bands.#2.from": ("100.00", ""),
                        "ratios.#1.bands.#2.share": ("85%", ""),
                        "cap": ("", "9.00"),
                    },
                )
            ]
        ),
        "catalogue": Section(["XC03 61"], ["XB02"], [Change("XA01", {"self_pay": ("10%", "20%")})]),
    }


def test_the_same_content_under_another_version_is_no_difference():
    change = compared(OLD, OLD | {"version": "2026.9"})
    assert change.is_empty
    assert list(difference_lines(change)) == ["2026.1 → 2026.9", "没有变化 | no difference"]


def test_a_change_reads_as_lines():
    lines = list(difference_lines(compared(OLD, NEW)))
    assert lines[0] == "2026.1 → 2026.2"
    assert "quotas 定额: +1 −1 ~1" in lines
    assert "  + q3" in lines
    assert "  − q2" in lines
    assert "      quota: 12000.00 → 12500.00" in lines
    assert "      cap: ∅ → 9.00" in lines


def test_of_many_changed_rows_the_first_are_listed_and_the_rest_counted():
    rows = [{"item_code": f"X{number}"} for number in range(50)]
    change = compared({"version": "a"}, {"version": "b", "catalogue": rows})
    lines = list(difference_lines(change))
    assert len([line for line in lines if line.startswith("  + ")]) == 20
    assert lines[-1] == "  … 另有 30 行，--json 全部列出 | 30 more, all in --json"
    assert len(change.as_json()["sections"]["catalogue"]["added"]) == 50


def test_rows_of_one_name_are_told_apart():
    rule = {"mdc": "G", "adrg": "GD2", "section": "surgery"}
    old = {"version": "a", "drg": {"rules": [rule | {"diagnoses": ["K35"]}, rule | {"diagnoses": ["K36"]}]}}
    new = {"version": "b", "drg": {"rules": [rule | {"diagnoses": ["K35"]}, rule | {"diagnoses": ["K37"]}]}}
    assert compared(old, new).sections["drg.rules"].changed == [Change("GD2 surgery #2", {"diagnoses": ("K36", "K37")})]

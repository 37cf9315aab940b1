"""What rules need besides events is read from JSON and CSV as it is written."""

from pathlib import Path

import pytest

from agents.audit.inputs import AuditInputError, read_inputs


def test_decimals_of_json_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    path.write_text('{"items": {"X1": {"dispensed": 1.50}}}', encoding="utf-8")
    assert read_inputs([f"stock_ledger={path}"], ["stock_ledger"]) == {
        "stock_ledger": {"items": {"X1": {"dispensed": "1.50"}}}
    }


def test_a_table_is_a_list_of_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "infections.csv"
    path.write_text("\ufeffdiagnosis,at\nJ18.900,2026-03-05\n", encoding="utf-8")
    assert read_inputs([f"infections={path}"], ["stock_ledger"]) == {
        "infections": [{"diagnosis": "J18.900", "at": "2026-03-05"}]
    }


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_bytes("编码,数量\n".encode("gbk"))
    with pytest.raises(AuditInputError, match="不是 UTF-8 的 JSON 或 CSV"):
        read_inputs([f"stock_ledger={path}"], ["stock_ledger"])

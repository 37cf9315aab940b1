"""Books as folders, as short as they can be, for tests that read or publish them."""

from pathlib import Path

LIMITS = """thresholds:
  - {id: use, rule: visit_quota, source: 示例, levels: [{level: yellow, at: 8000}, {level: red, at: 10000}]}
  - {id: month, rule: department_quota, source: 示例, levels: [{level: red, at: 10000}]}
"""


def write_book(folder: Path, version: str, *, quota: str = "1000.00", more: str = "", head: str = "") -> Path:
    """One quota for everybody and thresholds on it; `more` is added to quotas.yaml, `head` to book.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.yaml").write_text(f'version: "{version}"\nname: 示例\n{head}', encoding="utf-8")
    (folder / "quotas.yaml").write_text(
        f'quotas:\n  - {{id: all, quota: "{quota}", source: 示例}}\n{more}', encoding="utf-8"
    )
    (folder / "thresholds.yaml").write_text(LIMITS, encoding="utf-8")
    return folder

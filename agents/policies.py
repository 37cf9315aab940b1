"""Reads a policy folder (`policy.yaml` and the item list it names), and says all that is wrong with it at once.

Errors name the file, the line, the field and what is wrong. A book with an error is never used.
"""

import csv
from datetime import tzinfo
from pathlib import Path

import yaml
from pydantic import ValidationError

from agents.core.policy import Policy
from schemas.book import Book, CatalogueItem
from schemas.units import SHANGHAI
from streams.logs import SafeError

FILE_NAME = "policy.yaml"
#: What holds where no folder is named: general 示例 thresholds, and no quotas, for those only a hospital knows.
DEFAULT_FOLDER = Path(__file__).with_name("default_policy")


#: Excel in China saves CSV in GBK unless told otherwise.
NOT_UTF8 = "not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)"


class PolicyError(SafeError):
    """The policy folder cannot be used; one line a mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class _Loader(yaml.SafeLoader):
    """Leaves a day that does not exist (30 February) as text, so that it is refused with its line and field."""


def _day(loader: _Loader, node: yaml.ScalarNode) -> object:
    try:
        return yaml.SafeLoader.construct_yaml_timestamp(loader, node)
    except ValueError:
        return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)


def load_policy(folder: Path | None, zone: tzinfo = SHANGHAI) -> Policy:
    """The compiled policy of a folder, or the one that ships. Raises PolicyError."""
    folder = folder or DEFAULT_FOLDER
    return Policy(read_policy_file(folder / FILE_NAME), zone)


def read_policy_file(path: Path) -> Book:
    """Read and validate one policy.yaml. Raises PolicyError with file, line, field and mistake."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
        lines = yaml.compose(text, Loader=_Loader)
    except OSError as error:
        raise PolicyError([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise PolicyError([f"{path}: {NOT_UTF8}"]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PolicyError([f"{path}:{line}: {error.problem}"]) from error
    except yaml.YAMLError as error:
        raise PolicyError([f"{path}: {error}"]) from error
    try:
        items = content.pop("items", "") if isinstance(content, dict) else ""
        catalogue = read_items(path.parent / items) if items else []
        file = Book.model_validate(content | {"catalogue": catalogue} if isinstance(content, dict) else content)
    except ValidationError as error:
        raise PolicyError([
            f"{path}:{line_of(lines, item['loc'])}: {'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_url=False)
        ]) from error  # fmt: skip
    return file


def line_of(node: yaml.Node | None, steps: tuple[int | str, ...]) -> int:
    """Line (from 1) of the deepest part of the document that these steps reach."""
    line = node.start_mark.line if node is not None else 0
    for name in steps:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if name not in pairs:
                break
            key, node = pairs[name]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(name, int) and name < len(node.value):
            node = node.value[name]
            line = node.start_mark.line
        else:
            break
    return line + 1


def read_items(path: Path) -> list[CatalogueItem]:
    """Read the item list (CSV, header line). Raises PolicyError with the line of every mistake."""
    items: list[CatalogueItem] = []
    mistakes: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            for row in rows:
                try:
                    items.append(CatalogueItem.model_validate({name: value for name, value in row.items() if value}))
                except ValidationError as error:
                    mistakes += [
                        f"{path}:{rows.line_num}: {'.'.join(map(str, item['loc']))}: {item['msg']}"
                        for item in error.errors()
                    ]
    except OSError as error:
        raise PolicyError([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise PolicyError([f"{path}: {NOT_UTF8}"]) from error
    except csv.Error as error:
        raise PolicyError([f"{path}:{rows.line_num}: {error}"]) from error
    if mistakes:
        raise PolicyError(mistakes)
    return items

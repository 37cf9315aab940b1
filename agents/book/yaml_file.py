"""One YAML file of a book: its content, and the line of everything in it.

Stricter than YAML where YAML would silently change what a person wrote: a key written twice is a mistake; `011` stays
the code 011 (YAML reads 9), `12:30` and `1_000` stay text, a decimal keeps its digits (`51.2300` is a code of
ICD-9-CM-3), and a day that does not exist stays text, so that it is refused with its line and field.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml
from typing_extensions import override

from agents.book.mistakes import Mistake, PolicyError

#: Excel and Notepad in China save in GBK unless told otherwise.
NOT_UTF8 = (
    "不是 UTF-8 编码：请另存为 UTF-8（Excel 中选“CSV UTF-8”） | not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)"
)
_PLAIN_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z", re.ASCII)


class WrittenDecimal(float):
    """A decimal as YAML reads it, which still knows how it was written."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Never fails: what is no number in Python (`.inf`, `1_0.5`) counts as not a number."""
        try:
            made = super().__new__(cls, text)
        except ValueError:
            made = super().__new__(cls, "nan")
        made.text = text
        return made

    @override
    def __str__(self) -> str:
        return self.text


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """libyaml where it is installed: ten times as fast."""


def _day(loader: Any, node: yaml.ScalarNode) -> object:
    try:
        return yaml.SafeLoader.construct_yaml_timestamp(loader, node)
    except ValueError:
        return node.value


def _integer(_loader: Any, node: yaml.ScalarNode) -> object:
    return int(node.value) if _PLAIN_INTEGER.match(node.value) else node.value


def _decimal(_loader: Any, node: yaml.ScalarNode) -> object:
    return WrittenDecimal(node.value)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What one file says. `node` is the whole document as YAML composed it; None: the file is empty."""

    path: Path
    content: Any
    node: yaml.Node | None
    mistakes: list[Mistake]

    def line(self, *steps: int | str) -> int:
        """The line of the deepest part of the document that these keys and positions reach."""
        return line_of(self.node, steps)


def read_yaml(path: Path) -> YamlFile:
    """Read one file. Raises PolicyError where nothing of it can be understood; mistakes beside it are in `mistakes`."""
    try:
        loader = _Loader(path.read_text(encoding="utf-8-sig"))
        node = loader.get_single_node()
        doubled = list(_doubled(path, node))
        content = loader.construct_document(node) if node is not None else None
    except OSError as error:
        raise PolicyError([Mistake(str(path), 0, "", cannot_read(error))]) from error
    except UnicodeDecodeError as error:
        raise PolicyError([Mistake(str(path), 0, "", NOT_UTF8)]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        text = f"YAML 写法有误（缩进用空格、冒号后空一格、括号与引号成对） | not YAML: {error.problem or error.context}"
        raise PolicyError([Mistake(str(path), line, "", text)]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        text = f"不是可读的 YAML 文本 | not readable as YAML: {str(error).splitlines()[0]}"
        raise PolicyError([Mistake(str(path), 1, "", text)]) from error
    return YamlFile(path, content, node, doubled)


def load_yaml(text: str) -> Any:
    """The content of a text, codes and decimals as they are written. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)  # noqa: S506 - a loader of plain values


def cannot_read(error: OSError) -> str:
    """Why the operating system did not give a file."""
    missing = isinstance(error, FileNotFoundError)
    return f"{'找不到文件' if missing else '无法读取'} | {error.strerror or type(error).__name__}"


def line_of(node: yaml.Node | None, steps: tuple[int | str, ...]) -> int:
    """Line (from 1) of the deepest part of the document that these steps reach."""
    line = node.start_mark.line if node is not None else 0
    for name in steps:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
            if name not in pairs:
                break
            key, node = pairs[name]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(name, int) and name < len(node.value):
            node = node.value[name]
            line = node.start_mark.line
        else:
            break
    return int(line) + 1


def _doubled(path: Path, top: yaml.Node | None) -> Iterator[Mistake]:
    """Every key that stands twice in one mapping: YAML would silently keep the last."""
    waiting = [("", top)]
    seen: set[int] = set()
    while waiting:
        field, node = waiting.pop()
        if node is None or id(node) in seen:  # an alias leads to a node a second time
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [(f"{field}.{_name_of(child, number)}", child) for number, child in enumerate(node.value, 1)]
        elif isinstance(node, yaml.MappingNode):
            first: dict[str, int] = {}
            for key, child in node.value:
                name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
                line = key.start_mark.line + 1
                if name in first:
                    text = (
                        f"同一个键写了两次（第一次在第 {first[name]} 行） | written twice, first in line {first[name]}"
                    )
                    yield Mistake(str(path), line, f"{field}.{name}".strip("."), text)
                first.setdefault(name, line)
                waiting.append((f"{field}.{name}".strip("."), child))


def _name_of(node: yaml.Node, number: int) -> str:
    """The id of an entry, or its number in the list."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((str(value.value) for key, value in pairs if key.value == "id"), f"#{number}")

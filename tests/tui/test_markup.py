"""No text that is not a constant reaches a widget in a way that reads it as markup, or a terminal uncleaned.

`onscreen.plain` is the way; `Content` is for text that is styled, and is not parsed either. The rest is looked for in
the source: each call, argument and attribute by which Textual 8 takes a string as markup.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import arka_tui.tui

PARSING_CALLS = {
    "Static": 1,
    "Label": 1,
    "Button": 1,
    "Checkbox": 1,
    "RadioButton": 1,
    "Collapsible": 9,
    "Option": 1,
    "OptionList": 9,
    "Select": 1,
    "Tab": 1,
    "TabPane": 1,
    "Tooltip": 1,
    "add_row": 9,
    "add_column": 1,
    "add_option": 1,
    "add_options": 1,
    "update": 1,
    "notify": 1,
    "write": 1,
}
"""How many of the first arguments are text. `update` and `write` also mean other things; see `HARMLESS`."""
PARSING_KEYWORDS = {"tooltip", "title", "label", "prompt", "description"}
PARSING_ATTRIBUTES = {"tooltip", "border_title", "border_subtitle", "label", "title", "sub_title"}
NEVER = {"from_markup", "escape", "from_ansi", "render_markup", "Markdown", "print", "bell_and_print"}
SAFE_CALLS = {"plain", "linked", "Content", "assemble", "styled", "join", "highlight"}
HARMLESS = {
    # not a widget's: a dictionary, the vault, a stream, the driver
    "self._controller.update",
    "controller.update",
    "sys.stderr.write",
    "sys.__stderr__.write",
    "self._testing.update",
    "self._driver.write",
}
OUR_OWN = {
    "detail.py": ("old.update(new.content)",),
    "key_form.py": (
        "Select(options, value=provider_id",
        "self.query_one('#first', Button).label = first",
        "self.query_one('#second', Button).label = second",
    ),
    "recovery_code.py": ("f'That is not groups {first} and {second} of the code above.'",),
    "lines.py": ("static.update(now, layout=False)",),
    "unlock.py": ("update(self._mode.value)",),
}
"""Constants of the same module, or numbers, on a way that the search does not follow."""

SOURCES = sorted(Path(arka_tui.tui.__path__[0]).rglob("*.py"))


def _is_safe(node: ast.expr, constants: frozenset[str] = frozenset()) -> bool:
    """A constant, a choice between safe ones, or what went through a safe function. `constants`: names of such."""
    match node:
        case ast.Constant():
            return True
        case ast.IfExp(body=one, orelse=other):
            return _is_safe(one, constants) and _is_safe(other, constants)
        case ast.BoolOp(values=values) | ast.JoinedStr(values=values):
            return all(_is_safe(value, constants) for value in values)
        case ast.FormattedValue(value=value) | ast.Starred(value=value):
            return _is_safe(value, constants)
        case ast.BinOp(left=left, right=right):  # with a Content, the whole is one
            return any(isinstance(side, ast.Call) and _is_safe(side) for side in (left, right))
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name in SAFE_CALLS
        case ast.Name(id=name):
            return name.isupper() or name in constants
    return False


def _constants(tree: ast.AST) -> frozenset[str]:
    """Names that are nothing but constants wherever the module binds them."""
    bound: dict[str, list[bool]] = defaultdict(list)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                bound[name].append(_is_safe(value))
            case ast.arg(arg=name):
                bound[name].append(False)
    stores = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    plain = Counter(
        node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    )
    return frozenset(name for name, safe in bound.items() if all(safe) and stores[name] == plain[name])


def _offences(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    constants = _constants(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield from _offences_of_call(path, node, name, constants)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    sink = isinstance(target, ast.Attribute) and target.attr in PARSING_ATTRIBUTES
                    if sink and not _is_safe(value, constants):
                        yield f"{path.name}:{node.lineno} {ast.unparse(node)}"


def _offences_of_call(path: Path, node: ast.Call, name: str, constants: frozenset[str]) -> Iterator[str]:
    where = f"{path.name}:{node.lineno} {ast.unparse(node)}"
    if name in NEVER:
        yield where
    if name not in PARSING_CALLS or ast.unparse(node.func) in HARMLESS:
        return
    literal = any(each.arg == "markup" and ast.unparse(each.value) == "False" for each in node.keywords)
    texts = [*node.args[: PARSING_CALLS[name]], *(each.value for each in node.keywords if each.arg in PARSING_KEYWORDS)]
    cleaned = literal and all("safe(" in ast.unparse(text) for text in texts)
    if not cleaned and not all(_is_safe(text, constants) for text in texts):
        yield where


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_screen_gives_a_widget_text_that_it_would_read_as_markup(path: Path) -> None:
    ours = OUR_OWN.get(path.name, ())
    assert [offence for offence in _offences(path) if not any(each in offence for each in ours)] == []


@pytest.mark.parametrize(
    "line",
    [
        "Static(name)",
        "Static(f'{name} is gone')",
        "Static('a' + name)",
        "name = 'x'\nfor name in names: Static(name)",
        "def show(name): name = 'x'; Static(name)",
        "name = check.evidence\nname = 'x'\nStatic(name)",
        "Static(f'{told}') if (told := name) else None",
        "Label(check.evidence)",
        "Button(label or 'x')",
        "status.update(str(error))",
        "self.notify(text)",
        "self.notify(text, markup=False)",
        "self.notify(safe(text), title=title, markup=False)",
        "self.notify(safe(text))",
        "table.add_row('a', name)",
        "widget.tooltip = name",
        "box.border_title = f'{name}'",
        "Button('x', tooltip=name)",
        "Content.from_markup('[b]x[/b]')",
        "print('x')",
    ],
)
def test_the_search_finds_what_it_looks_for(line: str, tmp_path: Path) -> None:
    source = tmp_path / "screen.py"
    source.write_text(line)
    assert len(list(_offences(source))) == 1

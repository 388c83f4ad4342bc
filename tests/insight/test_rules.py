"""The rules of the picks: those that are shipped, and a user's own file."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arka_tui.insight.rules import Condition, Rules, Task, load_rules

TASK = """
[tasks.coding]
title = "My code"
sentence = "As I like it."
rank = [
    { points = 1, name_has = "code", reason = "{word}" },
    { points = 2.5, class = "large", price_at_most = 2.50, price_above = 1, free = true, reason = "{price}" },
    { points = -3, context_at_least = 1_000, output_at_least = 10, can = ["tools"], reads = ["image"], reason = "" },
    { points = 4, newest = true, name_has = ["Foo"], reason = "{context} {output}" },
]
"""
Load = Callable[[str], Rules]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(text: str) -> Rules:
        file = tmp_path / "picks.toml"
        file.write_text(text, "utf-8")
        return load_rules(file)

    return load


def task(rules: Rules, task_id: str) -> Task:
    return next(each for each in rules.tasks if each.id == task_id)


def test_the_shipped_rules_have_no_mistake_and_the_tasks_of_the_document(tmp_path: Path) -> None:
    rules = load_rules(tmp_path / "none.toml")

    assert rules.mistakes == ()
    assert [each.title for each in rules.tasks] == [
        *("General", "Coding", "Reasoning", "Writing", "Long context", "Budget"),
    ]
    assert list(rules.classes) == ["tiny", "small", "middle", "large"]
    assert rules.passed_over.retires_within_days == 14
    assert all(each.rank and each.sentence.endswith(".") for each in rules.tasks)


def test_the_shipped_rules_always_tell_the_price(tmp_path: Path) -> None:
    for each in load_rules(tmp_path / "none.toml").tasks:
        assert any(rank.when == Condition() and "{price}" in rank.reason for rank in each.rank)


def test_a_task_of_ones_own_replaces_the_one_of_its_name_where_it_stood(load: Load) -> None:
    rules = load(TASK)

    assert rules.mistakes == ()
    assert [each.id for each in rules.tasks][:2] == ["general", "coding"]
    own = task(rules, "coding")
    assert own.title == "My code"
    assert [rank.points for rank in own.rank] == [Decimal(1), Decimal("2.5"), Decimal(-3), Decimal(4)]
    assert [rank.when for rank in own.rank] == [
        Condition(name_has=task(load(""), "coding").rank[0].when.name_has),
        Condition(of_class="large", price_at_most=Decimal("2.50"), price_above=Decimal(1), free=True),
        Condition(context_at_least=1000, output_at_least=10, can=frozenset({"tools"}), reads=("image",)),
        Condition(newest=True, name_has=("foo",)),
    ]


def test_a_new_task_comes_last(load: Load) -> None:
    rules = load('[tasks.poems]\ntitle = "Poems"\nsentence = "In rhyme."\ntie_break = ["context"]\nleast_points = -5')

    assert [each.id for each in rules.tasks][-2:] == ["budget", "poems"]
    assert (rules.tasks[-1].tie_break, rules.tasks[-1].least_points) == (("context",), Decimal(-5))


def test_classes_words_and_what_is_passed_over_can_be_ones_own(load: Load) -> None:
    rules = load(
        '[classes]\nlarge = ["Huge"]\ngiant = ["giant"]\n[words]\ncode = ["hack"]\nmine = ["x"]\n'
        '[passed_over]\nname_has = ["beta"]\n'
        '[tasks.t]\ntitle = ""\nsentence = ""\nrank = [{ points = 1, class = "giant", name_has = "mine", reason = "" }]'
    )

    assert rules.mistakes == ()
    assert (rules.classes["large"], list(rules.classes)[-1]) == (("huge",), "giant")
    assert task(rules, "coding").rank[0].when.name_has == ("hack",)
    assert task(rules, "t").rank[0].when == Condition(name_has=("x",), of_class="giant")
    assert (rules.passed_over.name_has, rules.passed_over.retires_within_days) == (("beta",), 14)


WORDS = "must be a list of words"


@pytest.mark.parametrize(
    ("rank", "mistake"),
    [
        ('points = "many", reason = ""', "tasks.coding.rank[1].points must be a number"),
        ('points = true, reason = ""', "tasks.coding.rank[1].points must be a number"),
        ('points = nan, reason = ""', "tasks.coding.rank[1].points must be a number"),
        ('points = 1e99, reason = ""', "tasks.coding.rank[1].points must be a number"),
        ('reason = ""', "tasks.coding.rank[1].points is missing"),
        ("points = 1", "tasks.coding.rank[1].reason is missing"),
        ("points = 1, reason = 1", "tasks.coding.rank[1].reason must be a text"),
        (
            'points = 1, reason = "{cost}"',
            "tasks.coding.rank[1].reason has {cost}, and there is only {price}, {context}, {output}, {word}",
        ),
        ('points = 1, reason = "", price = 1', "tasks.coding.rank[1].price is not known"),
        ('points = 1, reason = "", free = 1', "tasks.coding.rank[1].free must be true or false"),
        ('points = 1, reason = "", reads = "image"', f"tasks.coding.rank[1].reads {WORDS}"),
        ('points = 1, reason = "", reads = [""]', f"tasks.coding.rank[1].reads {WORDS}"),
        (
            'points = 1, reason = "", price_at_most = -1',
            "tasks.coding.rank[1].price_at_most must be an amount such as 2.50",
        ),
        (
            'points = 1, reason = "", context_at_least = 1.5',
            "tasks.coding.rank[1].context_at_least must be a whole number, 0 or more",
        ),
        (
            'points = 1, reason = "", can = ["fly"]',
            "tasks.coding.rank[1].can must be a list of: tools, reasoning, structured",
        ),
        (
            'points = 1, reason = "", class = "huge"',
            "tasks.coding.rank[1].class must be one of: tiny, small, middle, large",
        ),
        (
            'points = 1, reason = "", name_has = "codes"',
            f"tasks.coding.rank[1].name_has {WORDS}, or one of: code, thinking",
        ),
    ],
)
def test_a_wrong_rank_is_named_and_left_out_and_the_rest_works(load: Load, rank: str, mistake: str) -> None:
    rules = load(
        '[tasks.coding]\ntitle = "Mine"\nsentence = ""\nrank = [\n'
        f'{{ points = 1, reason = "a" }},\n{{ {rank} }},\n{{ points = 2, reason = "b" }}]'
    )

    assert rules.mistakes == (mistake,)
    assert [each.reason for each in task(rules, "coding").rank] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('[tasks.coding]\nsentence = ""', "tasks.coding.title is missing"),
        ('[tasks.coding]\ntitle = 1\nsentence = ""', "tasks.coding.title must be a text"),
        ('[tasks.coding]\ntitle = ""\nsentence = ""\nrank = 1', "tasks.coding.rank must be a list of tables"),
        ('[tasks.coding]\ntitle = ""\nsentence = ""\nmore = 1', "tasks.coding.more is not known"),
        ('[tasks.coding]\ntitle = ""\nsentence = ""\nrequire = 1', "tasks.coding.require must be a table"),
        (
            '[tasks.coding]\ntitle = ""\nsentence = ""\nrequire = { chats = true }',
            "tasks.coding.require.chats is not known",
        ),
        (
            '[tasks.coding]\ntitle = ""\nsentence = ""\ntie_break = ["name"]',
            "tasks.coding.tie_break must be a list of price and context",
        ),
        ('[tasks.coding]\ntitle = ""\nsentence = ""\nleast_points = ""', "tasks.coding.least_points must be a number"),
        ("[tasks]\ncoding = 1", "tasks.coding must be a table"),
        ("tasks = 1", "tasks must be a table"),
        ("[classes]\nlarge = 1", "classes.large must be a list of words"),
        ("[words]\ncode = [1]", "words.code must be a list of words"),
        (
            "[passed_over]\nretires_within_days = -1",
            "passed_over.retires_within_days must be a whole number, 0 or more",
        ),
        ("[passed_over]\nname = 1", "passed_over.name is not known"),
        ("[task.coding]", "task is not known"),
        ("[tasks.coding\n", "picks.toml is not TOML, at line 1, column 14"),
        ("[tasks.coding", "picks.toml is not TOML"),
        ("a = 9e99999999999999999999", "picks.toml cannot be read"),
        pytest.param(f"{'a.' * 600}a = 1", "picks.toml has a line of more than 1000 characters", id="long line"),
        pytest.param("# \n" * 30_000, "picks.toml is larger than 64 KiB", id="long file"),
    ],
)
def test_of_what_is_wrong_otherwise_the_shipped_rules_stay(load: Load, text: str, mistake: str) -> None:
    rules, shipped = load(text), load("")

    assert rules.mistakes == (mistake,)
    assert (rules.tasks, rules.classes, rules.passed_over) == (shipped.tasks, shipped.classes, shipped.passed_over)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder, binary = tmp_path / "folder", tmp_path / "binary"
    folder.mkdir()
    binary.write_bytes(b"\xff")

    assert load_rules(folder).mistakes == ("folder cannot be read",)
    assert load_rules(binary).mistakes == ("binary cannot be read",)
    assert len(load_rules(binary).tasks) == 6


def test_no_text_of_the_file_can_steer_a_terminal(load: Load) -> None:
    rules = load('[tasks."\\u001b[2J"]\n[tasks.t]\ntitle = "\\u001b"\nsentence = "a\\u202eb"')

    assert not any("\x1b" in each for each in rules.mistakes)
    assert (task(rules, "t").title, task(rules, "t").sentence) == ("␛", "ab")


TOML_VALUES = st.sampled_from(
    ["1", "-1", "1.5", "nan", "inf", "true", '""', '"code"', "[]", '["tools"]', "[1]", "{}", "{ a = 1 }", "2026-01-01"]
)
FIELDS = st.sampled_from(
    [
        *("title", "sentence", "require", "least_points", "tie_break", "rank", "points", "reason", "name_has", "class"),
        *("price_at_most", "price_above", "free", "context_at_least", "output_at_least", "can", "reads", "newest"),
    ]
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])  # each writes the file anew
@given(
    st.sampled_from(["tasks.t", "tasks.t.require", "classes", "words", "passed_over"]),
    st.dictionaries(FIELDS, TOML_VALUES, max_size=6),
    st.lists(st.dictionaries(FIELDS, TOML_VALUES, max_size=6), max_size=3),
)
def test_any_toml_is_read_or_told_and_never_costs_a_shipped_task(
    load: Load, table: str, fields: dict[str, str], ranks: list[dict[str, str]]
) -> None:
    inline = [f"{{ {', '.join(f'{name} = {value}' for name, value in each.items())} }}" for each in ranks]
    text = f"tasks.u.rank = [{', '.join(inline)}]\n[{table}]\n" + "\n".join(f"{n} = {v}" for n, v in fields.items())

    rules = load(text)

    assert {"general", "coding", "reasoning", "writing", "long-context", "budget"} <= {each.id for each in rules.tasks}
    assert "tasks.u.title is missing" in rules.mistakes

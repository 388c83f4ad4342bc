"""Names of models: one name for one model over all providers, and which of two is the newer of its line."""

import re
from decimal import Decimal
from functools import lru_cache

_DATE = re.compile(r"-(?:20\d{2}-?[01]\d-?[0-3]\d|[01]\d-20\d{2})$")
"""2025-08-07, 20250807 or 08-2025. Stamps of four digits (0813, 2512) stay: different models stand behind those."""
_REVISION = re.compile(r"-00\d$")
_ROUTES = frozenset({"nitro", "floor", "exacto", "fastest", "cheapest", "preferred", "latest"})
"""Ways to reach a model, not models. `:free`, `:thinking` and the like stay apart: they have other prices or limits."""
_NUMBER_FORMATS = ("-fp8", "-fp4", "-nvfp4", "-bf16", "-int8", "-int4")
_MAKER = re.compile(r"meta-(?=llama)|zai-(?=glm)|nvidia-(?=nemotron|llama)")
_POINT = re.compile(r"(?<=\d)p(?=\d)")
_WORD_AND_NUMBER = re.compile(r"(?<![a-z])([a-z]{3,})(?=\d)")
_SPLIT_VERSION = re.compile(r"(?<![\d.])(\d{1,2})-(\d{1,2})(?![\d.a-z])")
_OWN_OF_ROUTER = "openrouter/"
_FIREWORKS = "accounts/fireworks/"

_VERSION = re.compile(r"([kmorv]?)(\d{1,2}(?:\.\d{1,2})?)o?")
_SIZE = re.compile(r"(?:[aex]?\d+(?:\.\d+)?[bmke]|\d+x\d+b|\d{3,})")
_NOT_OF_LINE = frozenset(
    {
        *("preview", "exp", "experimental", "beta", "instruct", "it", "chat", "fast", "us", "eu", "spot"),
        *("thinking", "reasoning", "reasoner", "non"),
    }
)


def undated(model_id: str) -> str:
    """Without the date or `latest` at its end: what a provider calls the model as such."""
    plain = model_id.removesuffix("-latest").removesuffix(":latest")
    return _DATE.sub("", plain) if plain[-1:].isdigit() else plain


@lru_cache(maxsize=32_768)
def canonical(model_id: str) -> str:
    """One name for one model, however providers write it.

    - Lower case, `_` as `-`, without what stands before the last `/`: an author, `accounts/fireworks/models/`. But
      `openrouter/auto` and its like stay whole: they are the router's own.
    - Without a date, `-latest`, a revision `-001`, a number format `-fp8`, the `turbo` of `instruct-turbo`, a route
      `:nitro`.
    - Versions with a point: `claude-opus-4-5`, `glm-5p3` and `mistral-large-4-0` become `claude-opus-4.5`, `glm-5.3`
      and `mistral-large-4`; `qwen3-32b` becomes `qwen-3-32b`, `gpt-oss:20b` becomes `gpt-oss-20b`.
    - `:free` and other variants are names of their own: they have other limits.
    - `ft:…` stays as it is: a fine-tuned model is nobody else's.

    Rather two names for one model than one name for two.
    """
    name = model_id.strip().lower()
    if name.startswith(("ft:", _OWN_OF_ROUTER)):
        return name
    at_fireworks = name.startswith(_FIREWORKS)
    name = name.rpartition("/")[2].lstrip("~").replace("_", "-")
    name, colon, variant = name.partition(":")
    if variant in _ROUTES:
        colon, variant = "", ""
    elif variant[:1].isdigit():  # a size, as Ollama writes it
        name, colon, variant = f"{name}-{variant}", "", ""
    if at_fireworks:
        name = _POINT.sub(".", name).replace("llama-v", "llama-", 1)
    if name.endswith(_NUMBER_FORMATS):
        name = name.rpartition("-")[0]
    name = undated(name)
    if "-00" in name:
        name = _REVISION.sub("", name)
    if name.endswith("-instruct-turbo"):
        name = name.removesuffix("-turbo")
    if maker := _MAKER.match(name):
        name = name[maker.end() :]
    name = _SPLIT_VERSION.sub(_joined, _WORD_AND_NUMBER.sub(r"\1-", name))
    return f"{name}{colon}{variant}" or model_id


def words_of(name: str) -> str:
    """The words of a canonical name, each with a `-` before and after: `-gpt-5.4-nano-`."""
    return f"-{re.sub(r'[^a-z0-9.]+', '-', name)}-"


@lru_cache(maxsize=32_768)
def line_and_version(name: str) -> tuple[str, Decimal | None]:
    """Of a canonical name, the line of models it is of, and its version there: `gpt-nano` and 5.4.

    Sizes and words such as `preview` are no part of the line. None where the name has no version.
    """
    line: list[str] = []
    version: Decimal | None = None
    for word in words_of(name).strip("-").split("-"):
        if version is None and (numbered := _VERSION.fullmatch(word)):
            version = Decimal(numbered[2])  # as a decimal fraction: Grok 4.20 came before Grok 4.3
            line += [numbered[1]] if numbered[1] else []
        elif not _SIZE.fullmatch(word) and word not in _NOT_OF_LINE:
            line.append(word)
    return "-".join(line), version


def _joined(version: re.Match[str]) -> str:
    return version[1] if version[2] == "0" else f"{version[1]}.{version[2]}"

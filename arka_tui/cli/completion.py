"""`arka-tui completion SHELL`: a script with which the shell completes what is typed after arka-tui, and after arka.

It is made of the commands and their parsers, so it tells what they take. The names of keys are what `list` of the
program that is typed says at the moment. A name is somebody's text: no script evaluates one, as bash's `compgen -W`
would.
"""

import argparse
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from arka_tui.cli.arguments import Command, Parser
from arka_tui.cli.commands import ALIASES, COMMANDS, OF_SCREENS, command
from arka_tui.cli.desk import Desk
from arka_tui.cli.exits import Exit
from arka_tui.providers.catalog import load_catalog, with_own_providers


class Takes(Enum):
    """Its values stand in the scripts."""

    NOTHING = "nothing"
    KEYS = "keys"
    NAMES = "names"
    """A key, or a provider that means its only one."""
    ASSIGNED = "assigned"
    """A variable, `=`, and one of NAMES."""
    PROVIDERS = "providers"
    BEGINNINGS = "beginnings"
    """A provider and a slash, behind which a label is made up."""
    FILES = "files"
    CHOICES = "choices"
    COMMAND = "command"
    """And all that follows it."""
    TEXT = "text"
    """What nobody can guess."""


_TAKES = {
    "NAME": Takes.KEYS,
    "PART": Takes.KEYS,
    "KEY": Takes.NAMES,
    "NAME=KEY": Takes.ASSIGNED,
    "ID": Takes.PROVIDERS,
    "PROVIDER[/LABEL]": Takes.BEGINNINGS,
    "FILE": Takes.FILES,
    "PATH": Takes.FILES,
    "FOLDER": Takes.FILES,
    "COMMAND": Takes.COMMAND,
}
"""By the metavar on the page."""


@dataclass(frozen=True, slots=True)
class Argument:
    flags: tuple[str, ...]
    """Empty where it stands by itself."""
    told: str
    takes: Takes
    choices: tuple[str, ...]
    repeats: bool


@dataclass(frozen=True, slots=True)
class Word:
    typed: tuple[str, ...]
    """The command, then its aliases."""
    told: str
    options: tuple[Argument, ...]
    alone: tuple[Argument, ...]

    @property
    def flags(self) -> list[str]:
        return [flag for each in self.options for flag in each.flags]

    @property
    def valued(self) -> list[str]:
        """The flags behind which a value stands."""
        return [flag for each in self.options if each.takes is not Takes.NOTHING for flag in each.flags]

    @property
    def places(self) -> list[str]:
        """What stands at each place; with a + at the last one, also at those after it."""
        return [each.takes.value + ("+" if each.repeats else "") for each in self.alone]

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(choice for each in self.alone for choice in each.choices)


# ---------------------------------------------------------------------- the command


@dataclass(frozen=True, slots=True)
class Options:
    shell: str


def _parser() -> Parser:
    parser = Parser(
        "completion",
        "bash | zsh | fish",
        "Prints a script with which the shell completes commands, options and the names of your keys. The names are "
        "there while arka-tui unlock keeps the vault open; completing never asks for the passphrase.",
        "The line for your shell's start file, ~/.bashrc, ~/.zshrc after compinit, or ~/.config/fish/config.fish:\n\n"
        '    eval "$(arka-tui completion bash)"\n\n'
        '    eval "$(arka-tui completion zsh)"\n\n'
        "    arka-tui completion fish | source",
    )
    parser.add_argument("shell", metavar="SHELL", choices=tuple(_SCRIPTS), help="bash, zsh or fish")
    return parser


def _run(options: Options, desk: Desk) -> int:
    providers = list(with_own_providers(load_catalog(), desk.paths.providers).providers)
    desk.output.verbatim(_SCRIPTS[options.shell]([*_words()], providers))
    return Exit.DONE


def _words() -> Iterator[Word]:
    for word, entry in COMMANDS.items():
        aliases = [alias for alias, meant in ALIASES.items() if meant == word]
        arguments = [*_arguments(command(word).parser())]
        options = tuple(each for each in arguments if each.flags)
        yield Word((word, *aliases), entry.told, options, tuple(each for each in arguments if not each.flags))
    yield from (Word((word,), told, (), ()) for word, told in OF_SCREENS.items())


def _arguments(parser: Parser) -> Iterator[Argument]:
    for action in parser._actions:  # argparse has no other way to list them
        if action.help is argparse.SUPPRESS:
            continue
        choices = tuple(map(str, action.choices or ()))
        takes = Takes.CHOICES if choices else _TAKES.get(str(action.metavar), Takes.TEXT)
        takes = Takes.NOTHING if action.nargs == 0 else takes
        yield Argument(tuple(action.option_strings), action.help or "", takes, choices, action.nargs in ("*", "+"))


def _filled(script: str, **parts: str) -> str:
    for name, part in parts.items():
        script = script.replace(f"@{name}@", part)
    return script


# ---------------------------------------------------------------------- bash

_BASH = r"""# bash completion of arka-tui
_arka_keys() {
    ARKA_NO_ASK=1 command "$program" list 2>/dev/null </dev/null | cut -f2
}
_arka_names() {
    local keys
    keys=$(_arka_keys)
    printf '%s\n' "$keys"
    printf '%s\n' "$keys" | cut -d/ -f1 | sort -u
}
_arka_offer() {
    local line
    while IFS= read -r line; do
        [[ -n $line && $line == "$current"* ]] || continue
        line=$lead$line
        printf -v line %q "${line:cut}"
        COMPREPLY+=("$line")
    done
}
_arka() {
    local IFS=$' \t\n' program=${COMP_WORDS[0]/#\~\//$HOME/} piece=${COMP_WORDS[COMP_CWORD]}
    local typed=() begins=() count=0 at=0 rest=0 cut i current before= lead= options= valued= takes= choices= places=()
    # readline cuts words at = and at :, which options and names may have
    for ((i = 0; i <= COMP_CWORD; i++)); do
        if ((count > 1)) && [[ ${COMP_WORDS[i]} == [=:]* || ${typed[count - 1]} == *[=:] ]]; then
            typed[count - 1]+=${COMP_WORDS[i]}
        else
            begins[count]=$i
            typed[count++]=${COMP_WORDS[i]}
        fi
    done
    current=${typed[count - 1]}
    [[ $piece == [=:]* ]] && piece=
    cut=$((${#current} - ${#piece}))
    if [[ $current == --*=* ]]; then
        before=${current%%=*}
    elif ((count > 2)); then
        before=${typed[count - 2]}
    fi
    COMPREPLY=()
    case $count,${typed[1]} in
        2,-*) takes=choices choices='--help --version' ;;
        2,*) takes=choices choices=@COMMANDS@ ;;
@CASES@
    esac
    for ((i = 2; i < count - 1; i++)); do
        if [[ ${typed[i]} == -- && ${places[0]-} == command ]]; then
            rest=$((i + 1))
            break
        elif [[ " $valued " == *" ${typed[i]} "* ]]; then
            i=$((i + 1))
        elif [[ ${typed[i]} != -* ]]; then
            if [[ ${places[at]-} == command ]]; then
                rest=$i
                break
            fi
            at=$((at + 1))
        fi
    done
    if ((rest && rest < count - 1)); then
        declare -F _command_offset >/dev/null && _command_offset "${begins[rest]}"
        return
    elif ((rest)); then
        takes=command
    elif [[ -n $takes ]]; then
        if [[ $current == --*=* ]]; then
            lead=$before=
            current=${current#*=}
        fi
    elif [[ $current == -* ]]; then
        takes=choices choices=$options
    elif ((${#places[@]})); then
        i=$((${#places[@]} - 1))
        [[ $at -gt $i && ${places[i]} == *+ ]] && at=$i
        takes=${places[at]-}
    fi
    case ${takes%+} in
        choices) _arka_offer < <(printf '%s\n' $choices) ;;
        keys) _arka_offer < <(_arka_keys) ;;
        names) _arka_offer < <(_arka_names) ;;
        assigned)
            if [[ $current == *=* ]]; then
                lead+=${current%%=*}=
                current=${current#*=}
                _arka_offer < <(_arka_names)
            fi
            ;;
        providers) _arka_offer < <(printf '%s\n' @PROVIDERS@) ;;
        beginnings)
            compopt -o nospace 2>/dev/null
            _arka_offer < <(printf '%s/\n' @PROVIDERS@)
            ;;
        command) _arka_offer < <(compgen -c -- "$current") ;;
    esac
}
complete -o default -F _arka arka arka-tui
"""
"""`-o default`: where nothing of ours fits, the names of files."""


def _bash(words: Sequence[Word], providers: Sequence[str]) -> str:
    cases = []
    for word in words:
        given = f"options={_quoted(word.flags)} valued={_quoted(word.valued)} places=({' '.join(word.places)})"
        given += f" choices={_quoted(word.choices)}" if word.choices else ""
        cases += [f"        {' | '.join(f'*,{typed}' for typed in word.typed)})", f"            {given}"]
        cases += _of_options(word, "    {}) {} ;;", _quoted)
    typed = _quoted(typed for word in words for typed in word.typed)
    return _filled(_BASH, CASES="\n".join(cases), COMMANDS=typed, PROVIDERS=" ".join(providers))


def _of_options(word: Word, case: str, quoted: Callable[[Iterable[str]], str]) -> Iterator[str]:
    """What stands behind which flag, as a `case` of bash and of zsh; and the end of the command's own."""
    if word.valued:
        yield "            case $before in"
        for each in word.options:
            if each.takes is not Takes.NOTHING:
                choices = f" choices={quoted(each.choices)}" if each.choices else ""
                yield "            " + case.format(" | ".join(each.flags), f"takes={each.takes.value}{choices}")
        yield "            esac"
    yield "            ;;"


def _quoted(parts: Iterable[str]) -> str:
    return shlex.quote(" ".join(parts))


# ---------------------------------------------------------------------- zsh

_ZSH = r"""#compdef arka arka-tui
_arka_list() {
    keys=(${(f)"$(ARKA_NO_ASK=1 command $program list 2>/dev/null </dev/null | cut -f2)"})
}
_arka_names() {
    local -aU owners
    _arka_list
    owners=(${keys%%/*})
    compadd -a keys
    compadd -a owners
}
_arka() {
    local program=${words[1]/#\~\//$HOME/} before=$words[CURRENT-1] valued= takes= joined=
    local -i at=1 rest=0 i
    local -a told choices places keys
    if [[ $PREFIX == --*=* ]]; then
        before=${PREFIX%%=*}
        joined=yes
    fi
    case $CURRENT,$words[2] in
        (2,*)
            told=(@COMMANDS@)
            _describe command told
            return
            ;;
@CASES@
    esac
    for (( i = 3; i < CURRENT; i++ )); do
        if [[ $words[i] == -- && $places[1] == command ]]; then
            rest=$(( i + 1 ))
            break
        elif [[ " $valued " == *" $words[i] "* ]]; then
            (( i++ ))
        elif [[ $words[i] != -* ]]; then
            if [[ $places[at] == command ]]; then
                rest=$i
                break
            fi
            (( at++ ))
        fi
    done
    if (( rest == 0 )); then
        if [[ -n $takes ]]; then
            [[ -n $joined ]] && compset -P 1 '*='
        elif [[ $PREFIX == -* ]]; then
            _describe -o option told
            return
        else
            (( at > $#places )) && [[ $places[-1] == *+ ]] && at=$#places
            takes=$places[at]
            [[ $takes == command ]] && rest=$CURRENT
        fi
    fi
    if (( rest )); then
        words=("${(@)words[rest,-1]}")
        (( CURRENT -= rest - 1 ))
        _normal
        return
    fi
    case ${takes%+} in
        (choices) compadd -a choices ;;
        (keys) _arka_list; compadd -a keys ;;
        (names) _arka_names ;;
        (assigned) compset -P 1 '*=' && _arka_names ;;
        (providers) choices=(@PROVIDERS@); compadd -a choices ;;
        (beginnings) choices=(@PROVIDERS@); compadd -S / -a choices ;;
        (files) _files ;;
    esac
}
compdef _arka arka arka-tui
"""


def _zsh(words: Sequence[Word], providers: Sequence[str]) -> str:
    cases = []
    for word in words:
        told = _listed(f"{flag}:{option.told}" for option in word.options for flag in option.flags)
        given = f"told={told} valued={_quoted(word.valued)} places=({' '.join(word.places)})"
        given += f" choices={_listed(word.choices)}" if word.choices else ""
        cases += [f"        ({'|'.join(f'*,{typed}' for typed in word.typed)})", f"            {given}"]
        cases += _of_options(word, "    ({}) {} ;;", _listed)
    typed = " ".join(shlex.quote(f"{typed}:{word.told}") for word in words for typed in word.typed)
    return _filled(_ZSH, CASES="\n".join(cases), COMMANDS=typed, PROVIDERS=" ".join(providers))


def _listed(parts: Iterable[str]) -> str:
    return f"({shlex.join(parts)})"


# ---------------------------------------------------------------------- fish

_FISH = r"""# fish completion of arka-tui
function __arka_keys
    set -l typed (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $typed[1])
    command -q -- $program
    and ARKA_NO_ASK=1 command $program list 2>/dev/null </dev/null | cut -f2
end
function __arka_names
    set -l keys (__arka_keys)
    printf '%s\n' $keys (string replace -r '/.*' '' -- $keys | sort -u)
end
function __arka_assigned
    set -l variable (string match -r '^(?:--env=)?([^=]+=)' -- (commandline -ct))[2]
    and string replace -r '^' -- $variable (__arka_names)
end
function __arka_command
    set -l typed (commandline -opc)
    set -l at (contains -i -- -- $typed)
    and contains -- "$typed[2]" $argv
end
function __arka_subcommand
    set -l typed (commandline -opc)
    set -l at (contains -i -- -- $typed)
    set -l line (commandline -ct)
    test $at -lt (count $typed)
    and set -p line (string escape -- $typed[(math $at + 1)..-1])
    complete -C (string join ' ' -- $line)
end
function __arka_at # the first place, the last, the flags that take a value, the names of the command
    set -l typed (commandline -opc)
    contains -- "$typed[2]" $argv[4..-1]
    or return 1
    set -l at 1
    set -l value no
    for word in $typed[2..-1]
        if test $value = yes
            set value no
        else if contains -- $word (string split ' ' -- $argv[3])
            set value yes
        else if not string match -q -- '-*' $word
            set at (math $at + 1)
        end
    end
    test (math $at - 1) -ge $argv[1] -a (math $at - 1) -le $argv[2]
end
function __arka_after
    set -l typed (commandline -opc)
    contains -- "$typed[2]" $argv
end
for arka in arka arka-tui
    complete -c $arka -f
@CASES@
end
"""
_MOST_PLACES = 9999


def _fish(words: Sequence[Word], providers: Sequence[str]) -> str:
    cases: list[str] = []
    for word in words:
        names = " ".join(word.typed)
        for typed in word.typed:
            told = f"-a {typed} -d {_fish_quoted(word.told)}"
            cases.append(f"    complete -c $arka -n 'test (count (commandline -opc)) -eq 1' {told}")
        for each in word.options:
            flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in each.flags)
            after = f"    complete -c $arka -n {_fish_quoted(f'__arka_after {names}')} {flags}"
            needed = "" if each.takes is Takes.NOTHING else " -r"
            cases.append(f"{after}{needed}{_fish_value(each, providers)} -d {_fish_quoted(each.told)}")
        for place, each in enumerate(word.alone, 1):
            where = f'__arka_at {place} {_MOST_PLACES if each.repeats else place} "{" ".join(word.valued)}" {names}'
            if each.takes is Takes.COMMAND:
                where = f"__arka_command {names}"
            if value := _fish_value(each, providers):
                cases.append(f"    complete -c $arka -n {_fish_quoted(where)}{value}")
    return _filled(_FISH, CASES="\n".join(cases))


def _fish_value(argument: Argument, providers: Sequence[str]) -> str:
    match argument.takes:
        case Takes.NOTHING | Takes.TEXT:
            return ""
        case Takes.KEYS | Takes.NAMES | Takes.ASSIGNED:
            return f" -a '(__arka_{argument.takes.value})'"
        case Takes.PROVIDERS:
            return f" -a {_fish_quoted(' '.join(providers))}"
        case Takes.BEGINNINGS:
            return f" -a {_fish_quoted(' '.join(f'{each}/' for each in providers))}"
        case Takes.FILES:
            return " -F"
        case Takes.CHOICES:
            return f" -a {_fish_quoted(' '.join(argument.choices))}"
        case Takes.COMMAND:
            return " -a '(__arka_subcommand)'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}

COMPLETION = Command(_parser, Options, _run)

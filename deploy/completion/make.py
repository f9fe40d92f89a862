#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the completions for bash, zsh and fish of what `aspis --help` says.

usage: make.py ASPIS [--check]

With --check it writes nothing, and says which files are not what it would write.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import cli_help  # noqa: E402

MADE = "# Made by deploy/completion/make.py of `aspis --help`. Don't edit.\n# SPDX-License-Identifier: Apache-2.0\n"
FILES = {"FILE", "PATH", "TREE", "MANIFEST", "KEY", "KEY.pem", "PUB.pem", "FILE[:NAME]"}


def kind(name, choices):
    """Of what can stand for an option's value or an argument: files, directories, command, none, or words."""
    if choices:
        return " ".join(choices)
    return {"DIR": "/directories", "COMMAND": "/command"}.get(name, "/files" if name in FILES else "/none")


# --- bash: two tables, of words and of values, and one function that asks them --------------------------------------

BASH = r"""
_aspis() {
  local current=${COMP_WORDS[COMP_CWORD]} path='' word index=1 option kind
  # The colon in FILE:NAME breaks words, and so does "=": what is before it is the option.
  while ((index < COMP_CWORD)) && _aspis_words "$path${path:+ }${COMP_WORDS[index]}" >/dev/null; do
    path+=${path:+ }${COMP_WORDS[index]}
    ((++index))
  done
  for word in "${COMP_WORDS[@]:index:COMP_CWORD-index}"; do
    if [[ $word == -- && $path =~ ^(run|policy attach)$ ]]; then
      mapfile -t COMPREPLY < <(compgen -c -- "$current"; compgen -f -- "$current")
      return
    fi
  done
  option=${COMP_WORDS[COMP_CWORD-1]}
  if [[ $current == = ]]; then
    current=''
  elif [[ $option == = ]]; then
    option=${COMP_WORDS[COMP_CWORD-2]}
  fi
  kind=$(_aspis_value "$path" "$option")
  if [[ -z $kind && $current == -* ]] || [[ -z $kind && -z $(_aspis_value "$path" '') ]]; then
    kind=$(_aspis_words "$path")
  fi
  [[ -n $kind ]] || kind=$(_aspis_value "$path" '')
  case $kind in
    /files | /command)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    /directories)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      ;;
    /none) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$current") ;;
  esac
}

complete -F _aspis aspis
"""


def argument_kind(command):
    """One answer for all arguments: the last one's, which is what may be repeated, unless there are words to choose from."""
    kinds = [kind(argument.names[0], argument.choices) for argument in command.arguments]
    return next((one for one in kinds if not one.startswith("/")), "/files" if "/files" in kinds else (kinds or [""])[-1])


def bash(root):
    text = "# bash completion for aspis\n" + MADE
    text += "\n# _aspis_words COMMAND: its commands and options; fails if there is no such command.\n_aspis_words() {\n  case $1 in\n"
    for command in root.walk():
        words = [one.path[-1] for one in command.commands] + [name for one in command.options for name in one.names]
        text += f"    '{' '.join(command.path)}') echo '{' '.join(words)}' ;;\n"
    text += "    *) return 1 ;;\n  esac\n}\n"
    text += "\n# _aspis_value COMMAND OPTION: what may stand there: words, or /files and the like; without OPTION: as an argument.\n"
    text += '_aspis_value() {\n  case "$1 $2" in\n'
    for command in root.walk():
        path = " ".join(command.path)
        if command.arguments:
            text += f"    '{path} ') echo '{argument_kind(command)}' ;;\n"
        for one in command.options:
            if one.value or one.choices:
                names = " | ".join(f"'{path} {name}'" for name in one.names)
                text += f"    {names}) echo '{kind(one.value, one.choices)}' ;;\n"
    return text + "  esac\n}\n" + BASH


# --- zsh: a function for each command ---------------------------------------------------------------------------------

ZSH_ACTIONS = {"/files": "_files", "/directories": "_files -/", "/command": "_command_names -e", "/none": ""}


def zsh_text(text):
    return "".join("\\" + c if c in "[]:\\" else "'\\''" if c == "'" else c for c in text)


def zsh_value(name, choices):
    values = kind(name, choices)
    return f":{zsh_text(name.lower() or 'which')}:{ZSH_ACTIONS.get(values, f'({values})')}"


def zsh_function(command):
    lines = []
    for one in command.options:
        value = zsh_value(one.value, one.choices) if one.value or one.choices else ""
        repeated = "" if one.names[-1] in ("--help", "--version") else "*"
        lines += [f"'{repeated}{name}[{zsh_text(one.short)}]{value}'" for name in one.names]
    name = "_".join(("_aspis", *command.path))
    if command.commands:
        lines += ["'1:command:->command'", "'*::argument:->argument'"]
    for number, one in enumerate(command.arguments, 1):
        title = one.names[0]
        if title == "COMMAND":
            lines.append("'*:::command:_normal'")
        elif number == len(command.arguments) and not one.choices:
            lines.append(f"'*{zsh_value(title, one.choices)}'")
        else:
            lines.append(f"'{number}{zsh_value(title, one.choices)}'")
    text = f"\n{name}() {{\n"
    if command.commands:
        text += "  local line state\n"
    text += f"  _arguments {'-C ' if command.commands else ''}-s -S \\\n    " + " \\\n    ".join(lines) + "\n"
    if command.commands:
        text += "  case $state in\n    command)\n      local -a commands=(\n"
        for one in command.commands:
            text += f"        '{one.path[-1]}:{zsh_text(cli_help.Option([], what=one.what).short)}'\n"
        text += "      )\n      _describe command commands\n      ;;\n"
        text += f"    argument) (( $+functions[{name}_$line[1]] )) && {name}_$line[1] ;;\n  esac\n"
    return text + "}\n"


def zsh(root):
    return "#compdef aspis\n" + MADE + "".join(zsh_function(command) for command in root.walk()) + '\n_aspis "$@"\n'


# --- fish: a line for each option -------------------------------------------------------------------------------------

FISH = """
# Are the words so far those of this command, and of none below it?
function __aspis_at
    set -l path
    for word in (commandline -opc)[2..]
        contains -- (string join -- ' ' $path $word) $__aspis_commands; or break
        set -a path $word
    end
    test "$path" = "$argv"
end

complete -c aspis -f
"""
FISH_VALUES = {"/files": "-r -F", "/directories": "-x -a '(__fish_complete_directories)'", "/none": "-x"}


def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish(root):
    text = "# fish completion for aspis\n" + MADE + "\nset -g __aspis_commands"
    for command in list(root.walk())[1:]:
        text += f" \\\n    '{' '.join(command.path)}'"
    text += "\n" + FISH
    for command in root.walk():
        at = f"complete -c aspis -n '__aspis_at {' '.join(command.path)}'".replace("at '", "at'")
        text += "\n"
        for one in command.commands:
            text += f"{at} -a {one.path[-1]} -d {fish_text(cli_help.Option([], what=one.what).short)}\n"
        for one in command.options:
            names = " ".join("-l " + name[2:] if name.startswith("--") else "-s " + name[1:] for name in one.names)
            values = kind(one.value, one.choices)
            value = FISH_VALUES.get(values, f"-x -a '{values}'") + " " if one.value or one.choices else ""
            text += f"{at} {names} {value}-d {fish_text(one.short)}\n"
        values = argument_kind(command)
        if values == "/command":
            text += f"{at} -a '(__fish_complete_command)'\n"
        elif values == "/files":
            text += f"{at} -F\n"
        elif values and not values.startswith("/"):
            text += f"{at} -a '{values}'\n"
    return text


def main():
    root = cli_help.read(sys.argv[1])
    wrong = 0
    for name, text in ("aspis.bash", bash(root)), ("_aspis", zsh(root)), ("aspis.fish", fish(root)):
        path = HERE / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path} is not what aspis --help says: deploy/completion/make.py ASPIS makes it")
            wrong = 1
    sys.exit(wrong)


if __name__ == "__main__":
    main()

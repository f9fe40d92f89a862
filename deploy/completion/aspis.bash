# bash completion for aspis
# Made by deploy/completion/make.py of `aspis --help`. Don't edit.
# SPDX-License-Identifier: Apache-2.0

# _aspis_words COMMAND: its commands and options; fails if there is no such command.
_aspis_words() {
  case $1 in
    '') echo 'version run tail agent status top probe interpreters policy log manifest -h --help --version' ;;
    'version') echo '-h --help' ;;
    'run') echo '-h --help -o --output --to --hooks --buffer-size --stacks --hold --event --verdict --python-only -I --include -b --base --strict --hook-config --profile --complain --denials' ;;
    'tail') echo '-h --help --socket -p --pid --exe --cgroup --python --all -o --output --to --hooks --buffer-size --stacks --hold --event --verdict --python-only --since --log' ;;
    'agent') echo '-h --help --config --check --pins --uninstall --profiles --no-pin --complain --all-events --force --policy-memory --socket -I --include -b --base --strict --hook-config -o --output --to --hooks --buffer-size --stacks --hold --event --verdict --python-only' ;;
    'status') echo '-h --help --socket --json --pretty-json --enabled --profiled --enforced --complaining --kill' ;;
    'top') echo '-h --help --socket -d --delay -n --iterations -b --batch' ;;
    'probe') echo '-h --help' ;;
    'interpreters') echo '-h --help -p --pid --json' ;;
    'policy') echo 'list load remove mode reload check attach explain dump format export -h --help' ;;
    'policy list') echo '-h --help --socket --json' ;;
    'policy load') echo '-h --help --socket' ;;
    'policy remove') echo '-h --help --socket' ;;
    'policy mode') echo '-h --help --socket' ;;
    'policy reload') echo '-h --help --socket' ;;
    'policy check') echo '-h --help -I --include -b --base --strict -q --quiet' ;;
    'policy attach') echo '-h --help -I --include -b --base --container' ;;
    'policy explain') echo '-h --help -I --include -b --base --owner --other --announced --context --package' ;;
    'policy dump') echo '-h --help -I --include -b --base --dot' ;;
    'policy format') echo '-h --help -w --write --check' ;;
    'policy export') echo '-h --help -I --include -b --base --profile --complain -o --output' ;;
    'log') echo 'verify key -h --help' ;;
    'log verify') echo '-h --help --key --state' ;;
    'log key') echo '-h --help' ;;
    'manifest') echo 'sign verify enable -h --help' ;;
    'manifest sign') echo '-h --help --key -o --output' ;;
    'manifest verify') echo '-h --help --key' ;;
    'manifest enable') echo '-h --help --key' ;;
    *) return 1 ;;
  esac
}

# _aspis_value COMMAND OPTION: what may stand there: words, or /files and the like; without OPTION: as an argument.
_aspis_value() {
  case "$1 $2" in
    'run ') echo '/command' ;;
    'run -o' | 'run --output') echo 'compact json ecs avc' ;;
    'run --to') echo '/files' ;;
    'run --hooks') echo 'lsm fmod_ret tracepoint' ;;
    'run --buffer-size') echo '/none' ;;
    'run --stacks') echo 'denied all none' ;;
    'run --event') echo '/none' ;;
    'run --verdict') echo 'allowed denied complain' ;;
    'run -I' | 'run --include') echo '/directories' ;;
    'run -b' | 'run --base') echo '/directories' ;;
    'run --hook-config') echo '/files' ;;
    'run --profile') echo '/files' ;;
    'tail --socket') echo '/files' ;;
    'tail -p' | 'tail --pid') echo '/none' ;;
    'tail --exe') echo '/files' ;;
    'tail --cgroup') echo '/directories' ;;
    'tail -o' | 'tail --output') echo 'compact json ecs avc' ;;
    'tail --to') echo '/files' ;;
    'tail --hooks') echo 'lsm fmod_ret tracepoint' ;;
    'tail --buffer-size') echo '/none' ;;
    'tail --stacks') echo 'denied all none' ;;
    'tail --event') echo '/none' ;;
    'tail --verdict') echo 'allowed denied complain' ;;
    'tail --since') echo '/none' ;;
    'tail --log') echo '/files' ;;
    'agent --config') echo '/files' ;;
    'agent --pins') echo '/directories' ;;
    'agent --profiles') echo '/files' ;;
    'agent --policy-memory') echo '1 2 4 8 16 32 64 128 256 512 1024' ;;
    'agent --socket') echo '/files' ;;
    'agent -I' | 'agent --include') echo '/directories' ;;
    'agent -b' | 'agent --base') echo '/directories' ;;
    'agent --hook-config') echo '/files' ;;
    'agent -o' | 'agent --output') echo 'compact json ecs avc' ;;
    'agent --to') echo '/files' ;;
    'agent --hooks') echo 'lsm fmod_ret tracepoint' ;;
    'agent --buffer-size') echo '/none' ;;
    'agent --stacks') echo 'denied all none' ;;
    'agent --event') echo '/none' ;;
    'agent --verdict') echo 'allowed denied complain' ;;
    'status --socket') echo '/files' ;;
    'top --socket') echo '/files' ;;
    'top -d' | 'top --delay') echo '/none' ;;
    'top -n' | 'top --iterations') echo '/none' ;;
    'interpreters -p' | 'interpreters --pid') echo '/none' ;;
    'policy list --socket') echo '/files' ;;
    'policy load ') echo '/files' ;;
    'policy load --socket') echo '/files' ;;
    'policy remove ') echo '/none' ;;
    'policy remove --socket') echo '/files' ;;
    'policy mode ') echo 'complain enforce kill default' ;;
    'policy mode --socket') echo '/files' ;;
    'policy reload --socket') echo '/files' ;;
    'policy check ') echo '/files' ;;
    'policy check -I' | 'policy check --include') echo '/directories' ;;
    'policy check -b' | 'policy check --base') echo '/directories' ;;
    'policy attach ') echo '/files' ;;
    'policy attach -I' | 'policy attach --include') echo '/directories' ;;
    'policy attach -b' | 'policy attach --base') echo '/directories' ;;
    'policy attach --container') echo '/none' ;;
    'policy explain ') echo '/files' ;;
    'policy explain -I' | 'policy explain --include') echo '/directories' ;;
    'policy explain -b' | 'policy explain --base') echo '/directories' ;;
    'policy explain --context') echo '/none' ;;
    'policy explain --package') echo '/none' ;;
    'policy dump ') echo '/files' ;;
    'policy dump -I' | 'policy dump --include') echo '/directories' ;;
    'policy dump -b' | 'policy dump --base') echo '/directories' ;;
    'policy format ') echo '/files' ;;
    'policy export -I' | 'policy export --include') echo '/directories' ;;
    'policy export -b' | 'policy export --base') echo '/directories' ;;
    'policy export --profile') echo '/files' ;;
    'policy export -o' | 'policy export --output') echo '/files' ;;
    'log verify ') echo '/files' ;;
    'log verify --key') echo '/files' ;;
    'log verify --state') echo '/directories' ;;
    'log key ') echo '/files' ;;
    'manifest sign ') echo '/files' ;;
    'manifest sign --key') echo '/files' ;;
    'manifest sign -o' | 'manifest sign --output') echo '/files' ;;
    'manifest verify ') echo '/files' ;;
    'manifest verify --key') echo '/files' ;;
    'manifest enable ') echo '/files' ;;
    'manifest enable --key') echo '/files' ;;
  esac
}

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

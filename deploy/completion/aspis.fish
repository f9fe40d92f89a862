# fish completion for aspis
# Made by deploy/completion/make.py of `aspis --help`. Don't edit.
# SPDX-License-Identifier: Apache-2.0

set -g __aspis_commands \
    'version' \
    'run' \
    'tail' \
    'agent' \
    'status' \
    'top' \
    'probe' \
    'interpreters' \
    'policy' \
    'policy list' \
    'policy load' \
    'policy remove' \
    'policy mode' \
    'policy reload' \
    'policy check' \
    'policy attach' \
    'policy explain' \
    'policy dump' \
    'policy format' \
    'policy export' \
    'log' \
    'log verify' \
    'log key' \
    'manifest' \
    'manifest sign' \
    'manifest verify' \
    'manifest enable'

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

complete -c aspis -n '__aspis_at' -a version -d 'Print the version'
complete -c aspis -n '__aspis_at' -a run -d 'Run a command and show what it, and all that it starts, does'
complete -c aspis -n '__aspis_at' -a tail -d 'Show what chosen processes, and all that they start, do'
complete -c aspis -n '__aspis_at' -a agent -d 'Observe the whole machine and put profiles in force on it'
complete -c aspis -n '__aspis_at' -a status -d 'The profiles that the running agent has in force, and the …'
complete -c aspis -n '__aspis_at' -a top -d 'Processes and profiles by what is denied to them and what they do, …'
complete -c aspis -n '__aspis_at' -a probe -d 'Show what this kernel can do for observation, and why not more'
complete -c aspis -n '__aspis_at' -a interpreters -d 'Show every CPython that processes run, or that is installed at a …'
complete -c aspis -n '__aspis_at' -a policy -d 'Tools for policy files, which need no privileges'
complete -c aspis -n '__aspis_at' -a log -d 'Logs whose records are chained'
complete -c aspis -n '__aspis_at' -a manifest -d 'Signed manifests of Python code'
complete -c aspis -n '__aspis_at' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at' -l version -d 'Display program version information and exit'

complete -c aspis -n '__aspis_at version' -s h -l help -d 'Print this help message and exit'

complete -c aspis -n '__aspis_at run' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at run' -s o -l output -x -a 'compact json ecs avc' -d 'Format of the events'
complete -c aspis -n '__aspis_at run' -l to -r -F -d 'Write the events to FILE instead'
complete -c aspis -n '__aspis_at run' -l hooks -x -a 'lsm fmod_ret tracepoint' -d 'Use this hook backend, or fail'
complete -c aspis -n '__aspis_at run' -l buffer-size -x -d 'Ring buffer between kernel and agent, in MiB, a power of two'
complete -c aspis -n '__aspis_at run' -l stacks -x -a 'denied all none' -d 'Show the Python stack of events'
complete -c aspis -n '__aspis_at run' -l hold -d 'Stop a process that runs or maps a file never seen before until it …'
complete -c aspis -n '__aspis_at run' -l event -x -d 'Show only these events'
complete -c aspis -n '__aspis_at run' -l verdict -x -a 'allowed denied complain' -d 'Show only events with this verdict'
complete -c aspis -n '__aspis_at run' -l python-only -d 'Show only processes that are CPython, not those that they started'
complete -c aspis -n '__aspis_at run' -s I -l include -x -a '(__fish_complete_directories)' -d 'Search this directory for included files, before the base directory'
complete -c aspis -n '__aspis_at run' -s b -l base -x -a '(__fish_complete_directories)' -d 'Base directory of included files'
complete -c aspis -n '__aspis_at run' -l strict -d 'Refuse a policy of which a rule cannot be enforced as it is …'
complete -c aspis -n '__aspis_at run' -l hook-config -r -F -d 'File that names manifest and key of the code that profiles require …'
complete -c aspis -n '__aspis_at run' -l profile -r -F -d 'Confine the command by the profile NAME of FILE'
complete -c aspis -n '__aspis_at run' -l complain -d 'Allow what the profile does not, and report it'
complete -c aspis -n '__aspis_at run' -l denials -d 'Show only what the profile denies, would deny or audits'
complete -c aspis -n '__aspis_at run' -a '(__fish_complete_command)'

complete -c aspis -n '__aspis_at tail' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at tail' -l socket -r -F -d 'The agent\'s socket'
complete -c aspis -n '__aspis_at tail' -s p -l pid -x -d 'Follow this process'
complete -c aspis -n '__aspis_at tail' -l exe -r -F -d 'Follow every process that runs this file'
complete -c aspis -n '__aspis_at tail' -l cgroup -x -a '(__fish_complete_directories)' -d 'Follow every process in this cgroup directory or below'
complete -c aspis -n '__aspis_at tail' -l python -d 'Follow every Python process'
complete -c aspis -n '__aspis_at tail' -l all -d 'Follow every process of the machine'
complete -c aspis -n '__aspis_at tail' -s o -l output -x -a 'compact json ecs avc' -d 'Format of the events'
complete -c aspis -n '__aspis_at tail' -l to -r -F -d 'Write the events to FILE instead'
complete -c aspis -n '__aspis_at tail' -l hooks -x -a 'lsm fmod_ret tracepoint' -d 'Use this hook backend, or fail'
complete -c aspis -n '__aspis_at tail' -l buffer-size -x -d 'Ring buffer between kernel and agent, in MiB, a power of two'
complete -c aspis -n '__aspis_at tail' -l stacks -x -a 'denied all none' -d 'Show the Python stack of events'
complete -c aspis -n '__aspis_at tail' -l hold -d 'Stop a process that runs or maps a file never seen before until it …'
complete -c aspis -n '__aspis_at tail' -l event -x -d 'Show only these events'
complete -c aspis -n '__aspis_at tail' -l verdict -x -a 'allowed denied complain' -d 'Show only events with this verdict'
complete -c aspis -n '__aspis_at tail' -l python-only -d 'Show only processes that are CPython, not those that they started'
complete -c aspis -n '__aspis_at tail' -l since -x -d 'First show what the agent\'s log says of the time from then on'
complete -c aspis -n '__aspis_at tail' -l log -r -F -d 'The log that --since reads'

complete -c aspis -n '__aspis_at agent' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at agent' -l config -r -F -d 'What to do'
complete -c aspis -n '__aspis_at agent' -l check -d 'Say what is wrong with configuration and policy, and start nothing'
complete -c aspis -n '__aspis_at agent' -l pins -x -a '(__fish_complete_directories)' -d 'Pin in this directory, which is in a bpf file system'
complete -c aspis -n '__aspis_at agent' -l uninstall -d 'End what an agent has left pinned, also of the configuration'
complete -c aspis -n '__aspis_at agent' -l profiles -r -F -d 'Policy file, or directory of them'
complete -c aspis -n '__aspis_at agent' -l no-pin -d 'Pin nothing'
complete -c aspis -n '__aspis_at agent' -l complain -d 'Allow what profiles do not, and report it'
complete -c aspis -n '__aspis_at agent' -l all-events -d 'Show all that confined processes do, not only what profiles report'
complete -c aspis -n '__aspis_at agent' -l force -d 'When the policy is read again, remove profiles that tasks run …'
complete -c aspis -n '__aspis_at agent' -l policy-memory -x -a '1 2 4 8 16 32 64 128 256 512 1024' -d 'MiB for the policy in the kernel, half of them for the next one'
complete -c aspis -n '__aspis_at agent' -l socket -r -F -d 'The agent\'s socket'
complete -c aspis -n '__aspis_at agent' -s I -l include -x -a '(__fish_complete_directories)' -d 'Search this directory for included files, before the base directory'
complete -c aspis -n '__aspis_at agent' -s b -l base -x -a '(__fish_complete_directories)' -d 'Base directory of included files'
complete -c aspis -n '__aspis_at agent' -l strict -d 'Refuse a policy of which a rule cannot be enforced as it is …'
complete -c aspis -n '__aspis_at agent' -l hook-config -r -F -d 'File that names manifest and key of the code that profiles require …'
complete -c aspis -n '__aspis_at agent' -s o -l output -x -a 'compact json ecs avc' -d 'Format of the events'
complete -c aspis -n '__aspis_at agent' -l to -r -F -d 'Write the events to FILE instead'
complete -c aspis -n '__aspis_at agent' -l hooks -x -a 'lsm fmod_ret tracepoint' -d 'Use this hook backend, or fail'
complete -c aspis -n '__aspis_at agent' -l buffer-size -x -d 'Ring buffer between kernel and agent, in MiB, a power of two'
complete -c aspis -n '__aspis_at agent' -l stacks -x -a 'denied all none' -d 'Show the Python stack of events'
complete -c aspis -n '__aspis_at agent' -l hold -d 'Stop a process that runs or maps a file never seen before until it …'
complete -c aspis -n '__aspis_at agent' -l event -x -d 'Show only these events'
complete -c aspis -n '__aspis_at agent' -l verdict -x -a 'allowed denied complain' -d 'Show only events with this verdict'
complete -c aspis -n '__aspis_at agent' -l python-only -d 'Show only processes that are CPython, not those that they started'

complete -c aspis -n '__aspis_at status' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at status' -l socket -r -F -d 'The agent\'s socket'
complete -c aspis -n '__aspis_at status' -l json -d 'As aa-status --json'
complete -c aspis -n '__aspis_at status' -l pretty-json -d 'The same, for people'
complete -c aspis -n '__aspis_at status' -l enabled -d 'Say nothing, only exit'
complete -c aspis -n '__aspis_at status' -l profiled -d 'Only how many profiles there are'
complete -c aspis -n '__aspis_at status' -l enforced -d 'Only how many profiles are enforced'
complete -c aspis -n '__aspis_at status' -l complaining -d 'Only how many complain'
complete -c aspis -n '__aspis_at status' -l kill -d 'Only how many kill'

complete -c aspis -n '__aspis_at top' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at top' -l socket -r -F -d 'The agent\'s socket'
complete -c aspis -n '__aspis_at top' -s d -l delay -x -d 'Seconds between looks'
complete -c aspis -n '__aspis_at top' -s n -l iterations -x -d 'End after so many looks'
complete -c aspis -n '__aspis_at top' -s b -l batch -d 'Lines, for a file or a pipe'

complete -c aspis -n '__aspis_at probe' -s h -l help -d 'Print this help message and exit'

complete -c aspis -n '__aspis_at interpreters' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at interpreters' -s p -l pid -x -d 'Only what this process runs'
complete -c aspis -n '__aspis_at interpreters' -l json -d 'One JSON object a line'

complete -c aspis -n '__aspis_at policy' -a list -d 'The profiles that the running agent has in force'
complete -c aspis -n '__aspis_at policy' -a load -d 'Put profiles of more files in force, until the agent ends'
complete -c aspis -n '__aspis_at policy' -a remove -d 'Take a profile, and its children, out of force, until the agent ends'
complete -c aspis -n '__aspis_at policy' -a mode -d 'Set the mode of a profile, whatever its text says'
complete -c aspis -n '__aspis_at policy' -a reload -d 'Read all policy files again, as SIGHUP does'
complete -c aspis -n '__aspis_at policy' -a check -d 'Say what is wrong with policy files'
complete -c aspis -n '__aspis_at policy' -a attach -d 'Say which profile attaches to a command by itself'
complete -c aspis -n '__aspis_at policy' -a explain -d 'Say whether a profile allows an access to a file, and which rules …'
complete -c aspis -n '__aspis_at policy' -a dump -d 'Show what the profiles are compiled to'
complete -c aspis -n '__aspis_at policy' -a format -d 'Print policy files in the canonical layout'
complete -c aspis -n '__aspis_at policy' -a export -d 'Write a compiled profile to a file, for the hook inside of Python'
complete -c aspis -n '__aspis_at policy' -s h -l help -d 'Print this help message and exit'

complete -c aspis -n '__aspis_at policy list' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy list' -l socket -r -F -d 'The agent\'s socket'
complete -c aspis -n '__aspis_at policy list' -l json -d 'As a JSON object'

complete -c aspis -n '__aspis_at policy load' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy load' -l socket -r -F -d 'The agent\'s socket'
complete -c aspis -n '__aspis_at policy load' -F

complete -c aspis -n '__aspis_at policy remove' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy remove' -l socket -r -F -d 'The agent\'s socket'

complete -c aspis -n '__aspis_at policy mode' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy mode' -l socket -r -F -d 'The agent\'s socket'
complete -c aspis -n '__aspis_at policy mode' -a 'complain enforce kill default'

complete -c aspis -n '__aspis_at policy reload' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy reload' -l socket -r -F -d 'The agent\'s socket'

complete -c aspis -n '__aspis_at policy check' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy check' -s I -l include -x -a '(__fish_complete_directories)' -d 'Search this directory for included files, before the base directory'
complete -c aspis -n '__aspis_at policy check' -s b -l base -x -a '(__fish_complete_directories)' -d 'Base directory of included files'
complete -c aspis -n '__aspis_at policy check' -l strict -d 'Refuse a policy of which a rule cannot be enforced as it is …'
complete -c aspis -n '__aspis_at policy check' -s q -l quiet -d 'Errors only, no warnings'
complete -c aspis -n '__aspis_at policy check' -F

complete -c aspis -n '__aspis_at policy attach' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy attach' -s I -l include -x -a '(__fish_complete_directories)' -d 'Search this directory for included files, before the base directory'
complete -c aspis -n '__aspis_at policy attach' -s b -l base -x -a '(__fish_complete_directories)' -d 'Base directory of included files'
complete -c aspis -n '__aspis_at policy attach' -l container -x -d 'In a container that has this'
complete -c aspis -n '__aspis_at policy attach' -F

complete -c aspis -n '__aspis_at policy explain' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy explain' -s I -l include -x -a '(__fish_complete_directories)' -d 'Search this directory for included files, before the base directory'
complete -c aspis -n '__aspis_at policy explain' -s b -l base -x -a '(__fish_complete_directories)' -d 'Base directory of included files'
complete -c aspis -n '__aspis_at policy explain' -l owner -d 'The file belongs to the process'
complete -c aspis -n '__aspis_at policy explain' -l other -d 'The file belongs to somebody else'
complete -c aspis -n '__aspis_at policy explain' -l announced -d 'A Python audit event announced the access'
complete -c aspis -n '__aspis_at policy explain' -l context -x -d 'The thread has set this'
complete -c aspis -n '__aspis_at policy explain' -l package -x -d 'Code of this Python package is on the call stack'
complete -c aspis -n '__aspis_at policy explain' -F

complete -c aspis -n '__aspis_at policy dump' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy dump' -s I -l include -x -a '(__fish_complete_directories)' -d 'Search this directory for included files, before the base directory'
complete -c aspis -n '__aspis_at policy dump' -s b -l base -x -a '(__fish_complete_directories)' -d 'Base directory of included files'
complete -c aspis -n '__aspis_at policy dump' -l dot -d 'The automaton of one profile\'s file rules, for Graphviz'
complete -c aspis -n '__aspis_at policy dump' -F

complete -c aspis -n '__aspis_at policy format' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy format' -s w -l write -d 'Replace the files instead, those that differ'
complete -c aspis -n '__aspis_at policy format' -l check -d 'Print only the names of files that are not formatted'
complete -c aspis -n '__aspis_at policy format' -F

complete -c aspis -n '__aspis_at policy export' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at policy export' -s I -l include -x -a '(__fish_complete_directories)' -d 'Search this directory for included files, before the base directory'
complete -c aspis -n '__aspis_at policy export' -s b -l base -x -a '(__fish_complete_directories)' -d 'Base directory of included files'
complete -c aspis -n '__aspis_at policy export' -l profile -r -F -d 'The profile NAME of FILE'
complete -c aspis -n '__aspis_at policy export' -l complain -d 'Deny only what a rule denies, whatever the profile\'s mode'
complete -c aspis -n '__aspis_at policy export' -s o -l output -r -F -d 'Where to'

complete -c aspis -n '__aspis_at log' -a verify -d 'Say whether a log, with the files before it, is as it was written. …'
complete -c aspis -n '__aspis_at log' -a key -d 'Make the key for seals, in a new file, and print the one to verify …'
complete -c aspis -n '__aspis_at log' -s h -l help -d 'Print this help message and exit'

complete -c aspis -n '__aspis_at log verify' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at log verify' -l key -r -F -d 'Key that `aspis log key` has printed, or a file with it'
complete -c aspis -n '__aspis_at log verify' -l state -x -a '(__fish_complete_directories)' -d 'Directory `state` of the agent'
complete -c aspis -n '__aspis_at log verify' -F

complete -c aspis -n '__aspis_at log key' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at log key' -F

complete -c aspis -n '__aspis_at manifest' -a sign -d 'Write a signed manifest of the code below directories'
complete -c aspis -n '__aspis_at manifest' -a verify -d 'Say which code is changed, missing, or added since it was signed'
complete -c aspis -n '__aspis_at manifest' -a enable -d 'Turn on fs-verity for each file'
complete -c aspis -n '__aspis_at manifest' -s h -l help -d 'Print this help message and exit'

complete -c aspis -n '__aspis_at manifest sign' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at manifest sign' -l key -r -F -d 'Private Ed25519 key'
complete -c aspis -n '__aspis_at manifest sign' -s o -l output -r -F -d 'Where to'
complete -c aspis -n '__aspis_at manifest sign' -F

complete -c aspis -n '__aspis_at manifest verify' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at manifest verify' -l key -r -F -d 'Public Ed25519 key'
complete -c aspis -n '__aspis_at manifest verify' -F

complete -c aspis -n '__aspis_at manifest enable' -s h -l help -d 'Print this help message and exit'
complete -c aspis -n '__aspis_at manifest enable' -l key -r -F -d 'Public Ed25519 key'
complete -c aspis -n '__aspis_at manifest enable' -F

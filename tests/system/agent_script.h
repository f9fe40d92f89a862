// SPDX-License-Identifier: Apache-2.0
// An agent with a configuration, and what is done to it, as a shell script. For guests.
#pragma once

#include <string>

#include "tests/system/aspis_run.h"

namespace aspis::test {

/// A shell script around an agent with a configuration. `config LINES` writes it, `policy RULES`
/// the profile of the program `app`, which may read the file `secret` unless RULES deny it;
/// `start`, `says TEXT` and `finish` as their names say; $pins is where it pins: nowhere. Whatever
/// happens, no agent is left.
inline Outcome agent_script(const std::string& text, int seconds = 400) {
  const TemporaryDirectory directory;
  return run({"sh", "-c", "cd " + directory.path() + R"(
    trap '[ -z "$agent" ] || kill -9 $agent 2> /dev/null' EXIT; pins=
    umask 022; chmod 755 .; mkdir profiles; echo password > secret; cp "$DOMAIN" app
    socket="--socket $PWD/run/socket"
    policy() { printf 'profile app %s/app {\n  /** rmix,\n  /dev/** rw,\n%s\n}\n' "$PWD" "$*" > profiles/app; }
    config() { { printf 'profiles: %s/profiles\nstate: %s/state\npins: "%s"\nsocket: {path: %s/run/socket, group: ""}\n' \
                 "$PWD" "$PWD" "$pins" "$PWD"; cat; } > aspis.yaml; }
    says() { until grep -qF -e "$1" err; do sleep 0.2; kill -0 $agent || { cat err; exit 9; }; done; }
    start() { : > err; "$ASPIS" agent --config aspis.yaml "$@" > log 2> err & agent=$!; says 'profiles in force'; }
    finish() { kill $agent; wait $agent; echo "agent $?"; agent=; }
)" + text},
             seconds, {{"ASPIS", aspis_binary()}, {"DOMAIN", domain_binary()}});
}

}  // namespace aspis::test

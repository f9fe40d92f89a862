// SPDX-License-Identifier: Apache-2.0
// Prints docs/configuration.md, from keys.h; with --man, aspis.yaml(5) for scdoc.
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "agent/config/keys.h"

namespace aspis {
namespace {

constexpr const char* kIntroduction = R"(# Configuration of aspis agent

<!-- Made by aspis_config_doc. Don't edit: change the table in agent/config/keys.h. -->

`aspis agent` reads `/etc/aspis/aspis.yaml`, or the file of `--config`, and then what its directory of drop-ins has,
`/etc/aspis/aspis.d/*.yaml`, by name. What a later file says takes the place of what an earlier one has said, lists as a whole.
`aspis agent --check` says what is wrong, each with file, line and column, and starts nothing; a key that is not known is an error.

```yaml
profiles: [/etc/aspis/profiles.d, /etc/apparmor.d/usr.bin.foo]
observe: python
socket:
  group: aspis
outputs:
  - type: file
    path: /var/log/aspis/events.json
  - type: stdout
    format: compact
    denials_only: true
```

SIGHUP, and `aspis policy reload`, read the policy again; all other keys take a new start.

)";

constexpr const char* kManIntroduction = R"(aspis.yaml(5)

# NAME

aspis.yaml - configuration of the Aspis agent

# DESCRIPTION

*aspis agent* reads _/etc/aspis/aspis.yaml_, or the file of *--config*, and then what its directory of drop-ins has,
_/etc/aspis/aspis.d/\*.yaml_, by name. What a later file says takes the place of what an earlier one has said, lists as a whole.
*aspis agent --check* says what is wrong, each with file, line and column, and starts nothing; a key that is not known is an error.

SIGHUP, and *aspis policy reload*, read the policy again; all other keys take a new start.

# EXAMPLE

```
observe: python
socket:
  group: aspis
outputs:
  - type: log
    path: /var/log/aspis/events.json
  - type: stdout
    format: compact
    denials_only: true
```

# KEYS

)";

constexpr const char* kManEnd = R"(# SEE ALSO

*aspis-agent*(8), *aspis*(1), _/usr/share/doc/aspis_
)";

std::string text(bool value) {
  return value ? "`true`" : "`false`";
}
std::string text(unsigned value) {
  return std::to_string(value);
}
std::string text(const std::string& value) {
  return value.empty() ? "none" : "`" + value + "`";
}
std::string text(const std::vector<std::string>& values) {
  std::string all;
  for (const auto& value : values) all += (all.empty() ? "`" : ", `") + value + "`";
  return all.empty() ? "none" : all;
}

/// What the key is if nobody says, as Markdown.
template <class T>
std::string default_of(const ConfigKey<T>& key) {
  const T defaults;
  return std::visit([&](auto member) { return text(defaults.*member); }, key.member);
}

template <class T>
std::string what_of(const ConfigKey<T>& key) {
  std::string choices;
  for (const char c : key.choices) choices += c == ' ' ? std::string("`, `") : std::string(1, c);
  if (!choices.empty()) choices = " (`" + choices + "`)";
  if (std::holds_alternative<unsigned T::*>(key.member))
    choices = " (" + std::to_string(key.least) + " to " + std::to_string(key.most) + ")";
  return std::string(key.what) + choices;
}

template <class T>
void print(std::span<const ConfigKey<T>> keys) {
  std::puts("| key | default | what it does |\n|---|---|---|");
  for (const auto& key : keys)
    std::printf("| `%s` | %s | %s |\n", std::string(key.name).c_str(), default_of(key).c_str(),
                what_of(key).c_str());
}

/// The same words for scdoc, which has `*` for bold, and `_` and `*` to be escaped.
std::string man_text(const std::string& markdown) {
  std::string out;
  for (const char c : markdown) {
    if (c == '_' || c == '*' || c == '\\' || c == '#') out += '\\';
    out += c == '`' ? '*' : c;
  }
  return out;
}

template <class T>
void print_man(std::span<const ConfigKey<T>> keys) {
  for (const auto& key : keys)
    std::printf("*%s*\n\t%s. Default: %s.\n\n", man_text(std::string(key.name)).c_str(),
                man_text(what_of(key)).c_str(), man_text(default_of(key)).c_str());
}

}  // namespace
}  // namespace aspis

int main(int argc, char** argv) {
  const std::span<const aspis::ConfigKey<aspis::AgentConfig>> agent(aspis::kAgentKeys);
  const std::span<const aspis::ConfigKey<aspis::OutputConfig>> outputs(aspis::kOutputKeys);
  if (argc > 1 && std::string_view(argv[1]) == "--man") {
    std::fputs(aspis::kManIntroduction, stdout);
    aspis::print_man(agent);
    std::puts(
        "# KEYS OF EACH OUTPUT\n\nWithout *outputs* events go to standard output, as "
        "*compact*.\n");
    aspis::print_man(outputs);
    std::fputs(aspis::kManEnd, stdout);
    return 0;
  }
  std::fputs(aspis::kIntroduction, stdout);
  aspis::print(agent);
  std::puts(
      "\n## Each of `outputs`\n\nWithout `outputs` events go to standard output, as `compact`.\n");
  aspis::print(outputs);
}

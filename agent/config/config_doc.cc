// SPDX-License-Identifier: Apache-2.0
// Prints docs/configuration.md, from keys.h.
#include <cstdio>
#include <span>
#include <string>

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

template <class T>
void print(std::span<const ConfigKey<T>> keys) {
  std::puts("| key | default | what it does |\n|---|---|---|");
  const T defaults;
  for (const auto& key : keys) {
    const std::string value =
        std::visit([&](auto member) { return text(defaults.*member); }, key.member);
    std::string choices;
    for (const char c : key.choices) choices += c == ' ' ? std::string("`, `") : std::string(1, c);
    if (!choices.empty()) choices = " (`" + choices + "`)";
    if (std::holds_alternative<unsigned T::*>(key.member))
      choices = " (" + std::to_string(key.least) + " to " + std::to_string(key.most) + ")";
    std::printf("| `%s` | %s | %s%s |\n", std::string(key.name).c_str(), value.c_str(),
                std::string(key.what).c_str(), choices.c_str());
  }
}

}  // namespace
}  // namespace aspis

int main() {
  std::fputs(aspis::kIntroduction, stdout);
  aspis::print(std::span<const aspis::ConfigKey<aspis::AgentConfig>>(aspis::kAgentKeys));
  std::puts(
      "\n## Each of `outputs`\n\nWithout `outputs` events go to standard output, as `compact`.\n");
  aspis::print(std::span<const aspis::ConfigKey<aspis::OutputConfig>>(aspis::kOutputKeys));
}

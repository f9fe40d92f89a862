// SPDX-License-Identifier: Apache-2.0
#include "agent/container/container_value.h"

namespace aspis {
namespace {

struct Key {
  std::string_view name;
  std::string Container::* member;
};
constexpr Key kKeys[] = {
    {"id", &Container::id},     {"image", &Container::image},
    {"name", &Container::name}, {"namespace", &Container::pod_namespace},
    {"pod", &Container::pod},   {"runtime", &Container::runtime},
};
constexpr std::string_view kLabel = "label.";

}  // namespace

std::string container_value(const Container& container, std::string_view key) {
  for (const Key& known : kKeys)
    if (known.name == key) return container.*known.member;
  if (!key.starts_with(kLabel)) return {};
  const auto label = container.labels.find(std::string(key.substr(kLabel.size())));
  return label == container.labels.end() ? std::string() : label->second;
}

}  // namespace aspis

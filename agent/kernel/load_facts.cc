// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/load_facts.h"

#include <nlohmann/json.hpp>

#include "bpf/abi/event.h"

namespace aspis {
namespace {

using nlohmann::json;

std::string_view stacks_name(unsigned stacks) {
  switch (stacks) {
    case ASPIS_STACKS_NONE:
      return "none";
    case ASPIS_STACKS_DENIED:
      return "denied";
    default:
      return "all";
  }
}

std::string mebibytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20);
}

}  // namespace

std::string write_facts(const LoadFacts& facts) {
  json missing = json::array();
  for (const Missing& one : facts.missing)
    missing.push_back({one.program, one.reason, one.refused});
  json all = {{"version", facts.version},
              {"object", facts.object},
              {"backend", backend_name(facts.backend)},
              {"missing", missing},
              {"raises", facts.raises},
              {"holding", facts.settings.holding},
              {"quiet", facts.settings.attached_quiet},
              {"ring", facts.settings.ring_bytes},
              {"arena", facts.settings.arena_bytes},
              {"files", facts.settings.signed_files},
              {"stacks", facts.settings.stacks}};
  if (facts.signed_code) all["signed"] = {facts.signed_code->works, facts.signed_code->why_not};
  std::string bytes;
  json::to_cbor(all, bytes);
  return bytes;
}

Result<LoadFacts> read_facts(std::span<const std::byte> bytes) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  LoadFacts facts;
  try {
    const json all = json::from_cbor(begin, begin + bytes.size());
    all.at("version").get_to(facts.version);
    all.at("object").get_to(facts.object);
    const auto backend = backend_from_name(all.at("backend").get<std::string>());
    if (!backend) return fail("it names a backend that is not known");
    facts.backend = *backend;
    for (const json& one : all.at("missing"))
      facts.missing.push_back({one.at(0), one.at(1), one.at(2)});
    if (const auto found = all.find("signed"); found != all.end())
      facts.signed_code = Trial{found->at(0), found->at(1)};
    all.at("raises").get_to(facts.raises);
    all.at("holding").get_to(facts.settings.holding);
    all.at("quiet").get_to(facts.settings.attached_quiet);
    all.at("ring").get_to(facts.settings.ring_bytes);
    all.at("arena").get_to(facts.settings.arena_bytes);
    all.at("files").get_to(facts.settings.signed_files);
    all.at("stacks").get_to(facts.settings.stacks);
  } catch (const json::exception& error) {
    return fail(error.what());
  }
  return facts;
}

std::vector<std::string> differing(const LoadSettings& wanted, const LoadFacts& facts) {
  const LoadSettings& found = facts.settings;
  std::vector<std::string> names;
  const auto differs = [&](const std::string& option, const std::string& in_force) {
    names.push_back(option + " (in force: " + in_force + ")");
  };
  if (!wanted.backend.empty() && wanted.backend != backend_name(facts.backend))
    differs("--hooks " + wanted.backend, std::string(backend_name(facts.backend)));
  if (wanted.holding != found.holding)
    differs(wanted.holding ? "--hold" : "no --hold", found.holding ? "--hold" : "none");
  if (wanted.attached_quiet != found.attached_quiet)
    differs(wanted.attached_quiet ? "no --all-events" : "--all-events",
            found.attached_quiet ? "none" : "--all-events");
  if (wanted.stacks != found.stacks)
    differs("--stacks " + std::string(stacks_name(wanted.stacks)),
            std::string(stacks_name(found.stacks)));
  if (wanted.ring_bytes != found.ring_bytes)
    differs("--buffer-size " + mebibytes(wanted.ring_bytes), mebibytes(found.ring_bytes));
  if (wanted.arena_bytes != found.arena_bytes)
    differs("--policy-memory " + mebibytes(wanted.arena_bytes), mebibytes(found.arena_bytes));
  if (wanted.signed_files > found.signed_files)
    differs("room for " + std::to_string(wanted.signed_files) + " signed files",
            std::to_string(found.signed_files));
  if (wanted.raising && !found.raising && !facts.raises)
    differs("exceptions raised by the kernel, for python rules", "processes are killed");
  return names;
}

}  // namespace aspis

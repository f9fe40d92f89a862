// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/adopt.h"

#include <bpf/bpf.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <vector>

#include "agent/kernel/confined.h"
#include "agent/kernel/kept_state.h"
#include "aspis_abi.h"
#include "base/fd.h"

namespace aspis {
namespace {

constexpr std::size_t kCodeKeyMax = 256;  // more than a key of the map has

Result<std::unique_ptr<KernelSide>> open_pinned(const Pins& pins) {
  KernelFds fds = TRY(pins.adopt());
  KeptState kept;
  TRYV(kept.open(fds.maps.find("agent_state")));
  LoadFacts facts = TRY(read_facts(TRY(kept.read(ASPIS_KEPT_LOAD, ASPIS_KEPT_FORMAT))));
  return KernelSide::create(std::move(fds), std::move(facts));
}

tl::unexpected<Error> not_ours(const Pins& pins, const std::string& why) {
  return fail("what is pinned is of aspis " + pins.found()->version + ", and " + why +
              "\nIt goes on enforcing the policy that it has; this aspis leaves it alone. Either "
              "start an agent of that version,\nor end the enforcement (aspis agent --uninstall) "
              "and start this one");
}

}  // namespace

Result<std::unique_ptr<KernelSide>> adopt(const Pins& pins, const ObserverOptions& options) {
  if (!pins.found()->same_abi())
    return not_ours(pins, "agrees on other things with its programs than this one (" +
                              pins.found()->abi + ", not " + ASPIS_ABI + ")");
  auto side = open_pinned(pins);
  if (!side) return not_ours(pins, "cannot be read: " + side.error().text());
  if (const auto same = check_tables(**side, options); !same)
    return not_ours(pins, same.error().text());
  const LoadFacts& facts = (*side)->facts;
  if (facts.object != built_in_object())
    spdlog::info("the programs of aspis {}, which are pinned, are gone on with: those of this one "
                 "take effect only after 'aspis agent --uninstall'",
                 facts.version);
  for (const std::string& setting : differing(load_settings(options), facts))
    spdlog::warn("{}: takes effect only after 'aspis agent --uninstall'", setting);
  return side;
}

void forget_codes(int known_codes_map) {
  std::byte key[kCodeKeyMax];
  while (bpf_map_get_next_key(known_codes_map, nullptr, key) == 0)
    if (bpf_map_delete_elem(known_codes_map, key) != 0 && errno != ENOENT) return;
}

/// Links go one by one, asynchronously; the policy at once.
Result<Uninstalled> uninstall(const std::string& directory) {
  Uninstalled done;
  struct stat status{};
  if (::stat(directory.c_str(), &status) != 0 && errno == ENOENT) return done;
  Pins pins = TRY(Pins::open(directory));
  done.found = pins.found().has_value();
  std::unique_ptr<KernelSide> side;
  if (done.found && pins.found()->same_abi()) {
    if (auto opened = open_pinned(pins)) side = std::move(*opened);
  }
  if (side) {
    if (const auto tasks = confined_tasks(*side)) done.confined = tasks->size();
    if (auto* root = side->variable<std::uint32_t>("policy_root"))
      __atomic_store_n(root, 0, __ATOMIC_RELEASE);
  }
  TRYV(pins.remove());
  return done;
}

}  // namespace aspis

// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/adopt.h"

#include <bpf/bpf.h>
#include <sys/stat.h>

#include <array>
#include <vector>

#include "agent/kernel/confined.h"
#include "agent/kernel/kept_state.h"
#include "aspis_abi.h"
#include "base/fd.h"
#include "base/log.h"
#include "bpf/abi/event.h"

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

}  // namespace

tl::unexpected<Error> cannot_adopt(const Pins& pins, const std::string& why) {
  return fail("what is pinned is of aspis " + pins.found()->version + ", and " + why +
              "\nIt goes on enforcing the policy that it has; this aspis leaves it alone. Either "
              "start an agent of that version,\nor end the enforcement (aspis agent --uninstall) "
              "and start this one");
}

Result<std::unique_ptr<KernelSide>> adopt(const Pins& pins, const ObserverOptions& options) {
  if (!pins.found()->same_abi())
    return cannot_adopt(pins, "agrees on other things with its programs than this one (" +
                                  pins.found()->abi + ", not " + ASPIS_ABI + ")");
  auto side = open_pinned(pins);
  if (!side) return cannot_adopt(pins, "cannot be read: " + side.error().text());
  if (const auto same = check_tables(**side, options); !same)
    return cannot_adopt(pins, same.error().text());
  const LoadFacts& facts = (*side)->facts;
  if (facts.object != built_in_object())
    log::info(
        "the programs of aspis {}, which are pinned, are gone on with: those of this one "
        "take effect only after 'aspis agent --uninstall'",
        facts.version);
  for (const std::string& setting : differing(load_settings(options), facts))
    log::warn("{}: takes effect only after 'aspis agent --uninstall'", setting);
  return side;
}

/// First all keys, then away with them: from the start of a map each search is as long as the map.
void forget_codes(int known_codes_map) {
  using Key = std::array<std::byte, kCodeKeyMax>;
  std::vector<Key> keys;
  Key key{}, next{};
  for (const void* from = nullptr; keys.size() < ASPIS_CODES_KNOWN &&
                                   bpf_map_get_next_key(known_codes_map, from, next.data()) == 0;
       key = next, from = key.data())
    keys.push_back(next);
  for (const Key& known : keys) bpf_map_delete_elem(known_codes_map, known.data());
}

/// Links go one by one, asynchronously; the policy at once.
Result<Uninstalled> uninstall(const std::string& directory) {
  Uninstalled done;
  struct stat status{};
  if (::stat(directory.c_str(), &status) != 0 && errno == ENOENT) return done;
  Pins pins = TRY(Pins::open(directory));
  const Pins::Maker* maker = pins.found();
  done.found = maker != nullptr;
  std::unique_ptr<KernelSide> side;
  if (maker != nullptr && maker->same_abi()) {
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

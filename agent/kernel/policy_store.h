// SPDX-License-Identifier: Apache-2.0
// The policy in force: profiles laid out in the kernel's arena, and published by one store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/kernel/kept_state.h"
#include "agent/kernel/policy_names.h"
#include "agent/kernel/signed_store.h"
#include "base/result.h"
#include "policy/tables/compiled.h"
#include "policy/tables/layout.h"

namespace aspis {

/// Profiles keep their id as long as the store lives, so that tasks stay under the profile of a
/// name when its text is replaced.
class PolicyStore {
 public:
  /// Bytes that the arena needs for `policy` beside another of its size; a power of two.
  static Result<std::size_t> arena_bytes(const policy::CompiledPolicy& policy);

  PolicyStore() = default;
  PolicyStore(const PolicyStore&) = delete;
  PolicyStore& operator=(const PolicyStore&) = delete;

  /// The arena behind `map_fd`, `bytes` of it without the slack. `root` is the BPF side's
  /// policy_root; both must outlive the store.
  Result<> open(int map_fd, std::size_t bytes, volatile std::uint32_t* root);
  /// What belongs to the policy is written there from now on, so that another agent can go on with
  /// it. It must outlive the store.
  void keep_in(KeptState& kept) { kept_ = &kept; }
  /// Goes on with what another agent has put in force, its signed files included; nothing, if none
  /// is. After open() and keep_in(); signed_files() is open. Returns when nobody uses any more what
  /// it may have replaced in its last moment.
  Result<> adopt();

  /// Puts `policy` in force, all of it at once: every operation is decided by the old or by the new
  /// one, and so are the files that may be loaded where it requires signed code. Returns when
  /// nothing uses the old one any more. On an error the old one stays.
  Result<> replace(const policy::CompiledPolicy& policy, std::span<const SignedFile> files = {});

  /// Told of every policy before it is in force, the last thing that may fail: its generation, and
  /// where its aspis_scope[] begins (policy::selectors_of() has their order).
  using PrepareContainers = std::function<Result<>(const policy::CompiledPolicy& policy,
                                                   std::uint32_t generation, std::uint32_t scopes)>;
  void prepare_containers_by(PrepareContainers prepare) {
    prepare_containers_ = std::move(prepare);
  }

  /// Opened by who loads the BPF side.
  SignedStore& signed_files() { return signed_files_; }

  /// Names in force that are not in `policy`: replacing would remove them.
  [[nodiscard]] std::vector<std::string> missing_from(const policy::CompiledPolicy& policy) const {
    return names_.missing_from(policy);
  }

  /// Id of a profile by its full name; 0: there was never one.
  [[nodiscard]] std::uint16_t id_of(std::string_view name) const { return names_.id_of(name); }
  /// Resource limits of a profile in force, by RLIMIT_*.
  [[nodiscard]] policy::Limits limits_of(std::uint16_t id) const { return names_.limits_of(id); }
  /// Name of a package of a profile in force, by its number less one; empty: there is none.
  [[nodiscard]] std::string_view package_of(std::uint16_t id, unsigned number) const {
    return names_.package_of(id, number);
  }
  /// Full name of a profile by id; empty: there is none.
  [[nodiscard]] std::string_view name_of(std::uint16_t id) const { return names_.name_of(id); }

 private:
  [[nodiscard]] unsigned slot(std::uint32_t generation) const {
    return ASPIS_KEPT_POLICY + generation % 2;
  }

  int arena_ = -1;
  std::size_t bytes_ = 0;
  volatile std::uint32_t* root_ = nullptr;
  std::uint32_t generation_ = 0;
  PolicyNames names_;
  KeptState* kept_ = nullptr;
  SignedStore signed_files_;
  PrepareContainers prepare_containers_;
};

}  // namespace aspis

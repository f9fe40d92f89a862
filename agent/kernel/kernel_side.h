// SPDX-License-Identifier: Apache-2.0
// What Aspis has in the kernel, by descriptors: loaded by this process (loader.h), or pinned by
// another and adopted (pins.h). Who uses it need not know which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/kernel/backend.h"
#include "agent/kernel/load_facts.h"
#include "agent/kernel/map_window.h"
#include "agent/kernel/programs.h"
#include "base/fd.h"
#include "base/result.h"

namespace aspis {

/// Descriptors by name, in an order that matters where programs are attached.
class NamedFds {
 public:
  void add(std::string name, Fd fd) { all_.emplace_back(std::move(name), std::move(fd)); }
  /// -1: there is none of this name.
  [[nodiscard]] int find(std::string_view name) const;
  [[nodiscard]] auto begin() const { return all_.begin(); }
  [[nodiscard]] auto end() const { return all_.end(); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

 private:
  std::vector<std::pair<std::string, Fd>> all_;
};

/// Maps as in the BPF object, those of its sections as "bss", "rodata"; programs that are loaded,
/// in the object's order; links of what is attached, by their programs, those of the backend first.
struct KernelFds {
  NamedFds maps, programs, links;
};

/// Variables of a section, shared with the BPF programs.
class Section {
 public:
  /// Of a section by its map, which must outlive this; variables are found by the map's types,
  /// which the kernel keeps.
  Result<> open(int map_fd, bool writable);
  /// The variable of this name, `size` bytes, mapped when it is first asked for: some of the others
  /// are large. Null: there is none.
  [[nodiscard]] void* find(std::string_view name, std::size_t size);

 private:
  struct Variable {
    std::uint32_t offset = 0, size = 0;
    std::optional<MapWindow> window;
  };
  int map_fd_ = -1;
  bool writable_ = false;
  std::map<std::string, Variable, std::less<>> variables_;
};

/// Owner of the descriptors: what is not pinned leaves the kernel with it.
class KernelSide {
 public:
  static Result<std::unique_ptr<KernelSide>> create(KernelFds fds, LoadFacts facts);
  KernelSide(const KernelSide&) = delete;
  KernelSide& operator=(const KernelSide&) = delete;

  LoadFacts facts;

  /// -1: none of this name is loaded.
  [[nodiscard]] int map(std::string_view name) const { return fds_.maps.find(name); }
  [[nodiscard]] int program(std::string_view name) const { return fds_.programs.find(name); }
  [[nodiscard]] const KernelFds& fds() const { return fds_; }

  /// A variable of .bss, as long as this lives. The name and type must be those of the BPF object:
  /// create() has made sure that there are those that the agent uses.
  template <class T>
  [[nodiscard]] T* variable(std::string_view name) {
    return static_cast<T*>(bss_.find(name, sizeof(T)));
  }
  /// The same of .rodata.
  template <class T>
  [[nodiscard]] const T* constant(std::string_view name) {
    return static_cast<const T*>(rodata_.find(name, sizeof(T)));
  }

  /// Attaches every loaded program that has a place of its own; adds to facts.missing the hooks
  /// that the kernel refuses. Fails if it is a program that every event needs.
  Result<> attach();

  /// Links of the backend's own programs.
  [[nodiscard]] std::vector<int> backend_links() const;
  /// Runs an iterator over every task of the machine, and returns what it writes.
  [[nodiscard]] Result<std::vector<std::byte>> walk_tasks(std::string_view program) const;
  /// Program runs that the kernel left out (nested in themselves).
  [[nodiscard]] std::uint64_t missed_runs() const;

 private:
  KernelSide(KernelFds fds, LoadFacts known) : facts(std::move(known)), fds_(std::move(fds)) {}
  Result<> attach(bool of_backend);

  KernelFds fds_;
  Section bss_, rodata_;
};

}  // namespace aspis

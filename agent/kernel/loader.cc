// SPDX-License-Identifier: Apache-2.0
// The one file that includes the skeleton: it holds the whole BPF object.
#include "agent/kernel/loader.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/event/announcement.h"
#include "agent/kernel/libbpf_log.h"
#include "agent/kernel/signed_store.h"
#include "agent/kernel/syscalls.h"
#include "aspis_bpf.skel.h"
#include "base/log.h"
#include "bpf/abi/kept.h"
#include "bpf/abi/policy.h"
#include "bpf/abi/task.h"

namespace aspis {
namespace {

constexpr unsigned kScratchPerCpu = 3;           // bpf/lib/emit.bpf.h: SCRATCH_PER_CPU
constexpr std::size_t kDenialsBytes = 1U << 20;  // of the ring that holds them
constexpr int kLoadTries = 8;                    // each takes one refused program out
constexpr std::size_t kKeptMin = 65536;          // of a slot; and as a part of the arena:
constexpr std::size_t kKeptPart = 16;

struct Destroy {
  void operator()(aspis_bpf* skeleton) const { aspis_bpf::destroy(skeleton); }
  void operator()(btf* types) const { btf__free(types); }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

/// "bss" of "aspis_bp.bss", "rodata_str1_1" of ".rodata.str1.1"; other names are what they are.
std::string plain_name(std::string_view map) {
  const auto dot = map.find('.');
  std::string name(dot == std::string_view::npos ? map : map.substr(dot + 1));
  std::ranges::replace(name, '.', '_');
  return name;
}

/// One attempt after the other to load the object.
class Loader {
 public:
  explicit Loader(const ObserverOptions& options) : options_(options) {}
  Result<std::unique_ptr<KernelSide>> load(std::vector<std::string>& passed_over);

 private:
  Result<> load_kernel_types();
  Result<> choose_backend(std::vector<std::string>& passed_over);
  void choose_signed_code();
  Result<> load_object();
  Result<> prepare(const std::vector<std::string>& refused);
  void set_constants();
  void run_fmod_ret_as_fentry();
  [[nodiscard]] bool asks_for_signed_code() const {
    return facts_.signed_code && facts_.signed_code->works;
  }
  Result<> fill();
  Result<> fill_announcements();
  Result<KernelFds> take_fds();

  const ObserverOptions& options_;
  LibbpfLog log_;
  LoadFacts facts_;
  PathKey path_key_{};  // of this load alone: nobody else knows what hashes it makes
  Owned<btf> kernel_types_;
  Owned<aspis_bpf> skeleton_;
};

/// The kernel's own types: without them no program can be fitted to it, and every trial fails. Some
/// megabytes to read: once.
Result<> Loader::load_kernel_types() {
  kernel_types_.reset(btf__load_vmlinux_btf());
  if (!kernel_types_)
    return fail(
        "the kernel has no type information (/sys/kernel/btf/vmlinux is not there): a kernel built "
        "with CONFIG_DEBUG_INFO_BTF is needed, and sysfs must be mounted");
  return {};
}

Result<> Loader::choose_backend(std::vector<std::string>& passed_over) {
  for (const Backend candidate : kBackends) {
    if (options_.backend && *options_.backend != candidate) continue;
    const Trial trial = try_backend(candidate);
    if (trial.works) {
      facts_.backend = candidate;
      return {};
    }
    passed_over.push_back(std::string(backend_name(candidate)) + ": " + trial.why_not);
  }
  std::string tried;
  for (const auto& line : passed_over) tried += "\n  " + line;
  return fail("no hook backend works on this kernel" + tried +
              "\nRun 'aspis probe' for the whole picture");
}

void Loader::choose_signed_code() {
  if (options_.signed_files == 0) return;
  facts_.signed_code = try_signed_code();
  if (facts_.signed_code->works && facts_.backend != Backend::kLsm)
    facts_.signed_code = Trial{false, "the backend lsm is needed"};
}

/// The same place, the same arguments, a third less for every task that is not tracked. As long as
/// nothing is denied, no program needs to be able to change a hook's answer.
void Loader::run_fmod_ret_as_fentry() {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(
      program, skeleton_->obj) if (bpf_program__expected_attach_type(program) == BPF_MODIFY_RETURN)
      bpf_program__set_expected_attach_type(program, BPF_TRACE_FENTRY);
}

void Loader::set_constants() {
  auto* constants = skeleton_->rodata;
  constants->track_all = options_.all;
  constants->has_rdonly_cast =
      btf__find_by_name_kind(kernel_types_.get(), "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
  constants->track_selectors = options_.selectors;
  constants->holding = options_.holding;
  constants->stacks = static_cast<std::uint8_t>(options_.stacks);
  static_assert(ASPIS_KIND_COUNT <= std::size(decltype(constants->kind_operations){}));
  for (unsigned kind = 0; kind < ASPIS_KIND_COUNT; ++kind)
    constants->kind_operations[kind] = operation_of(static_cast<aspis_kind>(kind));
  if (options_.arena_bytes == 0) return;
  constants->enforcing = true;
  constants->heeds_revocation = facts_.backend != Backend::kTracepoint;
  constants->attaching = options_.attaching;
  constants->attached_quiet = options_.attached_quiet;
  constants->arena_mask = static_cast<std::uint32_t>(options_.arena_bytes - 1);
  std::ranges::copy(path_key_, constants->path_key);
}

Result<> Loader::prepare(const std::vector<std::string>& refused) {
  skeleton_.reset(aspis_bpf::open());
  if (!skeleton_) return fail_errno("cannot read the built-in BPF object");
  const bool enforcing = options_.arena_bytes != 0;
  facts_.missing = select_programs(skeleton_->obj, facts_.backend, kernel_types_.get(), enforcing,
                                   enforcing && options_.guard);
  if (facts_.backend == Backend::kFmodRet && !enforcing) run_fmod_ret_as_fentry();
  bpf_program__set_autoload(skeleton_->progs.on_audit, true);
  bpf_program__set_autoload(skeleton_->progs.on_audit_raise, facts_.raises);
  bpf_program__set_autoload(skeleton_->progs.on_audit_return, facts_.raises);
  bpf_program__set_autoload(skeleton_->progs.find_tasks, true);
  bpf_program__set_autoload(skeleton_->progs.list_domains, enforcing);
  bpf_program__set_autoload(skeleton_->progs.on_launch, enforcing);
  bpf_program__set_autoload(skeleton_->progs.on_cgroup_mkdir, enforcing && options_.attaching);
  for (const auto& name : refused) {
    bpf_program__set_autoload(bpf_object__find_program_by_name(skeleton_->obj, name.c_str()),
                              false);
    facts_.missing.push_back({name, "the kernel refused to load it", true});
  }
  set_constants();
  if (enforcing) {
    bpf_map__set_value_size(skeleton_->maps.policy_arena, options_.arena_bytes + ASPIS_ARENA_SLACK);
    bpf_map__set_max_entries(skeleton_->maps.denials, kDenialsBytes);
  }
  if (!options_.pins.empty())
    bpf_map__set_value_size(
        skeleton_->maps.agent_state,
        ASPIS_KEPT_SLOTS * std::max(kKeptMin, options_.arena_bytes / kKeptPart));
  if (asks_for_signed_code()) {
    bpf_program__set_autoload(skeleton_->progs.signed_open, true);
    bpf_program__set_autoload(skeleton_->progs.signed_map, true);
    bpf_map__set_max_entries(skeleton_->maps.signed_files,
                             static_cast<std::uint32_t>(options_.signed_files));
  }
  const auto cpus = static_cast<unsigned>(libbpf_num_possible_cpus());
  bpf_map__set_max_entries(skeleton_->maps.scratch_buffers, cpus * kScratchPerCpu);
  bpf_map__set_max_entries(skeleton_->maps.events, options_.ring_bytes);
  return {};
}

Result<> Loader::load_object() {
  std::vector<std::string> refused;
  for (int tries = 0; tries < kLoadTries; ++tries) {
    TRYV(prepare(refused));
    const int error = aspis_bpf::load(skeleton_.get());
    if (error == 0) return {};
    const std::string culprit = log_.failed_program();
    bpf_program* program = culprit.empty()
                               ? nullptr
                               : bpf_object__find_program_by_name(skeleton_->obj, culprit.c_str());
    // Only hooks can be done without; the rest is what every event needs.
    if (program == nullptr || culprit.find("__") == std::string::npos)
      return fail_errno("the kernel refused the BPF programs\n" + log_.tail(12), -error);
    log::debug("{}: refused by the kernel, left out", culprit);
    refused.push_back(culprit);
  }
  return fail("the kernel refused too many of the BPF programs\n" + log_.tail(12));
}

/// So that a stack is there for what was not announced, and audited rules grant what was
/// (bpf/lib/announce.bpf.h).
Result<> Loader::fill_announcements() {
  for (const cpython::AuditEvent& event : cpython::audit_events()) {
    aspis_announcement_key key{};
    const aspis_announcement value = announcement_of(event);
    if ((value.operations | value.audited) == cpython::kNothing ||
        event.name.size() >= sizeof(key.name))
      continue;
    event.name.copy(key.name, sizeof(key.name));
    if (bpf_map__update_elem(skeleton_->maps.audit_announcements, &key, sizeof(key), &value,
                             sizeof(value), BPF_ANY) != 0)
      return fail_errno("cannot fill the table of audit events");
  }
  return {};
}

Result<> Loader::fill() {
  for (std::uint32_t row = 0; row < options_.layouts.size(); ++row)
    if (bpf_map__update_elem(skeleton_->maps.python_layouts, &row, sizeof(row),
                             &options_.layouts[row], sizeof(aspis_python_layout), BPF_ANY) != 0)
      return fail_errno("cannot fill the table of Python layouts");
  if (options_.stacks == ASPIS_STACKS_DENIED || options_.arena_bytes != 0)
    TRYV(fill_announcements());
  if (options_.all)
    std::memset(skeleton_->bss->tracked_tids, 0xff, sizeof(skeleton_->bss->tracked_tids));
  if (facts_.backend != Backend::kTracepoint) return {};
  for (const auto& call : syscall_programs()) {
    const bpf_program* program =
        bpf_object__find_program_by_name(skeleton_->obj, std::string(call.program).c_str());
    const int fd = program == nullptr ? -1 : bpf_program__fd(program);
    if (fd < 0) continue;  // refused at load, and listed in `missing`
    if (bpf_map__update_elem(skeleton_->maps.sys_exit_calls, &call.number, sizeof(call.number), &fd,
                             sizeof(fd), BPF_ANY) != 0)
      return fail_errno("cannot fill the table of system calls");
  }
  return {};
}

/// What is left of the object when it has been loaded: the rest of it is some megabytes.
Result<KernelFds> Loader::take_fds() {
  KernelFds fds;
  const auto copy = [](int fd) { return Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); };
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton_->obj) {
    Fd own = copy(bpf_map__fd(map));
    if (!own.valid()) return fail_errno("cannot keep the maps of the BPF side");
    fds.maps.add(plain_name(bpf_map__name(map)), std::move(own));
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton_->obj) {
    if (bpf_program__fd(program) < 0) continue;
    Fd own = copy(bpf_program__fd(program));
    if (!own.valid()) return fail_errno("cannot keep the programs of the BPF side");
    fds.programs.add(bpf_program__name(program), std::move(own));
  }
  return fds;
}

Result<std::unique_ptr<KernelSide>> Loader::load(std::vector<std::string>& passed_over) {
  TRYV(load_kernel_types());
  TRYV(choose_backend(passed_over));
  facts_.version = options_.version;
  facts_.object = built_in_object();
  facts_.settings = load_settings(options_);
  facts_.raises = options_.raising && try_register_write().works;
  if (::getrandom(path_key_.data(), sizeof(path_key_), 0) != sizeof(path_key_))
    return fail_errno("no random bytes");
  choose_signed_code();
  TRYV(load_object());
  facts_.refusals = log_.tail(12);
  TRYV(fill());
  return KernelSide::create(TRY(take_fds()), std::move(facts_));
}

}  // namespace

LoadSettings load_settings(const ObserverOptions& options) {
  return {.backend = options.backend ? std::string(backend_name(*options.backend)) : "",
          .holding = options.holding,
          .attached_quiet = options.attached_quiet,
          .raising = options.raising,
          .ring_bytes = options.ring_bytes,
          .arena_bytes = options.arena_bytes,
          .signed_files = options.signed_files,
          .stacks = static_cast<unsigned>(options.stacks)};
}

/// FNV-1a: it tells builds apart, and is not to withstand anybody.
std::uint64_t built_in_object() {
  std::size_t size = 0;
  const auto* bytes = static_cast<const std::uint8_t*>(aspis_bpf::elf_bytes(&size));
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}

Result<std::unique_ptr<KernelSide>> load_kernel_side(const ObserverOptions& options,
                                                     std::vector<std::string>& passed_over) {
  return Loader(options).load(passed_over);
}

/// Rows that the programs' loader did not have yet are filled in; a row that means something else
/// would make this agent's interpreters be read wrongly, or that one's.
Result<> check_tables(const KernelSide& side, const ObserverOptions& options) {
  const int layouts = side.map("python_layouts");
  const aspis_python_layout none{};
  for (std::uint32_t row = 0; row < options.layouts.size(); ++row) {
    aspis_python_layout found{};
    if (bpf_map_lookup_elem(layouts, &row, &found) != 0)
      return fail_errno("cannot read the table of Python layouts");
    const aspis_python_layout& own = options.layouts[row];
    if (std::memcmp(&found, &own, sizeof(own)) == 0) continue;
    if (std::memcmp(&found, &none, sizeof(none)) != 0)
      return fail("they read Python's objects by other tables than this aspis has");
    if (bpf_map_update_elem(layouts, &row, &own, BPF_ANY) != 0)
      return fail_errno("cannot fill the table of Python layouts");
  }
  return {};
}

}  // namespace aspis

// SPDX-License-Identifier: Apache-2.0
// The one file that includes the skeleton: it holds the whole BPF object.
#include "agent/kernel/observer.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>

#include "agent/event/announcement.h"
#include "agent/kernel/detach.h"
#include "agent/kernel/libbpf_log.h"
#include "agent/kernel/pidfd.h"
#include "agent/kernel/syscalls.h"
#include "aspis_bpf.skel.h"
#include "base/fd.h"
#include "bpf/abi/event.h"
#include "bpf/abi/task.h"

namespace aspis {
namespace {

constexpr unsigned kScratchPerCpu = 3;           // bpf/lib/emit.bpf.h: SCRATCH_PER_CPU
constexpr std::size_t kDenialsBytes = 1U << 20;  // of the ring that holds them
constexpr int kLoadTries = 8;                    // each takes one refused program out

struct Destroy {
  void operator()(aspis_bpf* skeleton) const { aspis_bpf::destroy(skeleton); }
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
  void operator()(btf* types) const { btf__free(types); }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

/// Per-CPU counters as bpf/lib/state.bpf.h has them.
struct CpuCounters {
  std::uint64_t stat[ASPIS_STAT_COUNT];
  std::uint32_t pending_ring, pending_scratch;
};

/// The kernel's dev_t (major << 20 | minor) of what stat(2) gives (include/linux/kdev_t.h).
std::uint32_t kernel_device(std::uint64_t device) {
  return static_cast<std::uint32_t>(major(device) << 20 | minor(device));
}

/// Its place among all events.
std::uint64_t number_of(std::span<const std::byte> record) {
  std::uint64_t number = 0;
  if (record.size() >= sizeof(aspis_event))
    std::memcpy(&number, record.data() + offsetof(aspis_event, seq), sizeof(number));
  return number;
}

/// What is sent of a code object: no event, and not to wait for its turn.
bool is_code(std::span<const std::byte> record) {
  std::uint16_t kind = 0;
  if (record.size() < sizeof(aspis_code)) return false;
  std::memcpy(&kind, record.data() + offsetof(aspis_code, kind), sizeof(kind));
  return kind == ASPIS_KIND_CODE;
}

}  // namespace

struct Observer::Impl {
  Backend backend = Backend::kLsm;
  std::vector<std::string> passed_over;
  std::vector<Missing> missing;
  std::optional<Trial> signed_code;
  Sink sink;
  LibbpfLog log;
  Owned<btf> kernel_types;
  Owned<aspis_bpf> skeleton;
  std::vector<Owned<bpf_link>> links;  // those of the backend first
  std::size_t backend_links = 0;
  Owned<ring_buffer> ring;                  // both
  std::deque<std::vector<std::byte>> held;  // denials that wait for their turn
  PolicyStore policy;
  bool raises = false;
  PathKey path_key{};  // of this run alone: nobody else knows what hashes it makes
  Probes probes;

  Result<> load_kernel_types();
  Result<> choose_backend(const ObserverOptions& options);
  Result<> load(const ObserverOptions& options);
  void run_fmod_ret_as_fentry();
  [[nodiscard]] Result<> require_hooks() const;
  void choose_signed_code(const ObserverOptions& options);
  [[nodiscard]] bool asks_for_signed_code() const { return signed_code && signed_code->works; }
  Result<> prepare(const ObserverOptions& options, const std::vector<std::string>& refused);
  Result<> fill(const ObserverOptions& options);
  Result<> fill_announcements();
  Result<> attach();
  Result<> attach(bool of_backend);
  Result<> open_rings();
  void release_held(std::uint64_t before);
  [[nodiscard]] std::uint64_t missed_runs() const;
};

/// The kernel's own types: without them no program can be fitted to it, and every trial fails. Some
/// megabytes to read: once.
Result<> Observer::Impl::load_kernel_types() {
  kernel_types.reset(btf__load_vmlinux_btf());
  if (!kernel_types)
    return fail(
        "the kernel has no type information (/sys/kernel/btf/vmlinux is not there): a kernel built "
        "with CONFIG_DEBUG_INFO_BTF is needed, and sysfs must be mounted");
  return {};
}

Result<> Observer::Impl::choose_backend(const ObserverOptions& options) {
  for (const Backend candidate : kBackends) {
    if (options.backend && *options.backend != candidate) continue;
    const Trial trial = try_backend(candidate);
    if (trial.works) {
      backend = candidate;
      return {};
    }
    passed_over.push_back(std::string(backend_name(candidate)) + ": " + trial.why_not);
  }
  std::string tried;
  for (const auto& line : passed_over) tried += "\n  " + line;
  return fail("no hook backend works on this kernel" + tried +
              "\nRun 'aspis probe' for the whole picture");
}

void Observer::Impl::choose_signed_code(const ObserverOptions& options) {
  if (options.signed_files == 0) return;
  signed_code = try_signed_code();
  if (signed_code->works && backend != Backend::kLsm)
    signed_code = Trial{false, "the backend lsm is needed"};
}

/// The same place, the same arguments, a third less for every task that is not tracked. As long as
/// nothing is denied, no program needs to be able to change a hook's answer.
void Observer::Impl::run_fmod_ret_as_fentry() {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(
      program, skeleton->obj) if (bpf_program__expected_attach_type(program) == BPF_MODIFY_RETURN)
      bpf_program__set_expected_attach_type(program, BPF_TRACE_FENTRY);
}

Result<> Observer::Impl::prepare(const ObserverOptions& options,
                                 const std::vector<std::string>& refused) {
  skeleton.reset(aspis_bpf::open());
  if (!skeleton) return fail_errno("cannot read the built-in BPF object");
  missing = select_programs(skeleton->obj, backend, kernel_types.get(), options.arena_bytes != 0);
  if (backend == Backend::kFmodRet && options.arena_bytes == 0) run_fmod_ret_as_fentry();
  bpf_program__set_autoload(skeleton->progs.on_audit, true);
  bpf_program__set_autoload(skeleton->progs.on_audit_raise, raises);
  bpf_program__set_autoload(skeleton->progs.on_audit_return, raises);
  bpf_program__set_autoload(skeleton->progs.find_tasks, true);
  bpf_program__set_autoload(skeleton->progs.list_domains, options.arena_bytes != 0);
  bpf_program__set_autoload(skeleton->progs.on_launch, options.arena_bytes != 0);
  for (const auto& name : refused) {
    bpf_program__set_autoload(bpf_object__find_program_by_name(skeleton->obj, name.c_str()), false);
    missing.push_back({name, "the kernel refused to load it", true});
  }
  skeleton->rodata->track_all = options.all;
  skeleton->rodata->has_rdonly_cast =
      btf__find_by_name_kind(kernel_types.get(), "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
  skeleton->rodata->track_selectors = options.selectors;
  skeleton->rodata->holding = options.holding;
  skeleton->rodata->stacks = static_cast<std::uint8_t>(options.stacks);
  static_assert(ASPIS_KIND_COUNT <= std::size(decltype(skeleton->rodata->kind_operations){}));
  for (unsigned kind = 0; kind < ASPIS_KIND_COUNT; ++kind)
    skeleton->rodata->kind_operations[kind] = operation_of(static_cast<aspis_kind>(kind));
  if (options.arena_bytes != 0) {
    skeleton->rodata->enforcing = true;
    skeleton->rodata->heeds_revocation = backend != Backend::kTracepoint;
    skeleton->rodata->attaching = options.attaching;
    skeleton->rodata->attached_quiet = options.attached_quiet;
    skeleton->rodata->arena_mask = static_cast<std::uint32_t>(options.arena_bytes - 1);
    bpf_map__set_value_size(skeleton->maps.policy_arena, options.arena_bytes + ASPIS_ARENA_SLACK);
    bpf_map__set_max_entries(skeleton->maps.denials, kDenialsBytes);
    std::ranges::copy(path_key, skeleton->rodata->path_key);
  }
  if (asks_for_signed_code()) {
    bpf_program__set_autoload(skeleton->progs.signed_open, true);
    bpf_program__set_autoload(skeleton->progs.signed_map, true);
    bpf_map__set_max_entries(skeleton->maps.signed_files,
                             static_cast<std::uint32_t>(options.signed_files));
  }
  const auto cpus = static_cast<unsigned>(libbpf_num_possible_cpus());
  bpf_map__set_max_entries(skeleton->maps.scratch_buffers, cpus * kScratchPerCpu);
  bpf_map__set_max_entries(skeleton->maps.events, options.ring_bytes);
  return {};
}

Result<> Observer::Impl::load(const ObserverOptions& options) {
  std::vector<std::string> refused;
  for (int tries = 0; tries < kLoadTries; ++tries) {
    TRYV(prepare(options, refused));
    const int error = aspis_bpf::load(skeleton.get());
    if (error == 0) return {};
    const std::string culprit = log.failed_program();
    bpf_program* program = culprit.empty()
                               ? nullptr
                               : bpf_object__find_program_by_name(skeleton->obj, culprit.c_str());
    // Only hooks can be done without; the rest is what every event needs.
    if (program == nullptr || culprit.find("__") == std::string::npos)
      return fail_errno("the kernel refused the BPF programs\n" + log.tail(12), -error);
    spdlog::debug("{}: refused by the kernel, left out", culprit);
    refused.push_back(culprit);
  }
  return fail("the kernel refused too many of the BPF programs\n" + log.tail(12));
}

/// A policy that could not decide about some operations would be worse than none. Hooks that the
/// kernel does not have are another matter: there, other hooks do their work, or rules are told of.
Result<> Observer::Impl::require_hooks() const {
  std::string gone;
  for (const Missing& program : missing)
    if (program.refused) gone += "\n  " + std::string(program.hook()) + ": " + program.reason;
  if (gone.empty()) return {};
  return fail("the policy cannot be enforced: the kernel has refused a part of it" + gone + "\n" +
              log.tail(12));
}

/// So that a stack is there for what was not announced, and audited rules grant what was
/// (bpf/lib/announce.bpf.h).
Result<> Observer::Impl::fill_announcements() {
  for (const cpython::AuditEvent& event : cpython::audit_events()) {
    aspis_announcement_key key{};
    const aspis_announcement value = announcement_of(event);
    if ((value.operations | value.audited) == cpython::kNothing ||
        event.name.size() >= sizeof(key.name))
      continue;
    event.name.copy(key.name, sizeof(key.name));
    if (bpf_map__update_elem(skeleton->maps.audit_announcements, &key, sizeof(key), &value,
                             sizeof(value), BPF_ANY) != 0)
      return fail_errno("cannot fill the table of audit events");
  }
  return {};
}

Result<> Observer::Impl::fill(const ObserverOptions& options) {
  for (std::uint32_t row = 0; row < options.layouts.size(); ++row)
    if (bpf_map__update_elem(skeleton->maps.python_layouts, &row, sizeof(row),
                             &options.layouts[row], sizeof(aspis_python_layout), BPF_ANY) != 0)
      return fail_errno("cannot fill the table of Python layouts");
  if (options.stacks == ASPIS_STACKS_DENIED || options.arena_bytes != 0) TRYV(fill_announcements());
  if (backend != Backend::kTracepoint) return {};
  for (const auto& call : syscall_programs()) {
    const bpf_program* program =
        bpf_object__find_program_by_name(skeleton->obj, std::string(call.program).c_str());
    const int fd = program == nullptr ? -1 : bpf_program__fd(program);
    if (fd < 0) continue;  // refused at load, and listed in `missing`
    if (bpf_map__update_elem(skeleton->maps.sys_exit_calls, &call.number, sizeof(call.number), &fd,
                             sizeof(fd), BPF_ANY) != 0)
      return fail_errno("cannot fill the table of system calls");
  }
  return {};
}

/// Programs of the backend first: of two at one tracepoint (exec) the first one decides.
Result<> Observer::Impl::attach() {
  TRYV(attach(true));
  backend_links = links.size();
  return attach(false);
}

Result<> Observer::Impl::attach(bool of_backend) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) {
    const std::string_view name = bpf_program__name(program);
    if (bpf_program__fd(program) < 0 || !attached_directly(name) ||
        of_a_backend(name) != of_backend || program == skeleton->progs.on_audit ||
        program == skeleton->progs.on_audit_raise || program == skeleton->progs.on_audit_return ||
        program == skeleton->progs.find_tasks || program == skeleton->progs.list_domains)
      continue;
    Owned<bpf_link> link(bpf_program__attach(program));
    if (link) {
      links.push_back(std::move(link));
      continue;
    }
    const int error = errno;
    if (name.find("__") == std::string_view::npos)
      return fail_errno("cannot attach " + std::string(name), error);
    missing.push_back(
        {std::string(name), std::string("attaching refused: ") + std::strerror(error), true});
  }
  return {};
}

/// Denials first: what they were caused by is in the other ring by the time they are in theirs, so
/// that holding them back until their turn by number brings both rings into order.
Result<> Observer::Impl::open_rings() {
  const auto hold = [](void* context, void* data, std::size_t size) {
    auto* impl = static_cast<Impl*>(context);
    const std::span bytes(static_cast<const std::byte*>(data), size);
    if (is_code(bytes))
      impl->sink(bytes);
    else
      impl->held.emplace_back(bytes.begin(), bytes.end());
    return 0;
  };
  const auto receive = [](void* context, void* data, std::size_t size) {
    auto* impl = static_cast<Impl*>(context);
    const std::span bytes(static_cast<const std::byte*>(data), size);
    impl->release_held(number_of(bytes));
    impl->sink(bytes);
    return 0;
  };
  ring.reset(ring_buffer__new(bpf_map__fd(skeleton->maps.denials), hold, this, nullptr));
  if (!ring || ring_buffer__add(ring.get(), bpf_map__fd(skeleton->maps.events), receive, this) != 0)
    return fail_errno("cannot map the ring buffers");
  return {};
}

void Observer::Impl::release_held(std::uint64_t before) {
  while (!held.empty() && number_of(held.front()) < before) {
    sink(held.front());
    held.pop_front();
  }
}

Observer::Observer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

/// Where profiles attach to any task the programs work until they are gone; all others have nothing
/// to do once no task is tracked, and may go later.
Observer::~Observer() {
  if (impl_->backend == Backend::kTracepoint || impl_->skeleton->rodata->attaching) return;
  std::memset(impl_->skeleton->bss->tracked_tids, 0, sizeof(impl_->skeleton->bss->tracked_tids));
  std::vector<int> links;
  for (std::size_t i = 0; i < impl_->backend_links; ++i)
    links.push_back(bpf_link__fd(impl_->links[i].get()));
  detach_behind(std::move(links));
}

Result<std::unique_ptr<Observer>> Observer::create(const ObserverOptions& options, Sink sink) {
  auto impl = std::make_unique<Impl>();
  impl->sink = std::move(sink);
  TRYV(impl->load_kernel_types());
  TRYV(impl->choose_backend(options));
  impl->raises = options.raising && try_register_write().works;
  if (::getrandom(impl->path_key.data(), sizeof(impl->path_key), 0) != sizeof(impl->path_key))
    return fail_errno("no random bytes");
  impl->choose_signed_code(options);
  TRYV(impl->load(options));
  if (options.all)
    std::memset(impl->skeleton->bss->tracked_tids, 0xff, sizeof(impl->skeleton->bss->tracked_tids));
  TRYV(impl->fill(options));
  impl->probes.open({.program = impl->skeleton->progs.on_audit,
                     .raising = impl->skeleton->progs.on_audit_raise,
                     .returning = impl->skeleton->progs.on_audit_return,
                     .sites = bpf_map__fd(impl->skeleton->maps.python_sites),
                     .seen = bpf_map__fd(impl->skeleton->maps.python_seen),
                     .frames = bpf_map__fd(impl->skeleton->maps.python_frames),
                     .images = bpf_map__fd(impl->skeleton->maps.known_images),
                     .holding_ended = &impl->skeleton->bss->holding_ended});
  if (options.arena_bytes != 0)
    TRYV(impl->policy.open(bpf_map__fd(impl->skeleton->maps.policy_arena), options.arena_bytes,
                           &impl->skeleton->bss->policy_root));
  if (impl->asks_for_signed_code())
    impl->policy.signed_files().open(bpf_map__fd(impl->skeleton->maps.signed_files),
                                     impl->path_key);
  TRYV(impl->open_rings());
  std::unique_ptr<Observer> observer(new Observer(std::move(impl)));
  const Fd self = TRY(open_pidfd(::getpid()));
  aspis_task state{};
  state.flags = ASPIS_TASK_SELF;
  const int fd = self.get();
  if (bpf_map__update_elem(observer->impl_->skeleton->maps.task_state, &fd, sizeof(fd), &state,
                           sizeof(state), BPF_ANY) != 0)
    return fail_errno("cannot mark the observer's own process");
  TRYV(observer->impl_->attach());
  if (options.arena_bytes != 0) TRYV(observer->impl_->require_hooks());
  return observer;
}

Backend Observer::backend() const {
  return impl_->backend;
}
bool Observer::raises() const {
  return impl_->raises;
}
const std::vector<std::string>& Observer::passed_over() const {
  return impl_->passed_over;
}
const std::vector<Missing>& Observer::missing() const {
  return impl_->missing;
}
const std::optional<Trial>& Observer::signed_code() const {
  return impl_->signed_code;
}

Result<> Observer::track_process(int pidfd, bool started) {
  aspis_task state{};
  state.flags = ASPIS_TASK_TRACKED | (started ? ASPIS_TASK_STARTED : 0);
  if (bpf_map__update_elem(impl_->skeleton->maps.task_state, &pidfd, sizeof(pidfd), &state,
                           sizeof(state), BPF_ANY) != 0)
    return fail_errno("cannot track the process");
  return {};
}

Result<> Observer::confine_child(int pidfd, std::uint16_t profile, bool quiet) {
  aspis_task state{};
  state.flags =
      ASPIS_TASK_TRACKED | ASPIS_TASK_STARTED | ASPIS_TASK_ONEXEC | (quiet ? ASPIS_TASK_QUIET : 0);
  state.next.profiles[0] = profile;
  state.next_flags = ASPIS_TASK_CONFINED;
  if (bpf_map__update_elem(impl_->skeleton->maps.task_state, &pidfd, sizeof(pidfd), &state,
                           sizeof(state), BPF_ANY) != 0)
    return fail_errno("cannot confine the command");
  return {};
}

std::vector<std::uint16_t> Observer::profiles_of(int pidfd, std::uint64_t start) const {
  aspis_task state{};
  std::vector<std::uint16_t> profiles;
  if (bpf_map__lookup_elem(impl_->skeleton->maps.task_state, &pidfd, sizeof(pidfd), &state,
                           sizeof(state), 0) != 0 ||
      state.start != start || (state.flags & ASPIS_TASK_CONFINED) == 0 ||
      (state.flags & ASPIS_TASK_NULL_ANY) != 0)
    return profiles;
  for (const std::uint16_t id : state.domain.profiles)
    if (id != 0) profiles.push_back(id);
  return profiles;
}

PolicyStore& Observer::policy() {
  return impl_->policy;
}
Probes& Observer::probes() {
  return impl_->probes;
}

Result<> Observer::track_executable(std::uint64_t device, std::uint64_t inode) {
  aspis_exe_key key{};
  key.ino = inode;
  key.dev = kernel_device(device);
  const std::uint32_t value = 1;
  if (bpf_map__update_elem(impl_->skeleton->maps.track_exe, &key, sizeof(key), &value,
                           sizeof(value), BPF_ANY) != 0)
    return fail_errno("cannot track one more executable");
  return {};
}

Result<> Observer::track_cgroup(std::uint64_t id) {
  const std::uint32_t value = 1;
  if (bpf_map__update_elem(impl_->skeleton->maps.track_cgroup, &id, sizeof(id), &value,
                           sizeof(value), BPF_ANY) != 0)
    return fail_errno("cannot track one more cgroup");
  return {};
}

namespace {

/// Runs an iterator over every task of the machine, and returns what it writes.
Result<std::vector<std::byte>> walk_tasks(const bpf_program* program) {
  const Owned<bpf_link> link(bpf_program__attach_iter(program, nullptr));
  if (!link) return fail_errno("cannot walk the running tasks");
  const Fd walk(bpf_iter_create(bpf_link__fd(link.get())));
  if (!walk.valid()) return fail_errno("cannot walk the running tasks");
  std::vector<std::byte> written;
  std::byte piece[4096];
  ssize_t got = 0;
  while ((got = ::read(walk.get(), piece, sizeof(piece))) > 0 || (got < 0 && errno == EAGAIN)) {
    if (got > 0) written.insert(written.end(), piece, piece + got);
  }
  if (got < 0) return fail_errno("walking the running tasks stopped early");
  return written;
}

}  // namespace

Result<> Observer::find_tasks() {
  // Twice: parents come before their children unless pids have wrapped round.
  for (int round = 0; round < 2; ++round) TRY(walk_tasks(impl_->skeleton->progs.find_tasks));
  return {};
}

Result<std::vector<Observer::Confined>> Observer::confined_tasks() const {
  const std::vector<std::byte> written = TRY(walk_tasks(impl_->skeleton->progs.list_domains));
  std::vector<Confined> tasks;
  for (std::size_t at = 0; at + sizeof(aspis_task_domain) <= written.size();
       at += sizeof(aspis_task_domain)) {
    aspis_task_domain row{};
    std::memcpy(&row, written.data() + at, sizeof(row));
    Confined task{row.pid, row.tid, {}};
    for (const std::uint16_t id : row.domain.profiles)
      if (id != 0) task.profiles.push_back(id);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

int Observer::ring_fd() const {
  return ring_buffer__epoll_fd(impl_->ring.get());
}

Result<std::size_t> Observer::consume() {
  const int count = ring_buffer__consume(impl_->ring.get());
  if (count < 0) return fail_errno("cannot read the ring buffers", -count);
  impl_->release_held(UINT64_MAX);
  return static_cast<std::size_t>(count);
}

std::uint64_t Observer::Impl::missed_runs() const {
  std::uint64_t sum = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) {
    const int fd = bpf_program__fd(program);
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);
    if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &length) == 0) sum += info.recursion_misses;
  }
  return sum;
}

KernelTotals Observer::totals() const {
  KernelTotals totals;
  std::vector<CpuCounters> cpus(libbpf_num_possible_cpus());
  const std::uint32_t key = 0;
  if (bpf_map__lookup_elem(impl_->skeleton->maps.stats, &key, sizeof(key), cpus.data(),
                           cpus.size() * sizeof(CpuCounters), 0) == 0)
    for (const auto& cpu : cpus) {
      totals.ring_full += cpu.stat[ASPIS_STAT_RING_FULL];
      totals.scratch_busy += cpu.stat[ASPIS_STAT_SCRATCH_BUSY];
      totals.task_full += cpu.stat[ASPIS_STAT_TASK_FULL];
      totals.path_cut += cpu.stat[ASPIS_STAT_PATH_CUT];
      totals.value_cut += cpu.stat[ASPIS_STAT_VALUE_CUT];
      totals.compat += cpu.stat[ASPIS_STAT_COMPAT];
      totals.code_lost += cpu.stat[ASPIS_STAT_CODE_LOST];
      totals.throttled += cpu.stat[ASPIS_STAT_THROTTLED];
    }
  totals.produced = __atomic_load_n(&impl_->skeleton->bss->sequence, __ATOMIC_RELAXED);
  totals.missed = impl_->missed_runs();
  return totals;
}

}  // namespace aspis

// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/observer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstring>

#include "agent/kernel/adopt.h"
#include "agent/kernel/detach.h"
#include "agent/kernel/event_rings.h"
#include "agent/kernel/guard.h"
#include "agent/kernel/kept_state.h"
#include "agent/kernel/kernel_device.h"
#include "agent/kernel/libbpf_log.h"
#include "agent/kernel/pidfd.h"
#include "agent/kernel/pins.h"
#include "agent/kernel/variables.h"
#include "base/fd.h"
#include "base/log.h"
#include "bpf/abi/event.h"
#include "bpf/abi/task.h"

namespace aspis {
namespace {

std::uint64_t boot_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

struct Observer::Impl {
  std::vector<std::string> passed_over;
  LibbpfLog log;
  std::optional<Pins> pins;
  std::unique_ptr<KernelSide> side;
  Variables variables;
  KeptState kept;
  std::optional<Adoption> adoption;
  PolicyStore policy;
  CgroupStore cgroups;
  Probes probes;
  std::optional<Guard> guard;  ///< none: not asked for
  EventRings rings;

  explicit Impl(Sink sink) : rings(std::move(sink)) {}

  Result<> open_parts(bool enforcing);
  Result<> begin(const ObserverOptions& options);
  Result<> go_on(const ObserverOptions& options);
  Result<> mark_self();
  Result<> protect(const ObserverOptions& options);
  [[nodiscard]] const Pins* pinned() const { return pins ? &*pins : nullptr; }
  [[nodiscard]] KernelTotals totals() const;
  [[nodiscard]] Result<> require_hooks() const;
  Result<> update_task(int pidfd, const aspis_task& state, const char* what);
};

/// What uses the kernel side, however it came to be there.
Result<> Observer::Impl::open_parts(bool enforcing) {
  variables = TRY(Variables::of(*side));
  probes.open({.program = side->program("on_audit"),
               .raising = side->program("on_audit_raise"),
               .returning = side->program("on_audit_return"),
               .sites = side->map("python_sites"),
               .seen = side->map("python_seen"),
               .frames = side->map("python_frames"),
               .images = side->map("known_images"),
               .holding_ended = variables.holding_ended,
               .pins = pins ? &*pins : nullptr});
  if (enforcing) cgroups.open(side->map("cgroups"));
  if (enforcing)
    TRYV(policy.open(side->map("policy_arena"), *variables.arena_mask + std::size_t{1},
                     variables.policy_root));
  if (side->facts.signed_code && side->facts.signed_code->works)
    policy.signed_files().open(side->map("signed_files"), *variables.path_key);
  if (pins) {
    TRYV(kept.open(side->map("agent_state")));
    policy.keep_in(kept);
  }
  TRYV(rings.open(side->map("events"), side->map("denials"), pins.has_value()));
  return mark_self();
}

/// Nobody hears of the agent's own work, or that would make more of it.
Result<> Observer::Impl::mark_self() {
  aspis_task state{};
  state.flags = ASPIS_TASK_SELF;
  return update_task(TRY(open_pidfd(::getpid())).get(), state,
                     "cannot mark the observer's own process");
}

Result<> Observer::Impl::update_task(int pidfd, const aspis_task& state, const char* what) {
  if (bpf_map_update_elem(side->map("task_state"), &pidfd, &state, BPF_ANY) != 0)
    return fail_errno(what);
  return {};
}

Result<> Observer::Impl::protect(const ObserverOptions& options) {
  guard.emplace();
  guard->open(*side, variables, options.guarded);
  return guard->protect(pinned());
}

/// A policy that could not decide about some operations would be worse than none. Hooks that the
/// kernel does not have are another matter: there, other hooks do their work, or rules are told of.
Result<> Observer::Impl::require_hooks() const {
  std::string gone;
  for (const Missing& program : side->facts.missing)
    if (program.refused) gone += "\n  " + std::string(program.hook()) + ": " + program.reason;
  if (gone.empty()) return {};
  return fail("the policy cannot be enforced: the kernel has refused a part of it" + gone + "\n" +
              side->facts.refusals);
}

/// Loads. Pinned last: what is found under its name is complete, and has no policy yet.
Result<> Observer::Impl::begin(const ObserverOptions& options) {
  side = TRY(load_kernel_side(options, passed_over));
  TRYV(open_parts(options.arena_bytes != 0));
  *variables.agent_seen = boot_now();
  TRYV(side->attach());
  if (options.arena_bytes != 0) TRYV(require_hooks());
  if (options.guard && options.arena_bytes != 0) TRYV(protect(options));
  if (!pins) return {};
  TRYV(kept.write(ASPIS_KEPT_LOAD, ASPIS_KEPT_FORMAT, write_facts(side->facts)));
  return pins->pin(side->fds(), options.version);
}

/// Goes on with what adopt() has found. Frames of code that another agent was told of must be sent
/// again; so must processes.
Result<> Observer::Impl::go_on(const ObserverOptions& options) {
  TRYV(open_parts(true));
  adoption.emplace();
  adoption->since = __atomic_load_n(variables.agent_seen, __ATOMIC_RELAXED);
  adoption->waiting = rings.waiting_denials();
  const KernelTotals before = totals();
  adoption->sequence = before.produced;
  adoption->lost = before.ring_full + before.scratch_busy;
  TRYV(protect(options));
  TRYV(policy.adopt());
  TRYV(probes.adopt());
  forget_codes(side->map("known_codes"));
  __atomic_store_n(variables.holding_ended, 0, __ATOMIC_RELAXED);
  __atomic_store_n(variables.self_tgid, 0, __ATOMIC_RELAXED);
  __atomic_store_n(variables.telling_again, 1, __ATOMIC_RELEASE);
  const auto walked = side->walk_tasks("find_tasks");
  __atomic_store_n(variables.telling_again, 0, __ATOMIC_RELEASE);
  if (!walked) return tl::unexpected(walked.error());
  return {};
}

Observer::Observer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

/// Where profiles attach to any task the programs work until they are gone; all others have nothing
/// to do once no task is tracked, and may go later. What is pinned goes on.
Observer::~Observer() {
  if (impl_->pins || impl_->side->facts.backend == Backend::kTracepoint ||
      *impl_->variables.attaching != 0)
    return;
  std::memset(*impl_->variables.tracked_tids, 0, sizeof(TidBits));
  detach_behind(impl_->side->backend_links());
}

Result<std::unique_ptr<Observer>> Observer::create(const ObserverOptions& options, Sink sink) {
  auto impl = std::make_unique<Impl>(std::move(sink));
  if (!options.pins.empty()) impl->pins.emplace(TRY(Pins::open(options.pins)));
  if (impl->pins && impl->pins->found() != nullptr) {
    impl->side = TRY(adopt(*impl->pins, options));
    if (const auto gone_on = impl->go_on(options); !gone_on)
      return cannot_adopt(*impl->pins, "cannot be gone on with: " + gone_on.error().text());
  } else {
    TRYV(impl->begin(options));
  }
  return std::unique_ptr<Observer>(new Observer(std::move(impl)));
}

const std::optional<Observer::Adoption>& Observer::adoption() const {
  return impl_->adoption;
}
bool Observer::pinned() const {
  return impl_->pins.has_value();
}
Result<bool> Observer::keep_pinned() {
  Impl& impl = *impl_;
  if (!impl.pins || impl.pins->whole(impl.side->fds(), impl.probes.links())) return false;
  TRYV(impl.pins->pin_again(impl.side->fds(), impl.side->facts.version));
  if (impl.guard) TRYV(impl.guard->protect(impl.pinned()));
  TRYV(impl.probes.pin_again());
  return true;
}
Result<> Observer::keep_guarded() {
  if (!impl_->guard) return {};
  return impl_->guard->protect_places(impl_->pinned());
}
Backend Observer::backend() const {
  return impl_->side->facts.backend;
}
bool Observer::raises() const {
  return impl_->side->facts.raises;
}
const std::vector<std::string>& Observer::passed_over() const {
  return impl_->passed_over;
}
const std::vector<Missing>& Observer::missing() const {
  return impl_->side->facts.missing;
}
const std::optional<Trial>& Observer::signed_code() const {
  return impl_->side->facts.signed_code;
}

Result<> Observer::track_process(int pidfd, bool started) {
  aspis_task state{};
  state.flags = ASPIS_TASK_TRACKED | (started ? ASPIS_TASK_STARTED : 0);
  return impl_->update_task(pidfd, state, "cannot track the process");
}

Result<> Observer::confine_child(int pidfd, std::uint16_t profile, bool quiet) {
  aspis_task state{};
  state.flags =
      ASPIS_TASK_TRACKED | ASPIS_TASK_STARTED | ASPIS_TASK_ONEXEC | (quiet ? ASPIS_TASK_QUIET : 0);
  state.next.profiles[0] = profile;
  state.next_flags = ASPIS_TASK_CONFINED;
  return impl_->update_task(pidfd, state, "cannot confine the command");
}

namespace {

std::vector<std::uint16_t> confining(const aspis_task& state) {
  std::vector<std::uint16_t> profiles;
  if ((state.flags & ASPIS_TASK_CONFINED) == 0 || (state.flags & ASPIS_TASK_NULL_ANY) != 0)
    return profiles;
  for (const std::uint16_t id : state.domain.profiles)
    if (id != 0) profiles.push_back(id);
  return profiles;
}

}  // namespace

std::vector<std::uint16_t> Observer::profiles_of(int pidfd, std::uint64_t start) const {
  aspis_task state{};
  if (bpf_map_lookup_elem(impl_->side->map("task_state"), &pidfd, &state) != 0 ||
      state.start != start)
    return {};
  return confining(state);
}

std::vector<std::uint16_t> Observer::profiles_of(int pidfd) const {
  aspis_task state{};
  if (bpf_map_lookup_elem(impl_->side->map("task_state"), &pidfd, &state) != 0) return {};
  return confining(state);
}

bool Observer::is_confined(int pidfd) const {
  aspis_task state{};
  return bpf_map_lookup_elem(impl_->side->map("task_state"), &pidfd, &state) == 0 &&
         (state.flags & ASPIS_TASK_CONFINED) != 0;
}

PolicyStore& Observer::policy() {
  return impl_->policy;
}
const CgroupStore& Observer::cgroups() const {
  return impl_->cgroups;
}
Probes& Observer::probes() {
  return impl_->probes;
}

Result<> Observer::track_executable(std::uint64_t device, std::uint64_t inode) {
  aspis_exe_key key{};
  key.ino = inode;
  key.dev = kernel_device(device);
  const std::uint32_t value = 1;
  if (bpf_map_update_elem(impl_->side->map("track_exe"), &key, &value, BPF_ANY) != 0)
    return fail_errno("cannot track one more executable");
  return {};
}

Result<> Observer::track_cgroup(std::uint64_t id) {
  const std::uint32_t value = 1;
  if (bpf_map_update_elem(impl_->side->map("track_cgroup"), &id, &value, BPF_ANY) != 0)
    return fail_errno("cannot track one more cgroup");
  return {};
}

Result<> Observer::find_tasks() {
  // Twice: parents come before their children unless pids have wrapped round.
  for (int round = 0; round < 2; ++round) TRY(impl_->side->walk_tasks("find_tasks"));
  return {};
}

Result<std::vector<Confined>> Observer::confined_tasks() const {
  return aspis::confined_tasks(*impl_->side);
}

int Observer::ring_fd() const {
  return impl_->rings.fd();
}

Result<std::size_t> Observer::consume() {
  __atomic_store_n(impl_->variables.agent_seen, boot_now(), __ATOMIC_RELAXED);
  return impl_->rings.consume();
}

std::uint64_t Observer::handed() const {
  return impl_->rings.handed();
}
void Observer::release(std::uint64_t handed) {
  impl_->rings.release(handed);
}

KernelTotals Observer::Impl::totals() const {
  KernelTotals sum;
  std::vector<aspis_cpu_counters> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const std::uint32_t key = 0;
  if (bpf_map_lookup_elem(side->map("stats"), &key, cpus.data()) == 0)
    for (const auto& cpu : cpus) {
      sum.ring_full += cpu.stat[ASPIS_STAT_RING_FULL];
      sum.scratch_busy += cpu.stat[ASPIS_STAT_SCRATCH_BUSY];
      sum.task_full += cpu.stat[ASPIS_STAT_TASK_FULL];
      sum.path_cut += cpu.stat[ASPIS_STAT_PATH_CUT];
      sum.value_cut += cpu.stat[ASPIS_STAT_VALUE_CUT];
      sum.compat += cpu.stat[ASPIS_STAT_COMPAT];
      sum.code_lost += cpu.stat[ASPIS_STAT_CODE_LOST];
      sum.cgroup_unknown += cpu.stat[ASPIS_STAT_CGROUP_UNKNOWN];
      sum.throttled += cpu.stat[ASPIS_STAT_THROTTLED];
    }
  sum.produced = __atomic_load_n(variables.sequence, __ATOMIC_RELAXED);
  sum.missed = side->missed_runs();
  return sum;
}

KernelTotals Observer::totals() const {
  return impl_->totals();
}

KernelFigures Observer::figures() const {
  return kernel_figures(*impl_->side);
}

}  // namespace aspis

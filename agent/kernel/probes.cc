// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/probes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>

#include "bpf/abi/task.h"

namespace aspis {

void Probes::Detach::operator()(bpf_link* link) const {
  bpf_link__destroy(link);
}

namespace {

/// Of each CPU.
std::vector<aspis_site_seen> counters() {
  return std::vector<aspis_site_seen>(static_cast<std::size_t>(libbpf_num_possible_cpus()));
}

}  // namespace

Result<Probes::Links> Probes::attach_one(const std::string& path, const File& file,
                                         const Site& site, std::uint32_t row) {
  auto seen = counters();
  for (aspis_site_seen& one : seen) one = {file.first, file.second, 0};
  if (bpf_map_update_elem(kernel_.sites, &row, &site.row, BPF_ANY) != 0 ||
      bpf_map_update_elem(kernel_.seen, &row, seen.data(), BPF_ANY) != 0)
    return fail_errno("cannot fill the table of probe sites");
  const auto put = [&](const bpf_program* program, bool at_return) {
    LIBBPF_OPTS(bpf_uprobe_opts, options, .ref_ctr_offset = site.semaphore, .bpf_cookie = row,
                .retprobe = at_return);
    return Link(bpf_program__attach_uprobe_opts(program, -1, path.c_str(), site.offset, &options));
  };
  const bool raising = site.row.raise_function != 0;
  Links links;
  if (raising && !(links.at_return = put(kernel_.returning, true)))
    return fail_errno("cannot attach a probe for the return of audit events");
  links.at_entry = put(raising ? kernel_.raising : kernel_.program, false);
  if (!links.at_entry) return fail_errno("cannot attach a probe for audit events");
  return links;
}

Result<std::vector<std::uint32_t>> Probes::attach(const std::string& path, const File& file,
                                                  std::span<const Site> sites) {
  std::vector<std::uint32_t> rows;
  for (const Site& site : sites) {
    const bool fresh = rows_ < ASPIS_SITES_MAX;
    if (!fresh && free_.empty()) {
      detach(rows);
      return fail("no room for its probes: too many interpreters are in use");
    }
    const std::uint32_t row = fresh ? rows_ : free_.front();
    auto links = attach_one(path, file, site, row);
    if (!links) {
      detach(rows);
      return tl::unexpected(links.error());
    }
    links_[row] = std::move(*links);
    fresh ? void(++rows_) : free_.pop_front();
    rows.push_back(row);
  }
  return rows;
}

void Probes::detach(std::span<const std::uint32_t> rows) {
  auto none = counters();
  for (const std::uint32_t row : rows) {
    if (links_.erase(row) == 0) continue;
    bpf_map_update_elem(kernel_.seen, &row, none.data(), BPF_ANY);
    free_.push_back(row);
  }
}

std::uint64_t Probes::seen(std::span<const std::uint32_t> rows) const {
  auto cpus = counters();
  std::uint64_t sum = 0;
  for (const std::uint32_t row : rows)
    if (bpf_map_lookup_elem(kernel_.seen, &row, cpus.data()) == 0)
      for (const aspis_site_seen& one : cpus) sum += one.events;
  return sum;
}

void Probes::forget_layout(std::uint32_t row) {
  aspis_python_site site{};
  if (bpf_map_lookup_elem(kernel_.sites, &row, &site) != 0) return;
  site.layout = ASPIS_LAYOUT_NONE;
  site.frames = 0;
  bpf_map_update_elem(kernel_.sites, &row, &site, BPF_ANY);
}

Result<std::uint16_t> Probes::add_frames(const aspis_python_frames& frames) {
  for (std::size_t row = 0; row < frames_.size(); ++row)
    if (std::memcmp(&frames_[row], &frames, sizeof(frames)) == 0)
      return static_cast<std::uint16_t>(row + 1);
  const auto row = static_cast<std::uint32_t>(frames_.size());
  if (bpf_map_update_elem(kernel_.frames, &row, &frames, BPF_ANY) != 0)
    return fail_errno("cannot fill the table of Python frames");
  frames_.push_back(frames);
  return static_cast<std::uint16_t>(row + 1);
}

std::uint64_t Probes::refused_stacks(std::uint16_t frames) const {
  const std::uint32_t row = frames - 1U;
  aspis_python_frames found{};
  if (bpf_map_lookup_elem(kernel_.frames, &row, &found) != 0) return 0;
  return found.refused;
}

void Probes::release_image(std::uint32_t device, std::uint64_t inode, std::uint32_t pid) {
  aspis_exe_key key{};
  key.ino = inode;
  key.dev = device;
  const std::uint32_t value = 1;
  if (bpf_map_update_elem(kernel_.images, &key, &value, BPF_ANY) != 0)
    spdlog::debug("cannot remember an image: {}", std::strerror(errno));
  if (::kill(static_cast<pid_t>(pid), SIGCONT) != 0)
    spdlog::debug("process {} cannot be let go: {}", pid, std::strerror(errno));
}

void Probes::end_holding() {
  __atomic_store_n(kernel_.holding_ended, 1, __ATOMIC_RELAXED);
}

}  // namespace aspis

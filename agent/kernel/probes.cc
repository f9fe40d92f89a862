// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/probes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/kernel/pins.h"
#include "agent/kernel/uprobe.h"
#include "base/log.h"
#include "bpf/abi/task.h"

namespace aspis {
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
  const auto put = [&](int program, bool at_return) -> Result<Fd> {
    Fd link = TRY(attach_uprobe(
        program,
        {.path = path, .offset = site.offset, .semaphore = site.semaphore, .at_return = at_return},
        row));
    // Before that, who is killed takes the probe along.
    if (kernel_.pins != nullptr) TRYV(kernel_.pins->pin_probe(row, at_return, link.get()));
    return link;
  };
  const bool raising = site.row.raise_function != 0;
  Links links;
  if (raising) {
    auto at_return = put(kernel_.returning, true);
    if (!at_return)
      return fail_errno(at_return.error().message + ", for the return of audit events",
                        at_return.error().code);
    links.at_return = std::move(*at_return);
  }
  auto at_entry = put(raising ? kernel_.raising : kernel_.program, false);
  if (!at_entry) {
    drop(row, std::move(links));
    return fail_errno(at_entry.error().message + ", for audit events", at_entry.error().code);
  }
  links.at_entry = std::move(*at_entry);
  return links;
}

Result<std::vector<std::uint32_t>> Probes::attach(const std::string& path, const File& file,
                                                  std::span<const Site> sites) {
  std::vector<std::uint32_t> rows;
  drop_others(file, sites);
  for (const Site& site : sites) {
    if (const auto taken = take_over(file, site); taken) {
      rows.push_back(*taken);
      continue;
    }
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

/// The entry goes first, from the bpffs and from here.
void Probes::drop(std::uint32_t row, Links links) {
  if (kernel_.pins != nullptr) kernel_.pins->unpin_probe(row, false);
  links.at_entry.reset();
  if (kernel_.pins != nullptr && links.at_return.valid()) kernel_.pins->unpin_probe(row, true);
}

Result<> Probes::adopt() {
  for (std::uint32_t row = 0;; ++row) {
    const aspis_python_frames none{};
    aspis_python_frames found{};
    if (bpf_map_lookup_elem(kernel_.frames, &row, &found) != 0) break;
    found.refused = 0;
    if (std::memcmp(&found, &none, sizeof(none)) == 0) break;
    frames_.push_back(found);
  }
  auto cpus = counters();
  for (auto& [row, probe] : kernel_.pins->probes()) {
    if (row >= ASPIS_SITES_MAX || bpf_map_lookup_elem(kernel_.seen, &row, cpus.data()) != 0)
      return fail_errno("cannot read the table of probe sites");
    Adopted& adopted = adopted_[row];
    adopted.file = {cpus[0].device, cpus[0].inode};
    adopted.links.at_return = std::move(probe.at_return);
    adopted.links.at_entry = std::move(probe.at_entry);
    rows_ = row + 1;
  }
  auto none = counters();
  for (std::uint32_t row = 0; row < rows_; ++row)
    if (!adopted_.contains(row)) {
      bpf_map_update_elem(kernel_.seen, &row, none.data(), BPF_ANY);
      free_.push_back(row);
    }
  return {};
}

std::size_t Probes::links() const {
  std::size_t count = 0;
  const auto add = [&count](const Links& links) {
    count += std::size_t{links.at_entry.valid()} + std::size_t{links.at_return.valid()};
  };
  for (const auto& [row, links] : links_) add(links);
  for (const auto& [row, adopted] : adopted_) add(adopted.links);
  return count;
}

Result<> Probes::pin_again() {
  const auto pin = [this](std::uint32_t row, const Links& links) -> Result<> {
    if (links.at_return.valid()) TRYV(kernel_.pins->pin_probe(row, true, links.at_return.get()));
    return kernel_.pins->pin_probe(row, false, links.at_entry.get());
  };
  for (const auto& [row, links] : links_) TRYV(pin(row, links));
  for (const auto& [row, adopted] : adopted_) TRYV(pin(row, adopted.links));
  return {};
}

/// By what does not change as long as the file does not: layout and frames are what an agent knows
/// of it.
bool Probes::is_at(std::uint32_t row, const Site& site) const {
  aspis_python_site found{};
  if (bpf_map_lookup_elem(kernel_.sites, &row, &found) != 0) return false;
  found.layout = site.row.layout;
  found.frames = site.row.frames;
  return std::memcmp(&found, &site.row, sizeof(found)) == 0;
}

/// Fails if no adopted probe is there.
Result<std::uint32_t> Probes::take_over(const File& file, const Site& site) {
  const auto found = std::ranges::find_if(adopted_, [&](const auto& probe) {
    return probe.second.file == file && is_at(probe.first, site);
  });
  if (found == adopted_.end()) return fail("none is there");
  const std::uint32_t row = found->first;
  // Who is at the probe now may read half of what is written.
  aspis_python_site now{};
  if (bpf_map_lookup_elem(kernel_.sites, &row, &now) != 0 ||
      (std::memcmp(&now, &site.row, sizeof(now)) != 0 &&
       bpf_map_update_elem(kernel_.sites, &row, &site.row, BPF_ANY) != 0))
    return fail_errno("cannot fill the table of probe sites");
  links_[row] = std::move(found->second.links);
  adopted_.erase(found);
  return row;
}

void Probes::drop_others(const File& file, std::span<const Site> sites) {
  auto none = counters();
  for (auto at = adopted_.begin(); at != adopted_.end();) {
    const std::uint32_t row = at->first;
    if (at->second.file != file ||
        std::ranges::any_of(sites, [&](const Site& site) { return is_at(row, site); })) {
      ++at;
      continue;
    }
    drop(row, std::move(at->second.links));
    at = adopted_.erase(at);
    bpf_map_update_elem(kernel_.seen, &row, none.data(), BPF_ANY);
    free_.push_back(row);
  }
}

void Probes::detach(std::span<const std::uint32_t> rows) {
  auto none = counters();
  for (const std::uint32_t row : rows) {
    const auto found = links_.find(row);
    if (found == links_.end()) continue;
    drop(row, std::move(found->second));
    links_.erase(found);
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
    log::debug("cannot remember an image: {}", std::strerror(errno));
  if (::kill(static_cast<pid_t>(pid), SIGCONT) != 0)
    log::debug("process {} cannot be let go: {}", pid, std::strerror(errno));
}

void Probes::end_holding() {
  __atomic_store_n(kernel_.holding_ended, 1, __ATOMIC_RELAXED);
}

}  // namespace aspis

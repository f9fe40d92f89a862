// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/interpreters.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <fstream>

#include "agent/event/process_table.h"
#include "agent/watch/describe.h"
#include "base/log.h"
#include "probes/cpython/debug_offsets.h"
#include "probes/cpython/layouts.h"

namespace aspis {
namespace {

// Who writes to a file again and again does not keep us looking at it.
constexpr std::uint64_t kLookAgain = 500'000'000;
constexpr std::size_t kShebangMax = 256;  // include/uapi/linux/binfmts.h: BINPRM_BUF_SIZE

/// The program that a script's first line names; empty if the file is none.
std::string script_interpreter(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line(kShebangMax, '\0');
  file.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(file.gcount()));
  if (!line.starts_with("#!")) return {};
  const std::size_t from = line.find_first_not_of(" \t", 2);
  if (from == std::string::npos) return {};
  return line.substr(from, line.find_first_of(" \t\n", from) - from);
}

/// Whether a module can have this name, which comes with the event `import`.
bool is_module_name(const Value& value) {
  if (value.type != ASPIS_VALUE_STR || value.bytes.empty()) return false;
  const unsigned unit = value.flags & ASPIS_VALUE_KIND;
  if (unit > 1) return true;  // beyond Latin-1: nothing to compare with
  return std::all_of(value.bytes.begin(), value.bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || c == '_' || c == '.' || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

std::uint64_t change_time(const struct stat& status) {
  return static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(status.st_ctim.tv_nsec);
}

struct FileState {
  std::pair<std::uint64_t, std::uint64_t> file;  ///< device and inode; 0, 0: there is none
  std::uint64_t changed = 0;
};

FileState state_of(const Fd& fd) {
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return {};
  return {{status.st_dev, status.st_ino}, change_time(status)};
}

/// A name that leads to just this file.
std::string own_path(const Fd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

std::uint64_t boot_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

/// Where it keeps its frames: aspis_python_site.frames. Without them only stacks are missing.
std::uint16_t Interpreters::frames_of(const cpython::Interpreter& interpreter,
                                      InterpreterNotice& notice) {
  if (interpreter.layout < 0) return 0;
  const auto& layout = cpython::layouts()[static_cast<std::size_t>(interpreter.layout)];
  const auto frames = cpython::frames_of(interpreter, layout);
  const auto row = frames ? observer_.probes().add_frames(*frames)
                          : Result<std::uint16_t>(tl::unexpected(frames.error()));
  if (row) {
    frames_.emplace(*row, notice.path);
    return *row;
  }
  notice.missed.push_back("stacks (" + row.error().text() + ")");
  return 0;
}

/// Where to see what it says; where the kernel is to answer with exceptions, the functions that all
/// of it goes through.
std::vector<cpython::Site> Interpreters::sites_of(const cpython::Interpreter& interpreter,
                                                  InterpreterNotice& notice) {
  if (!observer_.raises()) return interpreter.sites.sites;
  auto raising = cpython::raising_sites(interpreter);
  if (raising) {
    notice.probe = probe_name(cpython::Probe::kRaise);
    notice.missed.clear();
    return std::move(*raising);
  }
  notice.missed.push_back("nothing, but the kernel cannot raise PermissionError in it and kills (" +
                          raising.error().text() + ")");
  return interpreter.sites.sites;
}

void Interpreters::tell_refused() {
  for (const auto& [row, path] : frames_)
    if (const std::uint64_t refused = observer_.probes().refused_stacks(row); refused != 0)
      log::warn("{}: offsets unverified: {} stacks led to what is no code object, and are cut",
                path, refused);
}

Interpreters::Known* Interpreters::attach(const cpython::Interpreter& interpreter) {
  const auto [entry, fresh] = known_.try_emplace({interpreter.device, interpreter.inode});
  if (fresh) attach(entry->second, interpreter);
  return &entry->second;
}

/// Between the look at a file and the probes its name may be given to another, and its contents may
/// be written: the probes go to what was looked at, or away again.
void Interpreters::attach(Known& known, const cpython::Interpreter& interpreter) {
  known.notice = describe(interpreter);
  known.changed = interpreter.changed;
  const auto give_up = [&](const std::string& why) {
    known.notice.missed = {"all that it says: " + why};
    known.notice.probe = probe_name(cpython::Probe::kNone);
  };
  known.file = Fd(::open(interpreter.path.c_str(), O_PATH | O_CLOEXEC));
  const FileState before = state_of(known.file);
  if (before.file != File(interpreter.device, interpreter.inode))
    return give_up("the file was replaced while it was looked at");
  if (interpreter.sites.sites.empty()) return;
  std::vector<Probes::Site> sites;
  cpython::Interpreter own = interpreter;
  own.path = own_path(known.file);
  const std::uint16_t frames = frames_of(own, known.notice);
  const std::vector<cpython::Site> used = sites_of(own, known.notice);
  for (const cpython::Site& found : used) {
    sites.push_back({found.row, found.offset, found.semaphore});
    sites.back().row.layout =
        interpreter.layout < 0 ? ASPIS_LAYOUT_NONE : static_cast<__u8>(interpreter.layout);
    sites.back().row.frames = frames;
  }
  auto rows = observer_.probes().attach(own.path, before.file, sites);
  if (!rows) return give_up(rows.error().text());
  if (state_of(known.file).changed != interpreter.changed) {
    observer_.probes().detach(*rows);
    return give_up("the file was written to while it was looked at");
  }
  known.probed = true;
  known.sites = interpreter.sites.sites;
  known.rows = std::move(*rows);
  for (const std::uint32_t row : known.rows) by_row_[row] = &known;
  Tamper::Target target{known.notice.path, {}};
  for (const cpython::Site& site : used)
    target.places.push_back({site.offset, site.semaphore, site.long_nop});
  tamper_.add_target(before.file, std::move(target));
  log::debug("{}: probing CPython {} by {}", known.notice.path, known.notice.version,
             known.notice.probe);
}

void Interpreters::detach(const File& file, Known& known) {
  tamper_.remove_target(file);
  known.notice.events += observer_.probes().seen(known.rows);
  observer_.probes().detach(known.rows);
  for (const std::uint32_t row : known.rows) by_row_.erase(row);
  known.rows.clear();
  known.sites.clear();
  known.probed = false;
}

/// Who overwrites a file in place, instead of giving its name to another, leaves our probes where
/// they were: in the middle of other code. They go as soon as that is seen.
void Interpreters::refresh(const File& file, Known& known) {
  const FileState state = state_of(known.file);
  if (state.file != file || state.changed == known.changed) return;
  const std::uint64_t now = boot_now();
  if (known.looked != 0 && now - known.looked < kLookAgain) return;
  known.looked = now;
  auto found = cpython::inspect(own_path(known.file)).value_or(std::nullopt);
  if (found && found->sites.sites == known.sites && found->build_id == known.notice.build_id) {
    known.changed = found->changed;  // its mode, or number of names
    return;
  }
  const bool told = known.told;
  const InterpreterNotice before = known.notice;
  detach(file, known);
  known.changed = state.changed;
  if (!found || !found->library.empty()) {
    log::debug("{}: overwritten by what is no interpreter", before.path);
    return;
  }
  found->shown = before.path;
  const std::uint64_t events = known.notice.events;
  attach(known, *found);
  known.notice.events = events;
  known.notice.pid = before.pid;
  known.notice.late = before.late;
  if (told) notify_(known.notice);
}

std::vector<InterpreterNotice> Interpreters::coverage() const {
  std::vector<InterpreterNotice> list;
  for (const auto& [file, known] : known_) {
    if (!known.told) continue;
    list.push_back(known.notice);
    list.back().events += observer_.probes().seen(known.rows);
  }
  return list;
}

void Interpreters::tick(std::uint64_t now) {
  for (auto& [file, known] : known_) refresh(file, known);
  tamper_.tick(now);
}

void Interpreters::note_process(const Event& event) {
  const ProcessId process = process_id(*event.head);
  if (event.as<ExecPayload>() != nullptr || event.as<ExitPayload>() != nullptr)
    tamper_.forget(process);
  else if (const auto* fork = event.as<ForkPayload>(); fork != nullptr)
    tamper_.fork(process, {fork->child_pid, fork->child_start}, event.head->time);
}

/// What is in this file, or in the libpython below `root` that it needs.
Interpreters::Known* Interpreters::attach_file(const std::string& path, const std::string& root) {
  const auto found = cpython::inspect(path).value_or(std::nullopt);
  if (!found) return nullptr;
  if (found->library.empty()) return attach(*found);
  cpython::Interpreter launcher = *found;
  const auto library = cpython::find_library(launcher, root);
  return library ? attach_file(*library, root) : nullptr;
}

std::size_t Interpreters::attach_standard() {
  std::size_t count = 0;
  for (const auto& interpreter : cpython::candidates()) count += attach(interpreter)->probed;
  return count;
}

void Interpreters::attach_command(const std::string& path) {
  const std::string interpreter = script_interpreter(path);
  attach_file(interpreter.empty() ? path : interpreter, "");
}

/// Looks at the image where it can still be had; `understood` is false if it was nowhere.
Interpreters::Known* Interpreters::find(const Image& image, const std::string& path,
                                        bool& understood) {
  const std::string proc = "/proc/" + std::to_string(image.process.pid);
  std::vector<std::pair<std::string, std::string>> places;  // file, and root to find libraries in
  if (image.executable) places.emplace_back(proc + "/exe", proc + "/root");
  places.emplace_back(proc + "/root" + path, proc + "/root");
  places.emplace_back(path, "");  // the process has ended: its root is most likely ours
  for (const auto& [file, root] : places) {
    auto found = cpython::inspect(file);
    if (!found) continue;
    understood = true;
    if (!*found) return nullptr;
    cpython::Interpreter& interpreter = **found;
    interpreter.shown = path;
    if (interpreter.library.empty()) return attach(interpreter);
    // Most likely this one; which it is shows when it is mapped, and then it is told.
    if (const auto library = cpython::find_library(interpreter, root)) attach_file(*library, root);
    return nullptr;
  }
  return nullptr;
}

void Interpreters::tell(Known& known, const Image& image, bool fresh) {
  if (known.told) return;
  known.told = true;
  known.notice.pid = image.process.pid;
  known.notice.late = (fresh && !image.held) || image.running;
  notify_(known.notice);
}

void Interpreters::note_image(const Image& image) {
  look(image);
  const File file{makedev(image.device >> 20, image.device & 0xfffff), image.inode};
  if (image.running || tamper_.has_target(file)) tamper_.add(image.process, boot_now());
  if (image.held) observer_.probes().release_image(image.device, image.inode, image.process.pid);
}

bool Interpreters::is_python(const Image& image) const {
  const auto name = image.path.substr(image.path.rfind('/') + 1);
  return name.starts_with("python") ||
         tamper_.has_target({makedev(image.device >> 20, image.device & 0xfffff), image.inode});
}

/// When the file was changed that the process has as this image; 0: it cannot be seen any more.
std::uint64_t Interpreters::changed(const Image& image) {
  const std::string proc = "/proc/" + std::to_string(image.process.pid);
  const std::string path =
      image.executable ? proc + "/exe" : proc + "/root" + std::string(image.path);
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || status.st_ino != image.inode) return 0;
  return change_time(status);
}

/// A file that was looked at may have been written since, or have ended, and its number be that of
/// another.
void Interpreters::look(const Image& image) {
  const std::uint64_t changed = Interpreters::changed(image);
  const auto [seen, first] = images_.try_emplace({image.device, image.inode}, changed);
  if (!first) {
    if (changed == 0 || changed == seen->second) return;
    seen->second = changed;
  }
  const File file{makedev(image.device >> 20, image.device & 0xfffff), image.inode};
  if (const auto entry = known_.find(file); entry != known_.end()) {
    refresh(file, entry->second);
    return tell(entry->second, image, false);
  }
  if (image.running) {  // what it has mapped, it has mapped already
    const auto found = cpython::inspect_process(static_cast<pid_t>(image.process.pid));
    if (!found) images_.erase({image.device, image.inode});
    if (found)
      for (const auto& interpreter : *found) tell(*attach(interpreter), image, false);
    return;
  }
  const std::size_t before = known_.size();
  bool understood = false;
  if (Known* known = find(image, std::string(image.path), understood); known != nullptr)
    tell(*known, image, known_.size() != before);
  if (!understood) images_.erase({image.device, image.inode});  // the next one may be there longer
}

bool Interpreters::note_audit(const ProcessId& process, const PythonPayload& audit) {
  const auto entry = by_row_.find(audit.site);
  if (entry == by_row_.end()) return true;
  tamper_.add(process, boot_now());
  Known& known = *entry->second;
  if (known.notice.offsets != Offsets::kAssumed || audit.name != "import" || audit.values.empty())
    return true;
  if (is_module_name(audit.values.front())) {
    known.notice.offsets = Offsets::kVerified;
    return true;
  }
  known.notice.offsets = Offsets::kRefused;
  known.notice.missed.emplace_back(
      "arguments of events (offsets: a known value was not what was read)");
  for (const std::uint32_t row : known.rows) observer_.probes().forget_layout(row);
  notify_(known.notice);
  return false;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> Interpreters::files() const {
  std::vector<File> files;
  for (const auto& [file, known] : known_)
    if (known.probed) files.push_back(file);
  return files;
}

}  // namespace aspis

// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/stacks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/fd.h"
#include "base/log.h"
#include "probes/cpython/distribution.h"

namespace aspis {
namespace {

constexpr std::size_t kEnvironmentMax = 64UL << 10;

// Whether the process has the root directory that we have: then its files are there even after it
// has ended.
bool shares_our_root(const CodeObject& object) {
  static const struct stat ours = [] {
    struct stat status{};
    ::stat("/", &status);
    return status;
  }();
  const auto device = static_cast<std::uint32_t>(major(ours.st_dev) << 20 | minor(ours.st_dev));
  return device == object.root_dev && ours.st_ino == object.root_ino;
}

std::string parent_of_parent(const std::string& path) {
  return std::filesystem::path(path).parent_path().parent_path().string();
}

// VIRTUAL_ENV of a process that still runs; empty: it has none.
std::string virtual_environment(std::uint32_t pid) {
  const Fd fd(::open(("/proc/" + std::to_string(pid) + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return {};
  std::string text(kEnvironmentMax, '\0');
  const ssize_t got = ::read(fd.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  constexpr std::string_view kName = "VIRTUAL_ENV=";
  for (std::size_t at = 0; at < text.size(); at = text.find('\0', at) + 1) {
    if (text.compare(at, kName.size(), kName) == 0) return text.c_str() + at + kName.size();
    if (text.find('\0', at) == std::string::npos) break;
  }
  return {};
}

// Where the interpreter's packages may be: a virtual environment first.
std::vector<std::string> prefixes_of(const Process& process, const cpython::FileTree& tree) {
  std::vector<std::string> prefixes;
  const auto add_environment = [&](const std::string& prefix) {
    if (!prefix.empty() && tree.is_file(prefix + "/pyvenv.cfg")) prefixes.push_back(prefix);
  };
  if (!process.argv.empty() && process.argv[0].find('/') != std::string::npos) {
    const auto path = (std::filesystem::path(process.cwd) / process.argv[0]).lexically_normal();
    add_environment(parent_of_parent(path.string()));
  }
  add_environment(virtual_environment(process.id.pid));
  if (!process.exe.empty()) prefixes.push_back(parent_of_parent(process.exe));
  return prefixes;
}

}  // namespace

bool stack_wanted(aspis_stacks wanted, const Record& record) {
  if (record.event == nullptr || wanted == ASPIS_STACKS_NONE) return false;
  const aspis_event& head = *record.event->head;
  return wanted == ASPIS_STACKS_ALL || head.verdict != ASPIS_VERDICT_ALLOWED ||
         (head.flags & ASPIS_F_REPORTED) != 0 || record.correlation == Correlation::kUnaudited;
}

bool Stacks::take_code(std::span<const std::byte> record) {
  std::uint16_t kind = 0;
  if (record.size() < sizeof(aspis_code)) return false;
  std::memcpy(&kind, record.data() + offsetof(aspis_code, kind), sizeof(kind));
  if (kind != ASPIS_KIND_CODE) return false;
  std::uint64_t id = 0;
  auto object = decode_code(record, id);
  if (object)
    objects_.insert(id, std::move(*object));
  else
    log::debug("{}", object.error().text());
  return true;
}

// Once for each code object, and for each file of a process: files are read for it.
const cpython::Distribution& Stacks::distribution(CodeObject& object, const Process* process) {
  if (object.file_cut) return object.distribution.emplace();
  std::string key = object.file;
  for (const std::uint64_t number : {std::uint64_t{object.pid}, std::uint64_t{object.root_dev},
                                     object.root_ino, process ? process->id.start : 0})
    key += '\0' + std::to_string(number);
  if (process) key += '\0' + process->exe;
  cpython::Distribution* known = files_.find(key);
  if (known == nullptr) {
    const cpython::FileTree tree(
        shares_our_root(object) ? "/" : "/proc/" + std::to_string(object.pid) + "/root");
    cpython::PythonProcess python;
    python.minor = object.minor;
    if (process) {
      python.cwd = process->cwd;
      python.prefixes = prefixes_of(*process, tree);
      python.script = cpython::script_of(process->argv);
    }
    known = &files_.insert(key, cpython::find_distribution(tree, object.file, python));
  }
  return object.distribution.emplace(*known);
}

void Stacks::resolve(Record& record) {
  const std::string_view frames = record.event->frames;
  record.stack_cut = (record.event->head->flags & ASPIS_F_STACK_CUT) != 0;
  for (std::size_t at = 0; at + sizeof(aspis_frame) <= frames.size(); at += sizeof(aspis_frame)) {
    aspis_frame raw;
    std::memcpy(&raw, frames.data() + at, sizeof(raw));
    StackFrame frame;
    if (CodeObject* object = objects_.find(raw.code)) {
      const cpython::Distribution& found = object->distribution
                                               ? *object->distribution
                                               : distribution(*object, record.process.get());
      frame = {object->file, object->function, object->line(raw.lasti).value_or(0), found.name,
               found.version};
    }
    record.stack.push_back(frame);
  }
}

}  // namespace aspis

// SPDX-License-Identifier: Apache-2.0
// Tries thousands of operations on files under many profiles, and says what came of each.
//
//   aspis_attempts DIRECTORY   for each N that has a file DIRECTORY/cases.N: runs DIRECTORY/as.N
//   (this
//                              program again; a profile may tell it by its name) and has it try the
//                              cases, one to a line: OPERATION TAB PATH TAB PATH. The errno of each
//                              goes to DIRECTORY/answers.N.
//
// DIRECTORY/tree says what files there are: d or f, owner, path. They are made at first, and
// whatever an operation has changed is put right before the next: that takes rights that those
// under as.N do not have.
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

namespace {

struct Case {
  std::string operation, path, other;
};

Case parse(const std::string& line) {
  std::istringstream fields(line);
  Case parsed;
  std::getline(fields, parsed.operation, '\t');
  std::getline(fields, parsed.path, '\t');
  std::getline(fields, parsed.other, '\t');
  return parsed;
}

int error_of(int result) {
  return result < 0 ? errno : 0;
}

/// Opens it, does something with it, and closes it.
int with_file(const char* path, int flags, const std::function<int(int)>& deed = {}) {
  const int fd = ::open(path, flags | O_CLOEXEC, 0755);
  if (fd < 0) return errno;
  const int error = deed ? error_of(deed(fd)) : 0;
  ::close(fd);
  return error;
}

int map_executable(int fd) {
  void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) return -1;
  return ::munmap(mapped, 4096);
}

/// The file is no program: ENOEXEC means that it may be executed.
int execute(const char* path) {
  char* arguments[] = {const_cast<char*>(path), nullptr};
  return ::execv(path, arguments);
}

int attempt(const Case& tried) {
  const char* path = tried.path.c_str();
  const char* other = tried.other.c_str();
  struct stat status{};
  static const std::map<std::string, int> kOpens = {
      {"read", O_RDONLY},
      {"write", O_WRONLY},
      {"update", O_RDWR},
      {"append", O_WRONLY | O_APPEND},
      {"cut", O_WRONLY | O_TRUNC},
      {"append_cut", O_WRONLY | O_APPEND | O_TRUNC},
      {"read_create", O_RDONLY | O_CREAT},
      {"create", O_WRONLY | O_CREAT},
      {"create_new", O_WRONLY | O_CREAT | O_EXCL},
      {"list", O_RDONLY | O_DIRECTORY},
  };
  const std::map<std::string, std::function<int()>> others = {
      {"truncate", [&] { return ::truncate(path, 8); }},
      {"chmod", [&] { return ::chmod(path, 0755); }},
      {"chown", [&] { return ::lchown(path, -1U, -1U); }},
      {"stat", [&] { return ::lstat(path, &status); }},
      {"unlink", [&] { return ::unlink(path); }},
      {"rmdir", [&] { return ::rmdir(path); }},
      {"mkdir", [&] { return ::mkdir(path, 0755); }},
      {"mkfifo", [&] { return ::mkfifo(path, 0755); }},
      {"symlink", [&] { return ::symlink("nowhere", path); }},
      {"link", [&] { return ::link(other, path); }},
      {"rename", [&] { return ::rename(path, other); }},
      {"exchange", [&] { return ::renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE); }},
      {"exec", [&] { return execute(path); }},
  };
  const auto open = kOpens.find(tried.operation);
  if (open != kOpens.end()) return with_file(path, open->second);
  if (tried.operation == "lock")
    return with_file(path, O_RDONLY, [](int fd) { return ::flock(fd, LOCK_SH); });
  if (tried.operation == "lock_alone")
    return with_file(path, O_RDONLY, [](int fd) { return ::flock(fd, LOCK_EX); });
  if (tried.operation == "map") return with_file(path, O_RDONLY, map_executable);
  const auto found = others.find(tried.operation);
  return found == others.end() ? -1 : error_of(found->second());
}

int attempt_all() {
  for (std::string line; std::getline(std::cin, line);)
    std::cout << attempt(parse(line)) << '\n' << std::flush;
  return 0;
}

class Tree {
 public:
  explicit Tree(const std::string& file) {
    std::ifstream lines(file);
    char kind = 0;
    uid_t owner = 0;
    for (std::string path; lines >> kind >> owner >> path;) entries_[path] = {kind, owner};
    for (const auto& [path, entry] : entries_) restore(path);
  }

  /// Makes what is at this path what it is to be.
  void restore(const std::string& path) const {
    if (path.empty()) return;
    const auto entry = entries_.find(path);
    struct stat status{};
    if (::lstat(path.c_str(), &status) == 0) {
      const bool right = entry != entries_.end() && status.st_uid == entry->second.owner &&
                         S_ISDIR(status.st_mode) == (entry->second.kind == 'd') &&
                         (S_ISDIR(status.st_mode) || S_ISREG(status.st_mode));
      if (right) return;
      ::remove(path.c_str());
    }
    if (entry == entries_.end()) return;
    if (entry->second.kind == 'd') {
      ::mkdir(path.c_str(), 0755);
    } else {
      std::ofstream(path) << "content\n";
      ::chmod(path.c_str(), 0755);
    }
    if (::lchown(path.c_str(), entry->second.owner, 0) != 0) std::perror(path.c_str());
  }

 private:
  struct Entry {
    char kind;
    uid_t owner;
  };
  std::map<std::string, Entry> entries_;
};

/// `program`, which answers each line that it is sent with one of its own.
class Worker {
 public:
  explicit Worker(const std::string& program) {
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], STDIN_FILENO);
      ::dup2(from[1], STDOUT_FILENO);
      ::execl(program.c_str(), program.c_str(), nullptr);
      std::perror(program.c_str());
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    to_ = ::fdopen(to[1], "w");
    from_ = ::fdopen(from[0], "r");
  }
  ~Worker() {
    std::fclose(to_);
    std::fclose(from_);
    ::waitpid(pid_, nullptr, 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  std::string ask(const std::string& line) {
    char answer[16] = "";
    std::fprintf(to_, "%s\n", line.c_str());
    std::fflush(to_);
    return std::fgets(answer, sizeof(answer), from_) == nullptr ? "gone\n" : answer;
  }

 private:
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

/// Two processes that wait for each other are quicker on one processor.
void stay_on_one_processor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  ::sched_setaffinity(0, sizeof(one), &one);
}

int run_all(const std::string& directory) {
  stay_on_one_processor();
  const Tree tree(directory + "/tree");
  for (int n = 0;; ++n) {
    const std::string number = std::to_string(n);
    std::ifstream cases(directory + "/cases." + number);
    if (!cases) return n > 0 ? 0 : 1;
    std::ofstream answers(directory + "/answers." + number);
    Worker worker(directory + "/as." + number);
    for (std::string line; std::getline(cases, line);) {
      answers << worker.ask(line);
      const Case done = parse(line);  // refused ones, too, may have made a file
      tree.restore(done.path);
      tree.restore(done.other);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  const std::filesystem::path name(argv[0]);
  if (argc == 1 && name.stem() == "as") return attempt_all();
  if (argc == 2) return run_all(argv[1]);
  std::cerr << "usage: aspis_attempts DIRECTORY\n";
  return 2;
}

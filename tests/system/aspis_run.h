// SPDX-License-Identifier: Apache-2.0
// Runs the real aspis on a real command, and reads what it wrote.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace aspis::test {

struct Outcome {
  int status = -1;                   ///< wait status of the program that was started
  std::string out, err;              ///< its standard output and standard error
  [[nodiscard]] int code() const;    ///< exit code, -1: ended by a signal
  [[nodiscard]] int signal() const;  ///< 0: exited
};

/// Runs a program to its end, at most `seconds` (then it is killed and the status says so).
Outcome run(const std::vector<std::string>& command, int seconds = 300,
            const std::map<std::string, std::string>& environment = {});

struct Observation {
  Outcome outcome;
  std::vector<nlohmann::json> events;
};

/// aspis run -o json --to FILE --hooks BACKEND OPTIONS… -- COMMAND…
Observation observe(const std::string& backend, const std::vector<std::string>& command,
                    const std::vector<std::string>& options = {});

/// A directory of its own, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] std::string path(const std::string& name = "") const {
    return name.empty() ? path_ : path_ + "/" + name;
  }

 private:
  std::string path_;
};

/// Every backend by name, and whether it works here: what `aspis probe` says.
const std::map<std::string, std::string>& backends();

/// Why a test that confines processes by this backend is not for this machine; "" if it is. Loading
/// takes long in a guest: the second best backend is asked for where the best is not to be had.
std::string why_not_confine(const std::string& backend);

/// The same where the processes are those of the test's own command: tracepoint may decide about
/// them anywhere. What takes long in an emulated guest has it natively alone, but for ./dev test
/// all.
enum class Tracepoint { kAnywhere, kNatively };
std::string why_not_decide(const std::string& backend,
                           Tracepoint tracepoint = Tracepoint::kAnywhere);

/// What a program printed, a line "NAME RESULT" each; a result may be several words, or none.
using Results = std::map<std::string, std::string>;
Results results_of(const std::string& out);

/// The member at "file.path", as text; "" when it is not there.
std::string field(const nlohmann::json& event, const std::string& path);

/// Events that have all of these.
std::vector<nlohmann::json> matching(
    const std::vector<nlohmann::json>& events,
    const std::vector<std::pair<std::string, std::string>>& fields);

/// The distribution's interpreter, without symbolic links; "" when there is none.
const std::string& system_python();

std::string aspis_binary();
std::string hook_library();
std::string attempts_binary();
std::string trigger_binary();
std::string domain_binary();
std::string flood_binary();
std::string rights_binary();

}  // namespace aspis::test

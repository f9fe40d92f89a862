// SPDX-License-Identifier: Apache-2.0
// Keeps a probe for audit events on every interpreter that tracked processes run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/event/event.h"
#include "agent/event/interpreter.h"
#include "agent/kernel/observer.h"
#include "agent/watch/tamper.h"
#include "base/fd.h"
#include "base/result.h"
#include "probes/cpython/find.h"

namespace aspis {

class Interpreters {
 public:
  /// Hears of each interpreter when a tracked process is first seen to run it, and again when it
  /// turns out that less of it is understood than was thought.
  using Notify = std::function<void(const InterpreterNotice&)>;

  Interpreters(Observer& observer, Notify notify, Tamper::Notify tamper)
      : observer_(observer), notify_(std::move(notify)), tamper_(std::move(tamper)) {}

  /// Puts probes on the interpreters at the standard places of this host. Returns how many.
  std::size_t attach_standard();

  /// The same for the interpreter that executing this file would run: itself, the libpython that it
  /// is linked to, or, if it is a script, what its first line names. Others are left alone.
  void attach_command(const std::string& path);

  /// A file that a process runs, or has mapped to execute.
  struct Image {
    ProcessId process;
    std::uint32_t device = 0;  ///< as events carry it
    std::uint64_t inode = 0;
    std::string_view path;    ///< in the process's root
    bool executable = false;  ///< it is what was executed
    bool running = false;     ///< the process is older than our looking at it
    bool held = false;        ///< the process waits for us to have looked
  };
  /// The first time, looks whether CPython is in it, or in the libpython that it is linked to, and
  /// probes it. What was raised before the probe was in place is missing, which is told.
  void note_image(const Image& image);

  /// Whether Python runs in it, as far as its file, or else its name, tells.
  [[nodiscard]] bool is_python(const Image& image) const;

  /// What it shows of the life of processes.
  void note_process(const Event& event);
  /// A kernel event of the process was announced by no audit event: for that its probes may have
  /// been undone.
  void note_unaudited(const ProcessId& process) { tamper_.suspect(process); }

  /// Time has passed: call about ten times a second. Looks for files that have changed under their
  /// probes, and for processes that have undone theirs.
  void tick(std::uint64_t now);
  /// Looks for the last time.
  void finish() { tamper_.finish(); }

  /// Lets go who waits for an image, and makes nobody wait any more. The events that tell of it
  /// must have been handed to note_image().
  void end_holding() { observer_.probes().end_holding(); }

  /// An audit event came from the site `audit.site`. The first `import` shows whether the
  /// interpreter's objects are read rightly; if not, only names of its events are told from then
  /// on, and false is returned: the arguments of this one are not to be believed.
  bool note_audit(const ProcessId& process, const PythonPayload& audit);

  /// Says once of each version whose stacks turned out not to be what its offsets say: they are
  /// missing, or cut where that was seen.
  void tell_refused();

  /// Every interpreter that tracked processes have been seen to run, with the number of its events
  /// until now.
  [[nodiscard]] std::vector<InterpreterNotice> coverage() const;

  /// Device and inode, as stat(2) gives them, of every interpreter that has a probe.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> files() const;

 private:
  using File = std::pair<std::uint64_t, std::uint64_t>;  ///< device and inode, by stat(2)

  struct Known {
    InterpreterNotice notice;
    bool probed = false;
    bool told = false;  ///< `notice` has gone to notify_
    Fd file;            ///< the very file that has the probes, whatever its name leads to now
    std::uint64_t changed = 0;  ///< when, as far as is known
    std::uint64_t looked = 0;   ///< when it was looked at anew, ns of CLOCK_BOOTTIME
    std::vector<cpython::Site> sites;
    std::vector<std::uint32_t> rows;  ///< of its sites
  };

  Known* attach(const cpython::Interpreter& interpreter);
  void attach(Known& known, const cpython::Interpreter& interpreter);
  void detach(const File& file, Known& known);
  void refresh(const File& file, Known& known);
  std::vector<cpython::Site> sites_of(const cpython::Interpreter& interpreter,
                                      InterpreterNotice& notice);
  std::uint16_t frames_of(const cpython::Interpreter& interpreter, InterpreterNotice& notice);
  Known* attach_file(const std::string& path, const std::string& root);
  Known* find(const Image& image, const std::string& path, bool& understood);
  void look(const Image& image);
  static std::uint64_t changed(const Image& image);
  void tell(Known& known, const Image& image, bool fresh);

  Observer& observer_;
  Notify notify_;
  Tamper tamper_;
  std::map<File, Known> known_;
  std::map<std::uint32_t, Known*> by_row_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t>
      images_;  ///< looked at, by the kernel's numbers: when the file had been changed
  std::map<std::uint16_t, std::string> frames_;  ///< by row: an interpreter that has them
};

}  // namespace aspis

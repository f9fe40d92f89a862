// SPDX-License-Identifier: Apache-2.0
// aspis top: who does how much, by what a running agent counts, on a whole screen.
// Its functions, not its macros, which have the names of many others.
#define NCURSES_NOMACROS 1
#include <curses.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <ctime>
#include <memory>
#include <thread>

#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/options.h"
#include "agent/control/client.h"
#include "agent/top/model.h"
#include "agent/top/view.h"
#include "base/log.h"

namespace aspis {
namespace {

using Json = nlohmann::json;

struct TopOptions {
  std::string socket = kControlSocket;
  double delay = 1;
  bool batch = false;
  unsigned count = 0;  ///< looks, then it ends; 0: no end
};

/// For each answer. An agent that is being killed takes seconds to go, and keys are to work.
constexpr std::chrono::milliseconds kPatience{2000};
constexpr std::size_t kBatchWidth = 200, kBatchHeight = 1000;

/// Asks the agent, and puts what it says beside what it said before.
class Looks {
 public:
  explicit Looks(std::string socket) : socket_(std::move(socket)) {}

  Result<top::Model> look() {
    const Json status = TRY(ask_agent(socket_, {{"request", "status"}}, kPatience));
    Json now = TRY(ask_agent(socket_, {{"request", "activity"}}, kPatience));
    top::Model model = top::make_model(before_, now, status);
    before_ = std::move(now);
    return model;
  }

  /// What the detail shows.
  std::vector<std::string> recent(const top::View& view) {
    const auto answer = ask_agent(
        socket_, {{"request", "recent"}, {"pid", view.pid}, {"profile", view.profile}}, kPatience);
    std::vector<std::string> lines;
    if (answer)
      for (const Json& line : answer->value("lines", Json::array()))
        lines.insert(lines.begin(), line.get<std::string>());
    return lines;
  }

 private:
  std::string socket_;
  Json before_;
};

int in_batch(const TopOptions& options) {
  Looks looks(options.socket);
  top::View view;
  for (unsigned look = 0; options.count == 0 || look < options.count; ++look) {
    if (look != 0) std::this_thread::sleep_for(std::chrono::duration<double>(options.delay));
    auto model = looks.look();
    if (!model) {
      log::error("{}", model.error().text());
      return kExitFailed;
    }
    model->sort(view.order);
    for (const top::Page page : {top::Page::kProcesses, top::Page::kProfiles}) {
      view.page = page;
      auto lines = top::lines_of(*model, view, kBatchWidth, kBatchHeight);
      if (page == top::Page::kProfiles) lines.erase(lines.begin());
      lines.erase(lines.begin() + (page == top::Page::kProfiles ? 0 : 1));  // the keys
      for (const top::Line& line : lines) std::printf("%s\n", line.text.c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  return kExitOk;
}

/// The terminal, as curses has it, until this goes.
class Terminal {
 public:
  static Result<std::unique_ptr<Terminal>> open() {
    std::setlocale(LC_CTYPE, "C.UTF-8");  // a static program has no other
    if (::newterm(nullptr, stdout, stdin) == nullptr)
      return fail(std::string("curses does not know this terminal (TERM=") +
                  (std::getenv("TERM") == nullptr ? "" : std::getenv("TERM")) +
                  "): --batch needs none");
    return std::unique_ptr<Terminal>(new Terminal);
  }
  ~Terminal() { ::endwin(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void show(const std::vector<top::Line>& lines) {
    using Kind = top::Line::Kind;
    ::erase();
    for (int y = 0; y < static_cast<int>(lines.size()); ++y) {
      const top::Line& line = lines[static_cast<std::size_t>(y)];
      const auto look = line.kind == Kind::kSelected  ? A_REVERSE
                        : line.kind == Kind::kHeading ? A_BOLD
                        : line.kind == Kind::kAlarm   ? A_STANDOUT
                                                      : A_NORMAL;
      ::attron(static_cast<int>(look));
      ::mvaddstr(y, 0, line.text.c_str());
      ::attroff(static_cast<int>(look));
    }
    ::refresh();
  }

  /// A key, as top::press() has them; -1: none came within `patience_ms`.
  int key(int patience_ms) {
    ::timeout(patience_ms);
    switch (const int key = ::getch()) {
      case KEY_UP:
        return top::kUp;
      case KEY_DOWN:
        return top::kDown;
      case KEY_PPAGE:
        return top::kPageUp;
      case KEY_NPAGE:
        return top::kPageDown;
      case KEY_HOME:
        return top::kHome;
      case KEY_END:
        return top::kEnd;
      case KEY_ENTER:
        return '\n';
      case ERR:
        return -1;
      default:
        return key;
    }
  }

 private:
  Terminal() {
    ::cbreak();
    ::noecho();
    ::keypad(stdscr, TRUE);
    ::set_escdelay(50);
    ::curs_set(0);
  }
};

int on_screen(const TopOptions& options) {
  Looks looks(options.socket);
  auto first = looks.look();
  if (!first) {
    log::error("{}", first.error().text());
    return kExitFailed;
  }
  auto terminal = Terminal::open();
  if (!terminal) {
    log::error("{}", terminal.error().text());
    return kExitFailed;
  }
  top::Model model = std::move(*first);
  top::View view;
  using Clock = std::chrono::steady_clock;
  const auto delay =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.delay));
  auto next = Clock::now() + delay;
  for (unsigned look = 1;;) {
    model.sort(view.order);
    const auto height = static_cast<std::size_t>(LINES), width = static_cast<std::size_t>(COLS);
    (*terminal)->show(top::lines_of(model, view, width, height));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now());
    if (left.count() > 0) {
      const int key = (*terminal)->key(static_cast<int>(left.count()));
      if (key < 0) continue;
      if (!top::press(key, model, view, height)) return kExitOk;
      if (view.page == top::Page::kDetail) view.recent = looks.recent(view);
      continue;
    }
    next = Clock::now() + delay;
    if (options.count != 0 && ++look > options.count) return kExitOk;
    auto now = looks.look();
    view.trouble = now ? "" : now.error().text();
    if (now) model = std::move(*now);
    if (view.page == top::Page::kDetail && now) view.recent = looks.recent(view);
  }
}

}  // namespace

void add_top(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* command = app.add_subcommand(
      "top",
      "Processes and profiles by what is denied to them and what they do, on a whole screen; Enter "
      "shows what was denied last");
  add_socket_option(*command, options->socket);
  command->add_option("-d,--delay", options->delay, "Seconds between looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str()
      ->type_name("SECONDS");
  command->add_option("-n,--iterations", options->count, "End after so many looks")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_flag("-b,--batch", options->batch, "Lines, for a file or a pipe");
  command->callback([options, &exit_code] {
    exit_code = options->batch ? in_batch(*options) : on_screen(*options);
  });
}

}  // namespace aspis

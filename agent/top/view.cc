// SPDX-License-Identifier: Apache-2.0
#include "agent/top/view.h"

#include <algorithm>
#include <cstdio>

#include "agent/output/compact_text.h"

namespace aspis::top {
namespace {

constexpr std::size_t kHeadLines = 3;

std::string plain(std::string_view text) {
  std::string out;
  append_plain(out, text);
  return out;
}

/// A line that is made for people already, in case it is not.
std::string harmless(std::string line) {
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  return line;
}

/// Cut or filled to `width` columns; numbers to the right.
std::string cell(std::string text, std::size_t width, bool right = false) {
  elide(text, 0, width);
  const std::size_t missing = width - std::min(width, columns(text));
  return right ? std::string(missing, ' ') + text : text + std::string(missing, ' ');
}

std::string rate(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), value != 0 && value < 10 ? "%.1f" : "%.0f", value);
  return text;
}

std::string head(const Model& model) {
  std::size_t complaining = 0;
  for (const ProfileRow& row : model.profiles) complaining += row.mode == "complain";
  return "aspis " + plain(model.version) + "  backend " + plain(model.backend) + "  profiles " +
         std::to_string(model.profiles.size()) + " (" + std::to_string(complaining) +
         " complain)  events/s " + rate(model.all.events) + "  denied/s " + rate(model.all.denied) +
         "  denied " + std::to_string(model.all.denied_total) + "  complained " +
         std::to_string(model.all.complained_total) + "  lost " + std::to_string(model.lost);
}

constexpr const char* kProcessHeading =
    "    PID  EVENTS/S  DENIED/S   DENIED  PROFILE                   CONTAINER         PROGRAM";
constexpr const char* kProfileHeading =
    "MODE         EVENTS/S  DENIED/S   DENIED  PROCESSES  PROFILE";

std::string row_text(const ProcessRow& row) {
  return cell(std::to_string(row.pid), 7, true) + cell(rate(row.rates.events), 10, true) +
         cell(rate(row.rates.denied), 10, true) +
         cell(std::to_string(row.rates.denied_total + row.rates.complained_total), 9, true) + "  " +
         cell(row.profile.empty() ? "-" : plain(row.profile), 24) + "  " +
         cell(row.container.empty() ? "-" : plain(row.container), 16) + "  " +
         (row.exe.empty() ? "?" : plain(row.exe)) + (row.python ? " (python)" : "");
}

std::string row_text(const ProfileRow& row) {
  return cell(row.mode.empty() ? "-" : plain(row.mode), 11) +
         cell(rate(row.rates.events), 10, true) + cell(rate(row.rates.denied), 10, true) +
         cell(std::to_string(row.rates.denied_total + row.rates.complained_total), 9, true) +
         cell(std::to_string(row.processes), 11, true) + "  " + plain(row.name);
}

std::size_t rows_of(const Model& model, const View& view) {
  if (view.page == Page::kProcesses) return model.processes.size();
  return view.page == Page::kProfiles ? model.profiles.size() : view.recent.size();
}

std::string row_of(const Model& model, const View& view, std::size_t row) {
  if (view.page == Page::kProcesses) return row_text(model.processes[row]);
  return view.page == Page::kProfiles ? row_text(model.profiles[row]) : harmless(view.recent[row]);
}

std::string heading(const Model& model, const View& view) {
  if (view.page == Page::kProcesses) return kProcessHeading;
  if (view.page == Page::kProfiles) return kProfileHeading;
  if (view.pid == 0)
    return "profile " + plain(view.profile) + ": what it reported last (Esc: back)";
  const auto row = std::ranges::find(model.processes, view.pid, &ProcessRow::pid);
  const bool known = row != model.processes.end();
  return "process " + std::to_string(view.pid) + (known ? " " + plain(row->exe) : " (has gone)") +
         (known && !row->profile.empty() ? " under " + plain(row->profile) : "") +
         ": what profiles reported of it last (Esc: back)";
}

void keep_in_sight(View& view, std::size_t rows, std::size_t shown) {
  view.selected = rows == 0 ? 0 : std::min(view.selected, rows - 1);
  view.first = std::min(view.first, view.selected);
  if (shown != 0 && view.selected >= view.first + shown) view.first = view.selected - shown + 1;
}

}  // namespace

std::vector<Line> lines_of(const Model& model, View& view, std::size_t width, std::size_t height) {
  using Kind = Line::Kind;
  std::vector<Line> lines;
  lines.push_back({Kind::kText, head(model)});
  if (view.trouble.empty())
    lines.push_back(
        {Kind::kText,
         "q end  Tab processes/profiles  Enter detail  d by denied  e by events  n by name"});
  else
    lines.push_back({Kind::kAlarm, plain(view.trouble)});
  lines.push_back({Kind::kHeading, heading(model, view)});
  const std::size_t rows = rows_of(model, view);
  const std::size_t shown = height > kHeadLines ? height - kHeadLines : 0;
  keep_in_sight(view, rows, shown);
  for (std::size_t row = view.first; row < rows && row < view.first + shown; ++row)
    lines.push_back(
        {row == view.selected ? Kind::kSelected : Kind::kText, row_of(model, view, row)});
  if (rows == 0 && shown != 0) lines.push_back({Kind::kText, "(none)"});
  if (lines.size() > height) lines.resize(height);
  for (Line& line : lines) elide(line.text, 0, width);
  return lines;
}

bool press(int key, const Model& model, View& view, std::size_t height) {
  constexpr int kEscape = 27, kTab = 9;
  const std::size_t rows = rows_of(model, view);
  const std::size_t page = std::max<std::size_t>(1, height - std::min(height, kHeadLines + 1));
  const std::size_t last = rows == 0 ? 0 : rows - 1;
  switch (key) {
    case 'q':
      return false;
    case kUp:
    case 'k':
      view.selected -= view.selected != 0;
      break;
    case kDown:
    case 'j':
      view.selected = std::min(last, view.selected + 1);
      break;
    case kPageUp:
      view.selected -= std::min(view.selected, page);
      break;
    case kPageDown:
      view.selected = std::min(last, view.selected + page);
      break;
    case kHome:
      view.selected = 0;
      break;
    case kEnd:
      view.selected = last;
      break;
    case 'd':
      view.order = Order::kDenied;
      break;
    case 'e':
      view.order = Order::kEvents;
      break;
    case 'n':
      view.order = Order::kName;
      break;
    case kTab:
      view.page = view.page == Page::kProcesses ? Page::kProfiles : Page::kProcesses;
      view.selected = view.first = 0;
      break;
    case kEscape:
      if (view.page == Page::kDetail) {
        view.page = view.back;
        view.selected = view.first = 0;
      }
      break;
    case '\n':
    case '\r':
      if (view.page == Page::kDetail || view.selected >= rows) break;
      view.back = view.page;
      view.pid = view.page == Page::kProcesses ? model.processes[view.selected].pid : 0;
      view.profile = view.page == Page::kProfiles ? model.profiles[view.selected].name : "";
      view.recent.clear();
      view.page = Page::kDetail;
      view.selected = view.first = 0;
      break;
    default:
      break;
  }
  return true;
}

}  // namespace aspis::top

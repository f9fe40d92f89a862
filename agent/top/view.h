// SPDX-License-Identifier: Apache-2.0
// What aspis top shows, as lines of text: of a terminal, or of a file (--batch).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/top/model.h"

namespace aspis::top {

enum class Page { kProcesses, kProfiles, kDetail };

/// Where the person is.
struct View {
  Page page = Page::kProcesses;
  Order order = Order::kDenied;
  std::size_t selected = 0;         ///< row of the page
  std::size_t first = 0;            ///< row at the top
  Page back = Page::kProcesses;     ///< from which the detail was opened
  std::uint32_t pid = 0;            ///< of the detail; 0: it is a profile's
  std::string profile;              ///< of the detail
  std::vector<std::string> recent;  ///< lines of the detail: what profiles reported
  std::string trouble;              ///< the agent cannot be asked: why; shown at the top
};

struct Line {
  enum class Kind { kText, kHeading, kSelected, kAlarm } kind = Kind::kText;
  std::string text;  ///< nothing in it acts on a terminal; at most the width in code points
};

/// The whole screen, at most `height` lines. Keeps `selected` and `first` where there are rows.
std::vector<Line> lines_of(const Model& model, View& view, std::size_t width, std::size_t height);

/// What a key does to the view; false: it ends the program. `key`: a character, or one of Key.
enum Key { kUp = 0x110000, kDown, kPageUp, kPageDown, kHome, kEnd };
bool press(int key, const Model& model, View& view, std::size_t height);

}  // namespace aspis::top

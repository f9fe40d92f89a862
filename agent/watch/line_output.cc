// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/line_output.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "agent/output/formatter.h"
#include "agent/output/writer.h"
#include "agent/watch/session.h"
#include "base/log.h"

namespace aspis {
namespace {

/// Colour on a terminal that can show it, unless told otherwise (https://no-color.org).
bool wants_colour(int fd) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(fd) == 1 && std::getenv("NO_COLOR") == nullptr && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

/// The kernel's own lines have class= from 6.2 on, and the log tools of older systems fail on it.
bool audit_has_class() {
  utsname system{};
  unsigned major = 0, minor = 0;
  if (::uname(&system) != 0 || std::sscanf(system.release, "%u.%u", &major, &minor) != 2)
    return true;
  return std::pair(major, minor) >= std::pair(6U, 2U);
}

}  // namespace

FormatContext format_context(int fd) {
  FormatContext context;
  context.wall_offset = wall_offset();
  context.colour = fd >= 0 && wants_colour(fd);
  context.audit_class = audit_has_class();
  return context;
}

Result<std::unique_ptr<LineOutput>> LineOutput::create(LineOutputOptions options) {
  const FormatterInfo* format = find_formatter(options.format);
  if (format == nullptr) return fail("unknown output format '" + options.format + "'");
  auto formatter = options.formatter ? std::move(options.formatter)
                                     : format->make(format_context(options.fd.get()));
  WriterOptions writer_options;
  writer_options.capacity = options.queue_bytes;
  auto target = options.target ? std::move(options.target) : TRY(write_to(std::move(options.fd)));
  auto writer = std::make_unique<Writer>(std::move(target), writer_options);
  return std::unique_ptr<LineOutput>(
      new LineOutput(std::move(options.name), std::move(options.filter),
                     std::make_unique<Sink>(std::move(formatter), std::move(writer))));
}

bool LineOutput::wants(const Record& record) {
  if (filter_.passes(record) && sink_->shows(record)) return true;
  ++filtered_;
  return false;
}

void LineOutput::tick() {
  if (failed_) return;
  const auto trouble = sink_->trouble();
  failed_ = sink_->failed();
  if (failed_) {
    log::error("{}: {}; events are being lost", name_, trouble ? trouble->text() : "ended");
  } else if (trouble && !in_trouble_) {
    log::error("{}: {}; tried again until it works, events that find no room meanwhile are lost",
               name_, trouble->text());
  } else if (!trouble && in_trouble_) {
    log::info("{}: works again; {} events are missing from it", name_, sink_->totals().lost);
  }
  in_trouble_ = trouble.has_value();
}

Result<> LineOutput::close(const Summary& summary, std::uint64_t now,
                           std::chrono::milliseconds patience) {
  Summary own = summary;
  own.filtered = filtered_;
  const auto closed = sink_->close(std::move(own), now, patience);
  if (closed) return {};
  return fail(name_ + ": " + closed.error().text() + "; " + std::to_string(sink_->totals().lost) +
              " events are missing from it");
}

}  // namespace aspis

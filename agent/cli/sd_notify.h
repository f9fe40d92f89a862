// SPDX-License-Identifier: Apache-2.0
// Telling systemd how the service is: sd_notify(3), whose library cannot be linked statically.
#pragma once

#include <cstdint>
#include <string>

namespace aspis {

class ServiceNotifier {
 public:
  /// From NOTIFY_SOCKET and WATCHDOG_USEC, as systemd sets them; without them nothing is sent.
  ServiceNotifier();

  void ready(const std::string& status);
  /// Until the next ready().
  void reloading();
  void stopping();
  /// Shows that the loop turns: to be called about ten times a second.
  void tick(std::uint64_t now);

 private:
  void send(const std::string& state) const;

  std::string socket_;
  std::uint64_t interval_ = 0;  ///< ns between two signs of life; 0: none are wanted
  std::uint64_t next_ = 0;
};

}  // namespace aspis

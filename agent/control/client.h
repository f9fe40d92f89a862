// SPDX-License-Identifier: Apache-2.0
// The other end of the agent's socket.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace aspis {

inline constexpr const char* kControlSocket = "/run/aspis/aspis.sock";

/// A connection for one request.
class Client {
 public:
  using Json = nlohmann::json;

  /// Fails, with errno, if nobody listens there, or this user may not connect: then the message
  /// says what to do.
  static Result<Client> connect(const std::string& path);

  /// From now on nothing is waited for longer than this; what takes longer is an error.
  void give_up_after(std::chrono::milliseconds patience);

  /// Sends the request and waits for its answer. What the agent refuses is an error, with its
  /// words and errno: EPERM if this user may not ask for it.
  Result<Json> ask(const Json& request);

  /// More bytes of a tail, appended to `lines`, waiting for them. False: the agent has ended it.
  Result<bool> read(std::string& lines);

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit Client(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
  std::string rest_;  ///< came with the answer
};

/// connect() and ask(); `patience`: for each step of it, zero: any.
Result<nlohmann::json> ask_agent(const std::string& path, const nlohmann::json& request,
                                 std::chrono::milliseconds patience = {});

}  // namespace aspis

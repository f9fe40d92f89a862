// SPDX-License-Identifier: Apache-2.0
// Errors of the environment are values: Result<T> holds a T or an Error, and must be looked at.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <tl/expected.hpp>

namespace aspis {

/// What went wrong, in words a user can act on. `code` is 0 when no errno stands behind it.
struct Error {
  std::string message;
  int code = 0;

  /// "MESSAGE: strerror(code)", or MESSAGE alone when there is no code.
  [[nodiscard]] std::string text() const {
    return code == 0 ? message : message + ": " + std::generic_category().message(code);
  }
};

/// tl::expected that the compiler warns about when it is dropped (Debian's versions do not).
template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

/// Fails with a message alone.
inline tl::unexpected<Error> fail(std::string message) {
  return tl::unexpected<Error>(Error{std::move(message), 0});
}

/// Fails with a message and an errno (positive; the current one by default).
inline tl::unexpected<Error> fail_errno(std::string message, int code = errno) {
  return tl::unexpected<Error>(Error{std::move(message), code});
}

}  // namespace aspis

/// Value of a Result, or return its error from the enclosing function. A GNU statement expression.
#define TRY(expression)                                                                \
  ({                                                                                   \
    auto aspis_try_result = (expression);                                              \
    if (!aspis_try_result) return tl::unexpected(std::move(aspis_try_result).error()); \
    std::move(*aspis_try_result);                                                      \
  })

/// The same for Result<void>.
#define TRYV(expression)                                                               \
  do {                                                                                 \
    auto aspis_try_result = (expression);                                              \
    if (!aspis_try_result) return tl::unexpected(std::move(aspis_try_result).error()); \
  } while (false)

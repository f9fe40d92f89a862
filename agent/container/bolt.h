// SPDX-License-Identifier: Apache-2.0
// Reads one value of a bolt database (go.etcd.io/bbolt, version 2 of its format), which its owner
// goes on writing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace aspis {

/// The value of `key` in the last of `buckets`, which lie in each other. Nothing: there is none, or
/// the file cannot be read, is of another format or damaged, or was written to all the while.
/// Nobody is locked out meanwhile.
std::optional<std::string> bolt_value(const std::string& file,
                                      std::span<const std::string_view> buckets,
                                      std::string_view key);

}  // namespace aspis

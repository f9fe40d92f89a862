// SPDX-License-Identifier: Apache-2.0
// Members of JSON that others have written: what is not there, or is something else, is empty.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace aspis {

/// Null if there is none.
inline const nlohmann::json& member_of(const nlohmann::json& object, const char* key) {
  static const nlohmann::json none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

/// An empty object if it is none.
inline const nlohmann::json& object_of(const nlohmann::json& object, const char* key) {
  static const nlohmann::json none = nlohmann::json::object();
  const nlohmann::json& value = member_of(object, key);
  return value.is_object() ? value : none;
}

inline std::string text_of(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = member_of(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

inline bool flag_of(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = member_of(object, key);
  return value.is_boolean() && value.get<bool>();
}

inline std::uint64_t number_of(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = member_of(object, key);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

}  // namespace aspis

// SPDX-License-Identifier: Apache-2.0
// What a laid out policy says, found with the kernel's own matcher (bpf/lib/match.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "bpf/abi/policy.h"
#include "policy/tables/layout.h"

namespace aspis::policy {

/// The profile with this id (from 1) of an image.
const aspis_profile& profile_of(const Image& image, std::uint16_t id);

/// Package `number` (from 1) of a profile, as a profile.
const aspis_profile& package_of(const Image& image, const aspis_profile& profile,
                                std::uint32_t number);

/// Number of the package with this normalised name; 0: the profile has none.
std::uint32_t package_number(const Image& image, const aspis_profile& profile,
                             std::string_view name);

/// Who asks for a file, and how.
struct FileCircumstances {
  bool owner = false;                                       ///< it is one of the task's own
  bool announced = false;                                   ///< an audit event announced the access
  std::map<std::string, std::string, std::less<>> context;  ///< values that the thread has set
};

/// Permissions of a profile on a path (a directory's ends in "/"; a pair is LINK NUL TARGET).
aspis_permissions file_permissions(const Image& image, const aspis_profile& profile,
                                   std::string_view path, const FileCircumstances& circumstances);
aspis_permissions file_permissions(const Image& image, std::uint16_t id, std::string_view path,
                                   bool owner);

/// Permissions of a profile on a subject of a class (bpf/abi/subject.h) without its class byte.
aspis_permissions class_permissions(const Image& image, const aspis_profile& profile,
                                    aspis_class kind, std::string_view subject);
aspis_permissions class_permissions(const Image& image, std::uint16_t id, aspis_class kind,
                                    std::string_view subject);

/// Whether rules of a profile deny a permission on any subject of a class: where one of them does,
/// and no other outdoes it. (What is merely not allowed, is not meant.)
bool denies_any(const CompiledProfile& profile, aspis_class kind, std::uint16_t permission);

/// Outcome of the automaton at an offset of the image.
std::uint32_t outcome_of(const Image& image, std::uint32_t automaton, std::string_view text);

/// Id of the profile that attaches to a path; 0: none, or several do and none is the best.
std::uint16_t attached(const Image& image, const aspis_attachments& attachments,
                       std::string_view path);

/// The same where Python is started to run `launch` (a text as in bpf/abi/policy.h: aspis_launch):
/// profiles with python=(…) are asked first.
std::uint16_t attached_to_launch(const Image& image, const aspis_attachments& python,
                                 const aspis_attachments& attachments, std::string_view path,
                                 std::string_view launch);
/// Among all profiles that are no children, in a container that these selectors choose (their
/// numbers in selectors_of(), in that order); none: outside of containers.
std::uint16_t attached_anywhere(const Image& image, std::span<const std::size_t> selectors,
                                std::string_view path, std::string_view launch);

}  // namespace aspis::policy

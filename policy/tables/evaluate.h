// SPDX-License-Identifier: Apache-2.0
// What a laid out policy says, found with the kernel's own matcher (bpf/lib/match.h).
#pragma once

#include <cstdint>
#include <string_view>

#include "bpf/abi/policy.h"
#include "policy/tables/layout.h"

namespace aspis::policy {

/// The profile with this id (from 1) of an image.
const aspis_profile& profile_of(const Image& image, std::uint16_t id);

/// Permissions of a profile on a path (a directory's ends in "/"; a pair is LINK NUL TARGET).
aspis_permissions file_permissions(const Image& image, std::uint16_t id, std::string_view path,
                                   bool owner);

/// Permissions of a profile on a subject of a class (bpf/abi/subject.h) without its class byte.
aspis_permissions class_permissions(const Image& image, std::uint16_t id, aspis_class kind,
                                    std::string_view subject);

/// Outcome of the automaton at an offset of the image.
std::uint32_t outcome_of(const Image& image, std::uint32_t automaton, std::string_view text);

/// Id of the profile that attaches to a path; 0: none, or several do and none is the best.
std::uint16_t attached(const Image& image, const aspis_attachments& attachments,
                       std::string_view path);

}  // namespace aspis::policy

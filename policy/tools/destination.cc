// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/destination.h"

#include <algorithm>

namespace aspis::policy {
namespace {

template <class T>
const T& at(const Image& image, std::uint32_t offset) {
  return *reinterpret_cast<const T*>(image.bytes.data() + offset);
}

class Follower {
 public:
  Follower(const Image& image, const aspis_profile& profile, const aspis_exec& exec)
      : image_(image), profile_(profile), exec_(exec) {}

  Destination follow(std::string_view path) {
    to_.scrub = (exec_.flags & ASPIS_EXEC_SCRUB) != 0;
    if (exec_.mode == ASPIS_EXEC_UNCONFINED) return to_;
    if (exec_.mode == ASPIS_EXEC_INHERIT || (exec_.flags & ASPIS_EXEC_STACK) != 0) {
      add(profile_.id);
    }
    if (exec_.mode == ASPIS_EXEC_INHERIT) return to_;
    const bool found = (exec_.flags & ASPIS_EXEC_NAMED) != 0 ? named() : attaching(path);
    if (!found) fall_back();
    return to_;
  }

 private:
  void add(std::uint16_t id) {
    auto& profiles = to_.profiles;
    if (std::find(profiles.begin(), profiles.end(), id) != profiles.end()) return;
    if (profiles.size() == ASPIS_STACK_MAX) {
      to_.info = ASPIS_INFO_STACK_FULL;
    } else {
      profiles.push_back(id);
    }
  }

  bool named() {
    bool found = false;
    for (const std::uint16_t id : exec_.targets) {
      if (id == 0) break;
      add(id);
      found = true;
    }
    return found;
  }

  bool attaching(std::string_view path) {
    const auto& attachments = exec_.mode == ASPIS_EXEC_CHILD
                                  ? profile_.children
                                  : at<aspis_policy_root>(image_, image_.root).attachments;
    const std::uint16_t id = attached(image_, attachments, path);
    if (id != 0) add(id);
    return id != 0;
  }

  void fall_back() {
    to_.fallback = true;
    if ((exec_.flags & ASPIS_EXEC_ELSE_INHERIT) != 0) {
      add(profile_.id);
    } else if ((exec_.flags & ASPIS_EXEC_ELSE_UNCONFINED) == 0) {
      to_.info = ASPIS_INFO_NO_PROFILE;
    }
  }

  const Image& image_;
  const aspis_profile& profile_;
  const aspis_exec& exec_;
  Destination to_;
};

}  // namespace

Destination destination(const Image& image, std::uint16_t id, std::uint16_t exec,
                        std::string_view path) {
  const aspis_profile& profile = profile_of(image, id);
  const auto offset = static_cast<std::uint32_t>(profile.execs + exec * sizeof(aspis_exec));
  return Follower(image, profile, at<aspis_exec>(image, offset)).follow(path);
}

}  // namespace aspis::policy

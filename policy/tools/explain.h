// SPDX-License-Identifier: Apache-2.0
// May a profile do this to a file, and which rules say so: what `aspis policy explain` tells.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/tables/compiled.h"
#include "policy/tables/evaluate.h"
#include "policy/tables/explanation.h"
#include "policy/tools/destination.h"

namespace aspis::policy {

struct Question {
  std::string path;           ///< as the kernel names it: a directory's ends in "/"
  std::string target;         ///< of a link: what it leads to
  std::uint16_t request = 0;  ///< ASPIS_MAY_*; ASPIS_MAY_LINK stands alone
  bool owner = false;         ///< the file is one of the task's own
  bool announced = false;     ///< a Python audit event announced the access
  std::map<std::string, std::string, std::less<>> context = {};  ///< what the thread has set
  std::vector<std::string> packages = {};  ///< on the call stack, as PEP 503 spells them
};

/// An audit event that is raised.
struct EventQuestion {
  std::string name;
  std::vector<std::string> arguments;  ///< as texts (bpf/abi/subject.h)
};

/// Why a rule that matches does not decide.
enum class Loss : std::uint8_t { Priority, Deny, Specificity, Owner, Other, Unannounced };

struct Loser {
  const Access* rule = nullptr;
  Loss why = Loss::Priority;
};

/// The rules that speak of one permission on a path, in the order of the text.
struct Reasons {
  std::vector<const Access*> deciding;  ///< all allow, or all deny
  std::vector<Loser> losing;
  bool allowed = false;
};

/// What `matching` (indices into `all`) say on one permission. They say what resolve() says.
Reasons reasons(std::span<const Access> all, std::span<const std::uint32_t> matching,
                std::uint16_t permission, bool owner, bool announced = false);

/// The answer on one permission.
struct Part {
  std::uint16_t permission = 0;
  std::uint8_t verdict = 0;  ///< aspis_verdict
  bool reported = false;
  Reasons reasons;
  /// Where no rule speaks of it: rules that match the path, and allow other things.
  std::vector<const Access*> lacking;
  std::string other_name;  ///< the path with or without "/" at its end, if that is allowed
};

struct Answer {
  std::string package;       ///< whose answer it is; empty: the profile's
  std::uint8_t verdict = 0;  ///< aspis_verdict
  bool reported = false;
  std::vector<Part> parts;  ///< by permission asked for
  std::optional<CompiledExec> exec;
  std::optional<Destination> destination;  ///< of exec
  /// Of a link that must pass the subset test: what the link allows and its target does not.
  std::optional<std::uint16_t> beyond_target;
  std::vector<Answer> packages;  ///< of those on the call stack that restrict the class
};

/// A policy with all that is known of it.
struct Explained {
  const CompiledPolicy& policy;
  const Image& image;
  const std::vector<ProfileExplanation>& explanations;
};

/// The verdict is that of the kernel's own matcher on the laid out profile `id` (from 1), and of
/// the packages on the stack.
Answer explain(const Explained& explained, std::uint16_t id, const Question& question);

/// The same of an audit event, its one part ASPIS_PYTHON_RAISE; with `exec` where a change of
/// profile follows it.
Answer explain(const Explained& explained, std::uint16_t id, const EventQuestion& question,
               const std::vector<std::string>& packages);

/// A text as it stands in a subject, whole.
std::string spelled_text(std::string_view text);

}  // namespace aspis::policy

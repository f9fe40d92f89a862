// SPDX-License-Identifier: Apache-2.0
// Policy text, compiled and laid out, for tests.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "policy/language/parser.h"
#include "policy/tables/compile.h"
#include "policy/tables/evaluate.h"
#include "policy/tables/layout.h"

namespace aspis::policy {

/// A few of the events that there are.
inline constexpr std::string_view kOpenArguments[] = {"path", "mode", "flags"};
inline constexpr std::string_view kCompileArguments[] = {"source", "filename"};
inline constexpr std::string_view kPathArgument[] = {"path"};
inline constexpr std::string_view kCommandArgument[] = {"command"};
inline constexpr std::string_view kCodeArguments[] = {
    "code", "filename", "name", "a3", "a4", "a5", "a6", "nlocals", "stacksize"};
inline constexpr PythonEvent kPythonEvents[] = {
    {"open", kOpenArguments},         {"compile", kCompileArguments},
    {"os.listdir", kPathArgument},    {"os.chdir", kPathArgument},
    {"os.system", kCommandArgument},  {"os.fork", {}},
    {"code.__new__", kCodeArguments}, {"ctypes.cdata/buffer", {}},
};

struct CompiledText {
  /// `judge`: with warnings of rules that decide nothing.
  explicit CompiledText(std::string text, bool judge = false) {
    const FileId file = sources.add("test", std::move(text));
    const Policy tree = parse(sources, file, {}, diagnostics);
    policy = compile(tree, diagnostics, {&explanations, judge ? &sources : nullptr, kPythonEvents});
    if (diagnostics.errors() == 0) image = lay_out(policy).value();
  }

  /// All that was found wrong, as a person sees it.
  [[nodiscard]] std::string messages() const {
    std::string all;
    for (const Diagnostic& diagnostic : diagnostics.all())
      all += render(diagnostic, sources) + "\n";
    return all;
  }

  [[nodiscard]] std::uint16_t id(std::string_view name) const {
    for (std::size_t i = 1; i < image.names.size(); i++) {
      if (image.names[i] == name) return static_cast<std::uint16_t>(i);
    }
    ADD_FAILURE() << "no profile " << name;
    return 0;
  }

  [[nodiscard]] aspis_permissions file(std::string_view path, bool owner = false,
                                       std::uint16_t id = 1) const {
    return file_permissions(image, id, path, owner);
  }

  [[nodiscard]] std::uint16_t attached(std::string_view path) const {
    const auto& root = *reinterpret_cast<const aspis_policy_root*>(image.bytes.data() + image.root);
    return policy::attached(image, root.attachments, path);
  }

  Sources sources;
  Diagnostics diagnostics;
  std::vector<ProfileExplanation> explanations;
  CompiledPolicy policy;
  Image image;
};

}  // namespace aspis::policy

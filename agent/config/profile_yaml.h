// SPDX-License-Identifier: Apache-2.0
// Profiles in the shape that Kubernetes gives its objects, several documents to a file:
//
//   apiVersion: aspis.dev/v1
//   kind: Profile
//   metadata: {name: upload}
//   spec:
//     mode: complain
//     text: |
//       profile upload /usr/bin/gunicorn { … }
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aspis {

/// One document of the kind Profile.
struct ProfileDocument {
  std::string name;                 ///< metadata.name; profiles are called as the text says
  std::optional<std::string> mode;  ///< spec.mode: enforce, complain or kill
  /// spec.text, on the lines and in the columns that it has in the file: what is before it is
  /// empty lines, so that a place in this text is the place in the file.
  std::string text;
};

/// Whether a file is read so: it is called *.yaml or *.yml.
bool is_profile_yaml(std::string_view path);

/// Reads all documents of a text; `name` stands for its file in messages. Empty documents, as
/// between two `---`, count for nothing. The error has a line for each thing that is wrong,
/// FILE:LINE:COLUMN: what.
Result<std::vector<ProfileDocument>> read_profile_yaml(std::string_view text,
                                                       const std::string& name);

}  // namespace aspis

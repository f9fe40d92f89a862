// SPDX-License-Identifier: Apache-2.0
// The distributions in one directory that packages are installed to (site-packages, dist-packages).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probes/cpython/file_tree.h"

namespace aspis::cpython {

/// An installed distribution, by its own metadata.
struct Distribution {
  std::string name;     ///< empty: not known
  std::string version;  ///< empty: it has none
  friend bool operator==(const Distribution&, const Distribution&) = default;
};

/// A distribution that is used from where it is developed.
struct EditableProject {
  std::string directory;  ///< its files are below
  Distribution distribution;
};

/// The distribution that installed the file at `relative` below `site`; without a name: none, or
/// there was too much to look through. By RECORD or the list of an egg, else by top-level names.
Distribution find_in_site(const FileTree& tree, const std::string& site, std::string_view relative);

/// What is installed in `site` as editable: by direct_url.json (PEP 610), by __editable__.*.pth,
/// by *.egg-link.
std::vector<EditableProject> editable_projects(const FileTree& tree, const std::string& site);

/// "NAME-VERSION…": of a wheel, an egg, a .dist-info; both empty if it is no such name.
Distribution distribution_from_name(std::string_view file_name);

}  // namespace aspis::cpython

// SPDX-License-Identifier: Apache-2.0
// Includes: finding files, reading directories, each file once in a scope.
#include "policy/language/directory.h"
#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxFiles = 4096;

}  // namespace

bool Parser::at_include() {
  if (lexer_->peek() == '#') return true;  // skip() stops at '#' only before "include"
  const std::string_view keyword = lexer_->peek_keyword();
  if (keyword != "include") return false;
  const char next = lexer_->peek(keyword.size());
  return is_space(next) || next == '<' || next == '"';
}

/// The name after include or abi; a bare one ends at a blank, and at a comma if `to_comma`.
bool Parser::include_name(IncludeName& name, bool to_comma) {
  lexer_->skip_blanks();
  name.at = lexer_->here();
  if (lexer_->accept("<")) {
    name.magic = true;
    lexer_->skip_blanks();
    if (lexer_->peek() == '"') {
      std::optional<Word> quoted = word(WordKind::Name);
      if (!quoted) return false;
      name.path = quoted->text;
    } else {
      while (!lexer_->at_end() && lexer_->peek() != '>' && lexer_->peek() != '\n') {
        name.path += lexer_->peek();
        lexer_->take(1);
      }
      while (!name.path.empty() && is_space(name.path.back())) name.path.pop_back();
    }
    lexer_->skip_blanks();
    if (lexer_->peek() != '>') return error(name.at, "The name that starts here has no \">\".");
    lexer_->take(1);
  } else if (lexer_->peek() == '"' || to_comma) {
    std::optional<Word> path = word(WordKind::Name);
    if (!path) return expected("the name of a file");
    name.path = path->text;
  } else {
    while (!lexer_->at_end() && !is_space(lexer_->peek())) {
      name.path += lexer_->peek();
      lexer_->take(1);
    }
  }
  return !name.path.empty() || error(name.at, "The name of the file is empty.");
}

std::optional<fs::path> Parser::find(const IncludeName& name) const {
  if (!options_.read_files || name.path.find('\0') != std::string::npos) return std::nullopt;
  std::vector<fs::path> candidates;
  if (!name.magic || name.path.starts_with('/')) {
    candidates.push_back(fs::path(options_.working_directory) / name.path);
  } else {
    for (const std::string& directory : options_.include_directories) {
      candidates.push_back(fs::path(directory) / name.path);
    }
    if (!options_.base_directory.empty()) {
      candidates.push_back(fs::path(options_.base_directory) / name.path);
    }
  }
  std::error_code error;
  for (fs::path& candidate : candidates) {
    if (fs::exists(candidate, error)) return std::move(candidate);
  }
  return std::nullopt;
}

bool Parser::include(Scope& scope, const Qualifiers& qualifiers) {
  if (lexer_->peek() == '#') {
    diagnostics_.warning(lexer_->here(), "\"#include\" is deprecated; write \"include\".");
    lexer_->take(1);
  }
  lexer_->take(std::string_view("include").size());
  IncludeName name;
  lexer_->skip_blanks();
  const std::size_t start = lexer_->offset();
  if (lexer_->accept_keyword("if") && lexer_->accept_keyword("exists")) {
    name.if_exists = true;
  } else {
    lexer_->rewind(start);
  }
  if (!include_name(name, false)) return false;
  const std::optional<fs::path> path = find(name);
  if (!path) {
    if (!name.if_exists) {
      error(name.at, "The file " + name.path + " to include does not exist" +
                         (name.magic ? " in any of the include directories." : "."));
    }
    return true;
  }
  std::error_code failure;
  if (!fs::is_directory(*path, failure)) {
    include_file(*path, name.at, scope, qualifiers);
    return true;
  }
  const auto files = policy_files_in(path->string());
  if (!files) {
    error(name.at, "Cannot include: " + files.error().text() + ".");
    return true;
  }
  for (const std::string& file : *files) include_file(file, name.at, scope, qualifiers);
  return true;
}

void Parser::include_file(const fs::path& path, Position at, Scope& scope,
                          const Qualifiers& qualifiers) {
  std::error_code failure;
  const fs::path canonical = fs::weakly_canonical(path, failure);
  if (!scope.included.insert(failure ? path.string() : canonical.string()).second) return;
  if (include_depth_ >= kMaxDepth || files_read_ >= kMaxFiles) {
    error(at, include_depth_ >= kMaxDepth ? "Includes are nested more than 32 deep."
                                          : "More than 4096 files are included.");
    return;
  }
  Result<FileId> file = sources_.read(path.string());
  if (!file) {
    error(at, "Cannot include: " + file.error().text() + ".");
    return;
  }
  files_read_++;
  include_depth_++;
  Lexer lexer(sources_, *file);
  Lexer* outer = std::exchange(lexer_, &lexer);
  if (scope.profile == nullptr) {
    top_level(scope);
  } else {
    block(scope, qualifiers);
    if (!lexer_->at_end() && !diagnostics_.full()) {
      error(lexer_->here(), "This \"}\" closes nothing in this file.");
    }
  }
  lexer_ = outer;
  include_depth_--;
}

}  // namespace aspis::policy

// SPDX-License-Identifier: Apache-2.0
// The parser's state and the functions of its files; private to this folder.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/language/lexer.h"
#include "policy/language/names.h"
#include "policy/language/parser.h"

namespace aspis::policy {

/// Whether a word begins as a path does: with "/" or a variable.
inline bool is_path_start(std::string_view text) {
  return text.starts_with('/') || text.starts_with('@');
}

/// Recursive descent. Functions that return bool return false after a syntax error that was
/// reported; their caller resynchronises. Errors of meaning are reported and parsing goes on.
class Parser {
 public:
  Parser(Sources& sources, const ParseOptions& options, Diagnostics& diagnostics)
      : sources_(sources), options_(options), diagnostics_(diagnostics) {}

  void parse(FileId file);
  Policy take() { return std::move(policy_); }

 private:
  /// What surrounds the statements being read. One exists for each profile and for the preamble.
  struct Scope {
    Profile* profile = nullptr;  ///< null: outside of profiles
    std::set<std::string> included;
  };
  struct IncludeName {
    Position at;
    std::string path;
    bool magic = false;  ///< <name>
    bool if_exists = false;
  };
  /// A condition "name=value" after a rule's keyword.
  struct Condition {
    std::string_view name;
    std::optional<Word>* value;
  };

  // parser.cc
  bool error(Position at, std::string message, std::vector<Note> notes = {});
  bool expected(std::string_view what);
  bool end_of_rule();
  std::optional<Word> word(WordKind kind) { return lexer_->word(kind, diagnostics_); }
  bool value(Word& out, std::string_view what);
  bool value_list(std::vector<Word>& out);
  bool single_value(std::optional<Word>& out, std::string_view name);
  bool accept_condition(std::string_view name);
  bool permissions(std::vector<Word>& out, NameList allowed);
  bool conditions(std::initializer_list<Condition> known);
  bool peer_conditions(std::initializer_list<Condition> known);
  bool optional_target(std::optional<Word>& target);

  // parser_preamble.cc
  void top_level(Scope& scope);
  bool preamble_statement(Scope& scope);
  bool set_variable();
  bool boolean_variable();
  bool alias();
  bool abi();
  std::optional<std::string> variable_name(char sigil);

  // include.cc
  bool at_include();
  bool include(Scope& scope, const Qualifiers& qualifiers);
  bool include_name(IncludeName& name, bool to_comma);
  std::optional<std::filesystem::path> find(const IncludeName& name) const;
  void include_file(const std::filesystem::path& path, Position at, Scope& scope,
                    const Qualifiers& qualifiers);

  // parser_profile.cc
  bool profile(Profile* parent);
  bool profile_head(Profile& profile);
  bool flags(Profile& profile);
  void check_flags(const Profile& profile);
  bool xattrs(Profile& profile);
  void block(Scope& scope, const Qualifiers& qualifiers);
  bool close_block(Position opened);
  bool statement(Scope& scope, const Qualifiers& qualifiers);
  bool conditional(Scope& scope, const Qualifiers& qualifiers);
  bool branch(bool taken, Scope& scope, const Qualifiers& qualifiers);
  bool condition(bool& result);
  bool at_block_keyword(std::initializer_list<std::string_view> keywords);
  bool at_profile_keyword() { return at_block_keyword({"profile", "hat"}); }

  // parser_rule.cc
  bool rule(Scope& scope, const Qualifiers& outer);
  bool qualifiers(Qualifiers& out, bool& any);
  bool rule_body(Rule& rule);

  // parser_file.cc
  bool file_rule(Rule& rule);
  void file_target(FileRule& file, bool path_first);
  bool link_rule(Rule& rule);
  bool file_permissions(FileRule& file, const Rule& rule);
  bool at_path();

  // parser_network.cc
  bool network_rule(Rule& rule);
  bool unix_rule(Rule& rule);
  void check_endpoint(const Endpoint& endpoint);
  void check_peer_permissions(const std::vector<Word>& permissions);

  // parser_mount.cc
  bool mount_rule(Rule& rule, MountOperation operation);
  bool mount_condition(std::string_view name, std::vector<MountCondition>& out);
  void check_mount(const MountRule& mount, Position at);
  bool pivot_root_rule(Rule& rule);

  // parser_ipc.cc
  bool ptrace_rule(Rule& rule);
  bool signal_rule(Rule& rule);
  bool dbus_rule(Rule& rule);
  bool mqueue_rule(Rule& rule);
  bool io_uring_rule(Rule& rule);
  bool userns_rule(Rule& rule);

  // parser_misc.cc
  bool capability_rule(Rule& rule);
  bool rlimit_rule(Rule& rule);
  bool change_profile_rule(Rule& rule);
  bool change_on_rule(Rule& rule);
  bool all_rule(Rule& rule);

  // parser_python.cc
  bool selectors(Profile& profile);
  bool launches(Profile& profile);
  bool container(Profile& profile);
  bool python_rule(Rule& rule);
  bool python_event(PythonRule& python);
  bool require_rule(Rule& rule);
  bool package(Scope& outer, const Qualifiers& qualifiers);
  void check_package(const Profile& package);

  Sources& sources_;
  const ParseOptions& options_;
  Diagnostics& diagnostics_;
  Policy policy_;
  Lexer* lexer_ = nullptr;  // of the file being read
  int include_depth_ = 0;
  int block_depth_ = 0;
  bool in_package_ = false;
  std::size_t files_read_ = 0;
};

/// Errors that need the whole policy: variables, globs, duplicate profiles, exec modes of one path.
void check(const Policy& policy, Diagnostics& diagnostics);

}  // namespace aspis::policy

// SPDX-License-Identifier: Apache-2.0
#include "agent/chain/verify.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "agent/chain/log_parts.h"

namespace aspis {
namespace {

constexpr std::uint64_t kEpochsMax = 100'000'000;  // two centuries of minutes

class Verifier {
 public:
  Verifier(const VerifyOptions& options, const std::function<void(const std::string&)>& problem)
      : key_(options.key), problem_(problem) {}

  Result<> file(const std::string& name) {
    ++verified_.files;
    std::uint64_t number = 0;
    begins_ = true;
    return each_line(name, [&](std::string_view text, bool whole) {
      place_ = name + ":" + std::to_string(++number);
      line(text, whole);
    });
  }

  Verified finish(const std::string& state) {
    if (!torn_.empty()) wrong(torn_ + ": a line that is no record");
    if (!state.empty()) check_state(state);
    return verified_;
  }

 private:
  void wrong(const std::string& what) {
    ++verified_.problems;
    problem_(what);
  }
  void here(const std::string& what) { wrong(place_ + ": " + what); }

  void line(std::string_view text, bool whole) {
    const auto record = read_record(text);
    if (!record || !whole) {
      if (!torn_.empty()) wrong(torn_ + ": a line that is no record");
      torn_ = place_;
      torn_bytes_ = text.size();
      return;
    }
    const auto said = nlohmann::json::parse(text, nullptr, false);
    const bool of_log = said.is_object() && said.value("type", "") == "aspis.log" &&
                        said.contains("log") && said["log"].is_object();
    const nlohmann::json log = of_log ? said["log"] : nlohmann::json::object();
    const std::string action = log.value("action", "");
    check_torn(action, log.value("torn", std::uint64_t{0}));
    check_order(*record, action, log.value("previous", ""));
    begins_ = false;
    ++verified_.records;
    verified_.last = record->record;
    if (action == "sealed") check_seal(log.value("epoch", std::uint64_t{0}), log.value("seal", ""));
    if (action == "lost") here("the log itself says that it was changed before this");
    end_ = {record->record, record->hash};
    verified_.open = action != "closed" && !(action == "sealed" && !verified_.open);
  }

  /// A line that the end of an agent has torn: the next one says so.
  void check_torn(const std::string& action, std::uint64_t bytes) {
    if (torn_.empty()) return;
    if (action != "opened" || bytes != torn_bytes_) wrong(torn_ + ": a line that is no record");
    torn_.clear();
  }

  void check_order(const ChainedLine& record, const std::string& action,
                   const std::string& previous) {
    if (verified_.records == 0) {
      verified_.first = record.record;
      verified_.removed = record.record - 1;
      if (action != "opened") here("the log does not begin with its opening: its begin is missing");
      // What was before has been removed, by rotation: the record says what its hash was.
      end_ = {record.record - 1, hash_from_hex(previous).value_or(ChainHash{})};
    } else if (begins_ && action != "opened") {
      here("the file does not begin with its opening: its begin is missing");
    }
    if (record.record != end_.record + 1)
      here(record.record > end_.record + 1
               ? "records " + std::to_string(end_.record + 1) + " to " +
                     std::to_string(record.record - 1) + " are missing"
               : "record " + std::to_string(record.record) + " comes after record " +
                     std::to_string(end_.record));
    else if (chain_hash(end_.hash, record.covered) != record.hash)
      here("record " + std::to_string(record.record) +
           " is not what was written, or the one before it is not");
  }

  void check_seal(std::uint64_t epoch, const std::string& text) {
    if (!key_) return;
    if (epoch < key_->epoch || epoch > kEpochsMax)
      return here("the seal " + std::to_string(epoch) +
                  " is older than the key, or there was another one since");
    if (epoch > key_->epoch && (sealed_any_ || verified_.removed == 0)) {
      here("seals " + std::to_string(key_->epoch) + " to " + std::to_string(epoch - 1) +
           " are missing");
      seals_good_ = false;
    }
    sealed_any_ = true;
    while (key_->epoch < epoch) key_->advance();
    if (hex_of(key_->seal(end_)) != text) {
      here("the seal is not good: what stands before it is not what was sealed");
      seals_good_ = false;
    }
    if (seals_good_) verified_.sealed = end_.record;
    key_->advance();
  }

  /// Of a log that goes on being written, the state may be a second old.
  void check_state(const std::string& name) {
    std::ifstream file(name);
    std::uint64_t record = 0;
    if (!(file >> record)) return wrong(name + ": does not say how far the log has come");
    if (end_.record < record)
      wrong("records " + std::to_string(end_.record + 1) + " to " + std::to_string(record) +
            " are missing: the log's end has been cut off");
  }

  std::optional<SealKey> key_;
  const std::function<void(const std::string&)>& problem_;
  Verified verified_;
  ChainEnd end_;
  bool begins_ = true, sealed_any_ = false;
  bool seals_good_ =
      true;  ///< all until here: one that is bad or missing makes later ones worthless
  std::string place_, torn_;
  std::size_t torn_bytes_ = 0;
};

}  // namespace

Result<Verified> verify_log(const VerifyOptions& options,
                            const std::function<void(const std::string& what)>& problem) {
  Verifier verifier(options, problem);
  for (const LogPart& part : rotated_parts(options.path)) TRYV(verifier.file(part.path));
  if (std::filesystem::exists(options.path)) TRYV(verifier.file(options.path));
  return verifier.finish(options.state);
}

}  // namespace aspis

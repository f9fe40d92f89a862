// SPDX-License-Identifier: Apache-2.0
// Messages to syslog and to the journal, received by sockets of our own.
#include "agent/output/message.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "agent/output/audit_target.h"
#include "agent/output/message_target.h"
#include "agent/output/writer.h"
#include "base/fd.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;

std::string line(const std::unique_ptr<Formatter>& formatter, const Record& record) {
  std::string text;
  formatter->format(record, text);
  return text;
}

TEST(Syslog, IsAsRfc5424HasIt) {
  const auto formatter = make_syslog_formatter({"json", {kWallOffset, false}, 10});
  const sample::Sample open("", sample::file_event(ASPIS_FILE_OPEN, "/etc/hosts"));
  EXPECT_THAT(line(formatter, open.record),
              MatchesRegex("<86>1 2026-01-02T[0-9:]+\\.[0-9]+Z [^ ]+ aspis [0-9]+ file\\.open - "
                           "\\{.*\\}\n"))
      << "10 * 8 + 6";
  sample::Sample gap("", ASPIS_ASPIS_GAP);
  gap.record.loss = &gap.loss;
  EXPECT_THAT(line(formatter, gap.record), testing::StartsWith("<84>1 "));
}

TEST(Journal, HasFieldsThatNamesCannotForge) {
  const auto formatter = make_journal_formatter({"compact", {kWallOffset, false}, 10});
  sample::Sample open("", sample::file_event(ASPIS_FILE_OPEN, "/etc/hosts"));
  open.record.profile = std::string("evil\nPRIORITY=0\x1e") + "ASPIS_VERDICT=allowed";
  open.record.process = sample::cat();
  std::string text = line(formatter, open.record);
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  std::vector<std::string> fields;
  std::istringstream all(text);
  for (std::string one; std::getline(all, one, kFieldSeparator);) fields.push_back(one);
  EXPECT_THAT(fields, testing::Contains("PRIORITY=6"));
  EXPECT_THAT(fields, testing::Contains("ASPIS_TYPE=file.open"));
  EXPECT_THAT(fields, testing::Contains(testing::StartsWith("ASPIS_PROFILE=evil")));
  EXPECT_THAT(fields, testing::Not(testing::Contains("ASPIS_VERDICT=allowed\x1e")));
  EXPECT_EQ(std::ranges::count_if(fields, [](auto& f) { return f.starts_with("PRIORITY="); }), 1);
}

TEST(Audit, HasWhatTheKernelDoesNotWriteItself) {
  const auto formatter = make_audit_formatter({kWallOffset, false});
  const auto all = sample::all();
  const auto denied =
      std::ranges::find(all, "a file that a profile denied", &sample::Sample::title);
  ASSERT_TRUE(formatter->shows((*denied)->record));
  const std::string text = line(formatter, (*denied)->record);
  EXPECT_THAT(text, testing::StartsWith("apparmor=\"DENIED\" operation=\"open\" "));
  EXPECT_EQ("type=AVC msg=audit(", line_of("avc", (*denied)->record).substr(0, 19));
  EXPECT_THAT(line_of("avc", (*denied)->record), testing::EndsWith("): " + text));
  sample::Sample gap("", ASPIS_ASPIS_GAP);
  gap.loss.ring = 12;
  gap.record.loss = &gap.loss;
  EXPECT_EQ(line(formatter, gap.record),
            "apparmor=\"STATUS\" operation=\"aspis\" info=\"12 events lost here (ring 12)\"\n");
}

class Receiver {
 public:
  explicit Receiver(int type, const std::string& path = {}, std::uint16_t port = 0) : path_(path) {
    fd_ = Fd(::socket(path.empty() ? AF_INET : AF_UNIX, type, 0));
    if (path.empty()) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(port);
      EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
      socklen_t length = sizeof(address);
      ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length);
      port_ = ntohs(address.sin_port);
      if (type == SOCK_STREAM) {
        EXPECT_EQ(::listen(fd_.get(), 5), 0);
      }
    } else {
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      path.copy(address.sun_path, sizeof(address.sun_path) - 1);
      EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    }
  }
  ~Receiver() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void accept() {
    pollfd wait{fd_.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 5000), 1);
    connection_ = Fd(::accept(fd_.get(), nullptr, nullptr));
  }
  std::string next() {
    const int fd = connection_.valid() ? connection_.get() : fd_.get();
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 5000) != 1) return "nothing came";
    std::string text(1 << 20, '\0');
    const ssize_t got = ::recv(fd, text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  void hang_up() { connection_.reset(); }
  [[nodiscard]] std::string port() const { return std::to_string(port_); }

 private:
  std::string path_;
  Fd fd_, connection_;
  std::uint16_t port_ = 0;
};

std::unique_ptr<Writer> writer_to(MessageKind kind, const std::string& where) {
  auto target = send_to(kind, where);
  EXPECT_TRUE(target) << target.error().text();
  return std::make_unique<Writer>(std::move(*target), WriterOptions{1 << 20, 5ms});
}

TEST(MessageTarget, SendsADatagramForEachLine) {
  const std::string path = "/tmp/aspis-datagrams-" + std::to_string(::getpid());
  auto receiver = std::make_unique<Receiver>(SOCK_DGRAM, path);
  const auto writer = writer_to(MessageKind::kSyslog, path);
  ASSERT_TRUE(writer->push("one\ntwo\n"));
  EXPECT_EQ(receiver->next(), "one");
  EXPECT_EQ(receiver->next(), "two");
  receiver.reset();  // syslog is started again
  ASSERT_TRUE(writer->push("three\n"));
  std::this_thread::sleep_for(50ms);
  receiver = std::make_unique<Receiver>(SOCK_DGRAM, path);
  EXPECT_EQ(receiver->next(), "three");
  const std::string large(3'000'000, 'x');
  ASSERT_TRUE(writer->push(large + "\n"));
  const std::string cut = receiver->next();
  EXPECT_THAT(cut, testing::EndsWith("x\u2026"));
  EXPECT_TRUE(writer->close(Writer::Clock::now() + 5s));
  EXPECT_EQ(writer->stats().written, 4U);
}

TEST(MessageTarget, MakesFieldsOfALineForTheJournal) {
  const std::string path = "/tmp/aspis-journal-" + std::to_string(::getpid());
  Receiver receiver(SOCK_DGRAM, path);
  const auto writer = writer_to(MessageKind::kJournal, path);
  ASSERT_TRUE(
      writer->push("MESSAGE=a=b\x1ePRIORITY=6\x1e"
                   "ASPIS_TYPE=x\n"));
  EXPECT_EQ(receiver.next(), "MESSAGE=a=b\nPRIORITY=6\nASPIS_TYPE=x\n");
  EXPECT_TRUE(writer->close(Writer::Clock::now() + 5s));
}

TEST(MessageTarget, CountsOctetsOverTcpAndConnectsAgain) {
  Receiver receiver(SOCK_STREAM);
  const auto writer = writer_to(MessageKind::kSyslog, "tcp:127.0.0.1:" + receiver.port());
  ASSERT_TRUE(writer->push("<86>1 - - - - - - one\n"));
  receiver.accept();
  EXPECT_EQ(receiver.next(), "21 <86>1 - - - - - - one");
  receiver.hang_up();
  std::this_thread::sleep_for(50ms);  // it is known by then
  ASSERT_TRUE(writer->push("again\n"));
  receiver.accept();
  EXPECT_THAT(receiver.next(), testing::StartsWith("5 again"));
  (void)writer->close(Writer::Clock::now() + 1s);
}

TEST(MessageTarget, LosesNoDatagramToAPortWhereNobodyListens) {
  auto receiver = std::make_unique<Receiver>(SOCK_DGRAM);
  const std::string port = receiver->port();
  const auto writer = writer_to(MessageKind::kSyslog, "udp:127.0.0.1:" + port);
  ASSERT_TRUE(writer->push("one\n"));
  EXPECT_EQ(receiver->next(), "one");
  receiver.reset();
  ASSERT_TRUE(writer->push("two\nthree\n"));
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(writer->stats().written, 1U);
  receiver =
      std::make_unique<Receiver>(SOCK_DGRAM, "", static_cast<std::uint16_t>(std::stoi(port)));
  EXPECT_EQ(receiver->next(), "two");
  EXPECT_EQ(receiver->next(), "three");
  EXPECT_TRUE(writer->close(Writer::Clock::now() + 5s));
}

TEST(MessageTarget, SaysWhatIsNoAddress) {
  for (const char* where : {"", "log", "udp:", "udp:127.0.0.1", "udp:127.0.0.1:0", "udp:host:1",
                            "tcp:127.0.0.1:99999", "tcp:[::1:1"})
    EXPECT_THAT(send_to(MessageKind::kSyslog, where).error().text(),
                HasSubstr("neither the path of a socket, nor udp:"))
        << where;
  EXPECT_FALSE(send_to(MessageKind::kJournal, "udp:127.0.0.1:514"));
  EXPECT_TRUE(send_to(MessageKind::kSyslog, "udp:[::1]:514"));
}

}  // namespace
}  // namespace aspis

// SPDX-License-Identifier: Apache-2.0
// A correlator behind a process table, fed with events by hand: one Python process to begin with.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "agent/event/correlate.h"
#include "tests/unit/event/event_maker.h"

namespace aspis {

struct CorrelatorTest : ::testing::Test {
  CorrelatorTest() { apply(make.exec("/usr/bin/python3", "/srv")); }

  Record apply(const Event& event) {
    correlator.apply(event, table.apply(event));
    Record last = records.back();
    records.pop_back();
    for (Record& notice : records) notices.push_back(notice.cause->event);
    records.clear();
    return last;
  }
  // Raises an audit event on the current thread and puts it in force there.
  Record audit(std::string name, std::vector<Value> values = {}) {
    make.cause = inherited;
    Record record = apply(make.audit(std::move(name), std::move(values)));
    make.cause = make.seq;
    return record;
  }
  Record open(std::string path, std::string mode = "r") {
    return audit("open", {make.str(std::move(path)), make.str(std::move(mode)), make.integer(0)});
  }
  Correlation file(aspis_kind kind, std::string path, std::string other = "") {
    return apply(make.file(kind, std::move(path), std::move(other))).correlation;
  }
  // Goes on in the child that the current process forked.
  void enter_child(std::uint32_t pid, std::uint64_t start) {
    apply(make.fork(pid, start));
    make.pid = make.tid = pid;
    make.start = start;
  }
  std::vector<std::string> drain() {
    for (Record& notice : records) notices.push_back(notice.cause->event);
    records.clear();
    return std::exchange(notices, {});
  }

  testing::EventMaker make;
  ProcessTable table;
  std::vector<Record> records;
  std::vector<std::string> notices;  // causes of python.unperformed
  std::uint64_t inherited = 0;       // what the head of an audit event carries
  Correlator correlator{[](const PythonPayload& audit, Cause& cause) {
                          cause.args = "{\"of\":\"" + std::string(audit.name) + "\"}";
                        },
                        [this](Record&& record) { records.push_back(std::move(record)); }};
};

}  // namespace aspis

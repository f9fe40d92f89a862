// SPDX-License-Identifier: Apache-2.0
// Subjects of audit events, spelled by the hook out of real objects, as bpf/abi/subject.h says.
#include "probes/hook/spell.h"

#include <Python.h>
#include <gtest/gtest.h>

#include <string>

namespace {

using std::string_literals::operator""s;

class Spell : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    ASSERT_FALSE(PyStatus_Exception(Py_InitializeFromConfig(&config)));
    PyConfig_Clear(&config);
    ASSERT_EQ(python_api_find(&api_), nullptr);
  }
  static void TearDownTestSuite() { Py_FinalizeEx(); }

  /// What stands for the event with these arguments (the text of a tuple in Python), without the
  /// class.
  static std::string spelled(const char* arguments, const char* event = "e") {
    PyObject* globals = PyDict_New();
    PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins());
    PyObject* tuple = PyRun_String(arguments, Py_eval_input, globals, globals);
    if (tuple == nullptr) {
      PyErr_Print();
      return "(not evaluated)";
    }
    spelling spelling;
    spell_name(&spelling, event);
    spell_arguments(&spelling, &api_, tuple);
    EXPECT_EQ(PyErr_Occurred(), nullptr);
    EXPECT_EQ(spelling.subject[0], ASPIS_CLASS_PYTHON);
    Py_DecRef(tuple);
    Py_DecRef(globals);
    return {reinterpret_cast<const char*>(spelling.subject) + 1, spelling.len - 1};
  }

  static python_api api_;
};

python_api Spell::api_;

TEST_F(Spell, EachKindOfValue) {
  EXPECT_EQ(spelled("()"), "e\0"s);
  EXPECT_EQ(spelled("('a', b'b', None)"), "e\0a\0b\0None\0"s);
  EXPECT_EQ(spelled("(True, False, 1.5)"), "e\0True\0False\0<float>\0"s);
  EXPECT_EQ(spelled("({}, int, object())"), "e\0<dict>\0<type>\0<object>\0"s);
  EXPECT_EQ(spelled("(['rm', ('-r', b'x')], ())"), "e\0rm -r x\0\0"s);
  EXPECT_EQ(spelled("('\\u20ac\\xe9\\U0001f40d\\udcff\\ud800',)"),
            "e\0\xe2\x82\xac\xc3\xa9\xf0\x9f\x90\x8d\xff\xed\xa0\x80\0"s);
  EXPECT_EQ(spelled("('a\\0b\\1', b'\\0')"), "e\0a\1\1b\1\2\0\1\1\0"s);
}

TEST_F(Spell, IntsOfUpTo64Bits) {
  EXPECT_EQ(spelled("(0, -1, 7)"), "e\0000\0-1\0007\0"s);
  EXPECT_EQ(spelled("(2**63, -2**63, 2**63 - 1)"),
            "e\0009223372036854775808\0-9223372036854775808\0009223372036854775807\0"s);
  EXPECT_EQ(spelled("(2**64 - 1, -2**64 + 1)"),
            "e\00018446744073709551615\0-18446744073709551615\0"s);
  EXPECT_EQ(spelled("(2**64, -2**200)"), "e\0\1\3\0\1\3\0"s);
  // A subclass is read as what it is, whatever it says of itself.
  EXPECT_EQ(spelled("(type('I', (int,), {'bit_length': None, '__lt__': None})(-5),)"), "e\0-5\0"s);
}

TEST_F(Spell, WhatIsTooLongIsCutAndSaysSo) {
  EXPECT_EQ(spelled("('a' * 1024, 1)"), "e\0"s + std::string(1024, 'a') + "\0001\0"s);
  EXPECT_EQ(spelled("('a' * 1025, 1)"), "e\0"s + std::string(1024, 'a') + "\1\3\0001\0"s);
  // A character is never parted.
  EXPECT_EQ(spelled("('a' * 1023 + '\\u20ac',)"), "e\0"s + std::string(1023, 'a') + "\1\3\0"s);
  // Of characters of four bytes each 1023 fit into a value.
  EXPECT_EQ(spelled("('a' * 1025 + '\\U0001f40d',)"), "e\0"s + std::string(1023, 'a') + "\1\3\0"s);
  EXPECT_EQ(spelled("(1,2,3,4,5,6,7,8,9)"), "e\0001\0002\0003\0004\0005\0006\0007\0008\0"s);
  EXPECT_EQ(spelled("()", std::string(200, 'n').c_str()), std::string(127, 'n') + "\1\3\0"s);
}

TEST_F(Spell, ListsHaveLimits) {
  const auto items = [](int count) {
    std::string text;
    for (int i = 0; i < count; i++) text += i == 0 ? "7" : " 7";
    return text;
  };
  EXPECT_EQ(spelled("([7] * 64,)"), "e\0"s + items(64) + "\0"s);
  EXPECT_EQ(spelled("([7] * 65,)"), "e\0"s + items(64) + "\1\3\0"s);
  EXPECT_EQ(spelled("([[[7]], 8],)"), "e\0\1\3\0"s);  // deeper than is looked
  EXPECT_EQ(spelled("([7, [], 8],)"), "e\0007 8\0"s);
  // 504 items of one event.
  EXPECT_EQ(spelled("tuple([[7] * 64] * 8)").size(),
            2 + 7 * (items(64).size() + 1) + items(56).size() + 3);
}

TEST_F(Spell, NeverGrowsOverItsRoom) {
  const std::string all = spelled("('\\x01' * 1024,) * 8");
  EXPECT_LE(all.size(), std::size_t{ASPIS_SUBJECT_MAX});
  EXPECT_EQ(all.substr(all.size() - 6), "\1\3\0\1\3\0"s);
}

}  // namespace

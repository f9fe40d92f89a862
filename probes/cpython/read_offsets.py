#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the rows of layouts.def and frames.def out of the debug information of CPython builds.

    read_offsets.py FILE…            prints the rows of these files (libpython3.N.so with debug information)
    read_offsets.py --check FILE…    compares them with the tables; ends with 1 if a row differs

Needs gdb. Rows of 3.14 and later are not made so: those interpreters tell their offsets themselves."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def inside_gdb():
    """Runs in gdb's own Python, with the file loaded."""
    import gdb

    def struct(name):
        return gdb.lookup_type(name).strip_typedefs()

    def field(kind, path):
        """Bit offset of a member, and its type; members of members by dots."""
        bits = 0
        for name in path.split("."):
            found = [f for f in kind.fields() if f.name == name]
            if not found:
                raise KeyError(path)
            bits += found[0].bitpos
            kind = found[0].type.strip_typedefs()
        return bits, kind

    def at(name, *paths):
        """Byte offset of the first of these members that the struct has."""
        for path in paths:
            try:
                return field(struct(name), path)[0] // 8
            except KeyError:
                continue
        raise KeyError((name, paths))

    def has(name, path):
        try:
            at(name, path)
            return True
        except (KeyError, gdb.error):
            return False

    text = "PyASCIIObject"
    state = at(text, "state") * 8
    tagged = has("PyLongObject", "long_value.lv_tag")
    layout = [
        at("PyObject", "ob_type"), at("PyVarObject", "ob_size"), at("PyTypeObject", "tp_name"),
        at("PyTypeObject", "tp_flags"), at(text, "length"), state // 8,
        *(field(struct(text), "state." + name)[0] - state for name in ("kind", "compact", "ascii")),
        struct(text).sizeof, struct("PyCompactUnicodeObject").sizeof, at("PyUnicodeObject", "data"),
        "ASPIS_PYTHON_INT_TAG" if tagged else "ASPIS_PYTHON_INT_SIZE",
        at("PyLongObject", "long_value.lv_tag") if tagged else at("PyLongObject", "ob_base.ob_size"),
        at("PyLongObject", "long_value.ob_digit", "ob_digit"), at("PyBytesObject", "ob_sval"),
        at("PyFloatObject", "ob_fval"), at("PyTupleObject", "ob_item"), at("PyListObject", "ob_item"),
    ]
    frame = "PyFrameObject" if has("PyFrameObject", "f_lasti") else "struct _PyInterpreterFrame"
    cframe = frame != "PyFrameObject" and has("PyThreadState", "cframe")
    pointer = has(frame, "prev_instr") or has(frame, "instr_ptr")
    lasti = at(frame, "f_lasti", "prev_instr", "instr_ptr")
    # Up to 3.9 f_lasti counts bytes; 3.10 has the members of PEP 626 and counts code units.
    units = not pointer and has("PyCodeObject", "co_linetable")
    owner = at(frame, "owner") if pointer else 0
    lines = at("PyCodeObject", "co_linetable", "co_lnotab")
    mask = (1 << (lines - 16) // 8 + 1) - 1
    if has("PyCodeObject", "co_warmup"):  # counts down while the code is new
        mask &= ~(1 << (at("PyCodeObject", "co_warmup") - 16) // 8)
    frames = [
        at("PyThreadState", "thread_id"), at("PyThreadState", "cframe", "current_frame", "frame") if pointer
        else at("PyThreadState", "frame"),
        "ASPIS_FRAMES_CFRAME" if cframe else "ASPIS_FRAMES_DIRECT",
        at("struct _PyCFrame", "current_frame") if cframe else 0,
        (max(lasti, owner) // 8 + 1) * 8,
        at(frame, "f_executable", "f_code"), at(frame, "previous", "f_back"), lasti,
        "ASPIS_LASTI_POINTER" if pointer else "ASPIS_LASTI_UNITS" if units else "ASPIS_LASTI_BYTES",
        owner, 3 if pointer else 0, 0,
        at("PyCodeObject", "co_filename"), at("PyCodeObject", "co_qualname", "co_name"),
        at("PyCodeObject", "co_firstlineno"), lines,
        at("PyCodeObject", "co_code_adaptive") if pointer else 0, "%#x" % mask,
    ]
    for name, values in (("LAYOUT", layout), ("FRAMES", frames)):
        print("ROW", name, ",".join(str(value) for value in values))


def rows_of(path):
    """The rows of one file, without white space."""
    version = re.search(r"python3\.(\d+)", os.path.basename(path))
    if version is None:
        sys.exit(path + ": not called libpython3.N or python3.N")
    run = subprocess.run(["gdb", "-nx", "-batch", "-x", os.path.abspath(__file__), path],
                         capture_output=True, text=True)
    found = dict(re.findall(r"^ROW (\w+) (.*)$", run.stdout, re.M))
    if len(found) != 2:
        sys.exit(path + ": no debug information?\n" + run.stdout + run.stderr)
    minor = version.group(1)
    return ["ASPIS_LAYOUT(3,%s,0,%s)" % (minor, found["LAYOUT"]), "ASPIS_FRAMES(3,%s,%s)" % (minor, found["FRAMES"])]


def table():
    rows = set()
    for name in ("layouts.def", "frames.def"):
        with open(os.path.join(HERE, name)) as file:
            rows.update(re.sub(r"\s", "", line) for line in file if line.startswith("ASPIS_"))
    return rows


def main(arguments):
    check = arguments[:1] == ["--check"]
    known = table()
    wrong = 0
    for path in arguments[check:]:
        for row in rows_of(path):
            if not check:
                print(row.replace(",", ", "))
            elif row not in known:
                print("%s: not in the tables: %s" % (path, row))
                wrong = 1
    return wrong


if "gdb" in sys.modules:
    inside_gdb()
elif __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

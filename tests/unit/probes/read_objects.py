# SPDX-License-Identifier: Apache-2.0
"""Reads this interpreter's own objects as the BPF reader does, with a layout from the command line.

usage: read_objects.py FIELD=NUMBER...
Exit code 1 and a line for each object that was read wrongly.
"""
import os
import struct
import sys

layout = {name: int(number) for name, number in (word.split("=") for word in sys.argv[1:])}
memory = os.open("/proc/self/mem", os.O_RDONLY)
LONG, LIST, TUPLE, BYTES, UNICODE = (1 << bit for bit in range(24, 29))


def load(form, address):
    return struct.unpack("<" + form, os.pread(memory, struct.calcsize(form), address))[0]


def read_str(address):
    state = load("I", address + layout["str_state"])
    length = load("q", address + layout["str_length"])
    kind = state >> layout["str_kind_shift"] & 7
    if not state & layout["str_compact_mask"]:
        data = load("Q", address + layout["str_data_pointer"])
    elif state & layout["str_ascii_mask"]:
        data = address + layout["str_ascii_data"]
    else:
        data = address + layout["str_compact_data"]
    encoding = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[kind]
    return os.pread(memory, length * kind, data).decode(encoding, "surrogatepass")


def read_int(address):
    word = load("q", address + layout["int_size"])
    if layout["int_form"] == 0:
        count, negative = abs(word), word < 0
    else:
        sign = word & layout["int_sign_mask"]
        count = 0 if sign == layout["int_sign_zero"] else word >> layout["int_tag_shift"]
        negative = sign == layout["int_sign_negative"]
    number = 0
    for i in range(count):
        digit = load("I", address + layout["int_digits"] + 4 * i)
        number |= digit << layout["int_digit_bits"] * i
    return -number if negative else number


def read(address):
    kind = load("Q", address + layout["ob_type"])
    flags = load("Q", kind + layout["type_flags"])
    name = os.pread(memory, 64, load("Q", kind + layout["type_name"])).split(b"\0")[0].decode()
    if flags & UNICODE:
        return read_str(address)
    if flags & LONG:
        return bool(read_int(address)) if name == "bool" else read_int(address)
    if name == "NoneType":
        return None
    if name == "float":
        return load("d", address + layout["float_value"])
    size = load("q", address + layout["ob_size"])
    if flags & BYTES:
        return os.pread(memory, size, address + layout["bytes_data"])
    if flags & TUPLE:
        start = address + layout["tuple_items"]
        return tuple(read(load("Q", start + 8 * i)) for i in range(size))
    if flags & LIST:
        start = load("Q", address + layout["list_items"])
        return [read(load("Q", start + 8 * i)) for i in range(size)]
    return "<%s>" % name


class Text(str):
    pass


class Number(int):
    pass


SAMPLES = [
    "", "ascii", "a" * 5000, "caf\xe9", "\u20ac uro", "\U0001f40d snake", "\udc80 escaped",
    Text("ascii"), Text("caf\xe9"), Text("\u20ac"), Text("\U0001f40d"),
    0, 1, -1, 255, -5, 2**30 - 1, 2**30, -(2**30), 2**60, 2**63, -(2**63), 2**64 - 1, 10**30,
    Number(7), Number(-2**40),
    True, False, None, 0.0, -1.5, 1e300, b"", b"bytes\0\xff",
    (), (1,), ("a", (2, b"c")), [], [None, "x", [1.25]], ("127.0.0.1", 8080),
]  # fmt: skip
failed = 0
for sample in SAMPLES:
    try:
        got = read(id(sample))
    except Exception as error:
        got = error
    if type(got) not in (type(sample), type(sample).__base__) or got != sample:
        print("%r was read as %r" % (sample, got))
        failed = 1
if read(id(object)) != "<type>":
    print("the type of object was read as %r" % (read(id(object)),))
    failed = 1
sys.exit(failed)

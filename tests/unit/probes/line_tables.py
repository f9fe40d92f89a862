# SPDX-License-Identifier: Apache-2.0
"""Prints the line tables of code objects, and what CPython itself makes of them.

A line each: FIRST_LINE TABLE(hex) CODE_BYTES START:END:LINE,… (LINE "-": none), from co_lines() or, where
that is not there yet, dis.findlinestarts()."""

import dis
import sys
import types

SOURCE = '''
def plain(a, b):
    x = a
    y = (a +
         b)
    return [x,
            y,
            lambda: x]


def loops(n):
    for i in range(n):
        if i % 2:
            continue
        try:
            yield i
        except ValueError:
            pass
        finally:
            n -= 1
    while n:
        n -= 1; n += 0


class Deep:
    async def method(self, *a, k=1):
        async with self as x:
            await x(a,
                    k)
        match_ = {1: 2,
                  3: 4}
        return {key: value for key, value in match_.items()}
''' + "\n" * 300 + '''
def far():
    a = 1
''' + "\n" * 200 + '''
    return a
''' + "wide = (" + " + ".join("name%d" % i for i in range(400)) + ")\n"


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def ranges(code):
    if hasattr(code, "co_lines"):
        return list(code.co_lines())
    starts = list(dis.findlinestarts(code))
    ends = [start for start, _ in starts[1:]] + [len(code.co_code)]
    return [(start, end, line) for (start, line), end in zip(starts, ends)]


def samples():
    yield compile(SOURCE, "sample", "exec")
    for module in (dis, types, sys.modules["os"]):
        with open(module.__file__, "rb") as source:
            yield compile(source.read(), module.__file__, "exec")


for root in samples():
    for code in codes(root):
        table = code.co_linetable if hasattr(code, "co_linetable") else code.co_lnotab
        print(code.co_firstlineno, table.hex() or "-", len(code.co_code),
              ",".join("%d:%d:%s" % (start, end, "-" if line is None else line)
                       for start, end, line in ranges(code)))

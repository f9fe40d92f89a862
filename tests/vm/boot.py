#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one guest: copies the job's output to stdout, ends with the job's exit status.

124: the time was up. 125: the guest did not boot, panicked or ended without an answer. Both show the console's end.
"""

import argparse
import collections
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time

TIMED_OUT = 124
NO_ANSWER = 125
BOOT_LIMIT = 180  # seconds to user space; three or four are usual, a crowded machine takes longer
PR_SET_PDEATHSIG = 1


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--initrd", required=True)
    parser.add_argument("--append", required=True)
    parser.add_argument("--disk", action="append", default=[], metavar="SERIAL=IMAGE")
    parser.add_argument("--console", required=True, help="file that receives the console")
    parser.add_argument("--accel", choices=["kvm", "tcg", "icount"], default="tcg")
    parser.add_argument("--memory", type=int, default=3072)
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--marker", help="only look for this text on the console (trial of an accelerator)")
    return parser.parse_args()


def qemu_command(arguments, output_fd, status_fd):
    accelerator = {
        "kvm": ["-accel", "kvm", "-cpu", "host", "-smp", "2"],
        # One processor: with two, each its own thread, a kernel that patches its own text (jump labels, which tracepoints and
        # probes switch) now and then runs into an int3 that is gone again, and dies of it ("Oops: int3").
        # Without erms and fsrm: the kernel clears and copies by "rep stosb" and "rep movsb" where it has them, and emulated
        # that is a step for every byte. A third of the time that BPF programs take to load was this.
        "tcg": ["-accel", "tcg,thread=single,tb-size=1024", "-cpu", "max,-erms,-fsrm", "-smp", "1"],
        # One instruction is one nanosecond of guest time: costs come out the same, run after run.
        "icount": ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", "max", "-smp", "1"],
    }[arguments.accel]
    command = ["qemu-system-x86_64", *accelerator, "-m", str(arguments.memory)]
    command += ["-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-no-reboot"]
    command += ["-kernel", arguments.kernel, "-initrd", arguments.initrd, "-append", arguments.append]
    command += ["-chardev", f"file,id=console,path={arguments.console}", "-serial", "chardev:console"]
    command += ["-device", "virtio-serial-pci"]
    for name, descriptor in ("output", output_fd), ("status", status_fd):
        command += ["-chardev", f"file,id={name},path=/dev/fd/{descriptor}"]
        command += ["-device", f"virtserialport,chardev={name},name=aspis.{name}"]
    for disk in arguments.disk:
        serial, image = disk.split("=", 1)
        # snapshot: what the guest writes goes to an unlinked temporary file, so every run starts fresh.
        command += ["-drive", f"file={image},if=none,id={serial},format=raw,snapshot=on"]
        command += ["-device", f"virtio-blk-pci,drive={serial},serial={serial}"]
    return command


def die_with_parent():
    # No guest outlives its runner, even when that is killed with SIGKILL.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def console_lines(path):
    try:
        with open(path, errors="replace") as console:
            return list(collections.deque((line.rstrip("\r\n") for line in console), maxlen=50))
    except OSError:
        return []


def report(arguments, message):
    print(f"vm: {message}; the console's last lines ({arguments.console}):", file=sys.stderr)
    for line in console_lines(arguments.console):
        print(f"  | {line}", file=sys.stderr)


class Guest:
    def __init__(self, arguments):
        self.output, output_guest = os.pipe()
        self.status, status_guest = os.pipe()
        self.answer = b""
        try:
            self.process = subprocess.Popen(
                qemu_command(arguments, output_guest, status_guest),
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                pass_fds=(output_guest, status_guest),
                preexec_fn=die_with_parent,
            )
        except FileNotFoundError:
            sys.exit("vm: qemu-system-x86_64 is missing: run ./dev setup (Debian package qemu-system-x86)")
        finally:
            os.close(output_guest)
            os.close(status_guest)

    def end(self):
        self.process.kill()
        self.process.wait()

    def run(self, deadline, boot_deadline):
        """Exit status of the job; None when the guest ended without one; raises TimeoutError."""
        selector = selectors.DefaultSelector()
        selector.register(self.output, selectors.EVENT_READ)
        selector.register(self.status, selectors.EVENT_READ)
        while selector.get_map():
            limit = deadline if b"started" in self.answer else min(deadline, boot_deadline)
            if (left := limit - time.monotonic()) <= 0:
                raise TimeoutError
            for key, _ in selector.select(left):
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fd)
                elif key.fd == self.output:
                    write_out(data)
                else:
                    self.answer += data
            # The guest reports only after the host has taken all of the output: what is left sits in our pipe.
            if b"exit " in self.answer and self.answer.endswith(b"\n"):
                self.drain()
                return int(self.answer.split()[-1])
        return None

    def drain(self):
        os.set_blocking(self.output, False)
        try:
            while data := os.read(self.output, 1 << 16):
                write_out(data)
        except BlockingIOError:
            pass


def write_out(data):
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


def trial(guest, arguments):
    deadline = time.monotonic() + arguments.timeout
    while time.monotonic() < deadline and guest.process.poll() is None:
        time.sleep(0.2)
    return 0 if any(arguments.marker in line for line in console_lines(arguments.console)) else 1


def main():
    arguments = parse_arguments()
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    begin = time.monotonic()
    guest = Guest(arguments)
    try:
        if arguments.marker:
            return trial(guest, arguments)
        status = guest.run(begin + arguments.timeout, begin + BOOT_LIMIT)
        if status is None:
            report(arguments, "the guest ended without an exit status (a panic, or qemu failed)")
            return NO_ANSWER
        return status
    except TimeoutError:
        if b"started" in guest.answer:
            report(arguments, f"timeout: the command still ran after {arguments.timeout:g} s")
            return TIMED_OUT
        report(arguments, f"the guest did not reach user space in {time.monotonic() - begin:.0f} s")
        return NO_ANSWER
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    finally:
        guest.end()


if __name__ == "__main__":
    sys.exit(main())

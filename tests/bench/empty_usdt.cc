// SPDX-License-Identifier: Apache-2.0
// empty_usdt BINARY PID OFFSET SEMAPHORE: puts an empty program on an instruction of a file, for
// one process, until standard input ends. Offsets are those in the file; prints a line when it is
// there.
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "empty_usdt_bpf.skel.h"

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: empty_usdt BINARY PID OFFSET SEMAPHORE\n", stderr);
    return 2;
  }
  empty_usdt_bpf* skeleton = empty_usdt_bpf__open_and_load();
  if (skeleton == nullptr) {
    std::perror("empty_usdt: load");
    return 1;
  }
  LIBBPF_OPTS(bpf_uprobe_opts, options, .ref_ctr_offset = std::strtoull(argv[4], nullptr, 0));
  bpf_link* link =
      bpf_program__attach_uprobe_opts(skeleton->progs.empty, std::atoi(argv[2]), argv[1],
                                      std::strtoull(argv[3], nullptr, 0), &options);
  if (link == nullptr) {
    std::perror("empty_usdt: attach");
    return 1;
  }
  std::puts("attached");
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  bpf_link__destroy(link);
  empty_usdt_bpf__destroy(skeleton);
  return 0;
}

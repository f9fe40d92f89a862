# policy_net.py DIRECTORY PART: does socket operations one by one, and prints a line for each: its name, and "0" or the
# errno's name. What it talks to comes from the part "serve", which runs without a profile.
import errno
import os
import socket
import sys

DIRECTORY = sys.argv[1]
ANY = "127.0.0.1"


def attempt(name, operation):
    """The operation's result, or None after an error."""
    try:
        result = operation()
    except OSError as error:
        print(name, errno.errorcode.get(error.errno, error.errno), flush=True)
        return None
    print(name, "0", flush=True)
    return result if result is not None else True


def new(name, *kind):
    sock = attempt(name, lambda: socket.socket(*kind))
    if sock:
        sock.settimeout(5)
    return sock


def kinds():
    for name, *kind in (
        ("stream", socket.AF_INET, socket.SOCK_STREAM),
        ("dgram", socket.AF_INET, socket.SOCK_DGRAM),
        ("stream6", socket.AF_INET6, socket.SOCK_STREAM),
        ("raw", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        ("raw_other", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
        ("netlink", socket.AF_NETLINK, socket.SOCK_RAW),
        ("packet", socket.AF_PACKET, socket.SOCK_RAW),
        ("unix", socket.AF_UNIX, socket.SOCK_STREAM),
    ):
        new(name, *kind)


def conversation(name, family, address):
    """A server and its client in one process: everything from create to shutdown."""
    server = new(name + ".create", family, socket.SOCK_STREAM)
    client = socket.socket(family, socket.SOCK_STREAM)
    if attempt(name + ".bind", lambda: server.bind(address)) is None:
        return
    if attempt(name + ".listen", lambda: server.listen(5)) is None:
        return
    if attempt(name + ".connect", lambda: client.connect(address)) is None:
        return
    accepted = attempt(name + ".accept", server.accept)
    attempt(name + ".send", lambda: client.send(b"x"))
    if accepted:
        attempt(name + ".recv", lambda: accepted[0].recv(1))
    attempt(name + ".getsockname", client.getsockname)
    attempt(name + ".shutdown", lambda: client.shutdown(socket.SHUT_RDWR))


def inet():
    conversation("good", socket.AF_INET, (ANY, 7001))
    conversation("bad", socket.AF_INET, (ANY, 7002))
    mapped = new("mapped.create", socket.AF_INET6, socket.SOCK_DGRAM)
    attempt("mapped.good", lambda: mapped.connect(("::ffff:127.0.0.1", 7003)))
    attempt("mapped.bad", lambda: mapped.connect(("::ffff:127.0.0.1", 7004)))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    attempt("udp.good", lambda: udp.sendto(b"x", (ANY, 7003)))
    attempt("udp.bad", lambda: udp.sendto(b"x", (ANY, 7004)))
    attempt("udp.setopt", lambda: udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1))
    attempt("udp.getopt", lambda: udp.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST))


# Names of the sockets that "serve" makes: abstract, and paths in the directory.
ABSTRACT = ("\0aspis-there", "\0aspis-closed")
PATHS = ("there", "closed")


def unix():
    conversation("own", socket.AF_UNIX, "\0aspis-own")
    conversation("wrong", socket.AF_UNIX, "\0aspis-wrong")
    conversation("path", socket.AF_UNIX, os.path.join(DIRECTORY, "own"))
    for name in ABSTRACT + tuple(os.path.join(DIRECTORY, path) for path in PATHS):
        word = name.replace("\0aspis-", "abstract_").replace(DIRECTORY + "/", "path_")
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if attempt(word + ".connect", lambda: stream.connect(name)):
            attempt(word + ".send", lambda: stream.send(b"x"))
        dgram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        attempt(word + ".sendto", lambda: dgram.sendto(b"x", name + ".dgram"))
    first, second = socket.socketpair()
    attempt("pair.send", lambda: first.send(b"x"))
    attempt("pair.recv", lambda: second.recv(1))


def serve():
    kept = []
    for name in ABSTRACT + tuple(os.path.join(DIRECTORY, path) for path in PATHS):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.bind(name)
        stream.listen(5)
        dgram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        dgram.bind(name + ".dgram")
        kept += [stream, dgram]
    if os.fork() == 0:
        os.setsid()
        for descriptor in range(3):
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
        kept[0].settimeout(600)
        os.read(os.open(os.path.join(DIRECTORY, "end"), os.O_RDONLY), 1)  # a fifo


{"kinds": kinds, "inet": inet, "unix": unix, "serve": serve}[sys.argv[2]]()

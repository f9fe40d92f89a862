# Does socket operations one by one, and prints a line for each: its name, and "ok" or the errno's name.
import errno
import os
import socket
import sys

DIRECTORY = sys.argv[1]


def attempt(name, operation):
    try:
        result = operation()
        print(name, "ok", flush=True)
        return result
    except OSError as error:
        print(name, errno.errorcode.get(error.errno, error.errno), flush=True)
        return None


def new(name, *kind):
    return attempt(name, lambda: socket.socket(*kind))


def server(name, family, kind, address):
    """A listening socket, from create to listen."""
    sock = new(name + ".create", family, kind)
    if sock is None:
        return None
    attempt(name + ".bind", lambda: sock.bind(address))
    if kind == socket.SOCK_STREAM:
        attempt(name + ".listen", lambda: sock.listen(5))
    return sock


def conversation(name, family, address, listener):
    """Connects to a listener, accepts, and says something."""
    client = new(name + ".client", family, socket.SOCK_STREAM)
    if client is None or listener is None:
        return
    client.settimeout(5)
    listener.settimeout(5)
    client.setblocking(True)
    if attempt(name + ".connect", lambda: client.connect(address) or True) is None:
        return
    accepted = attempt(name + ".accept", listener.accept)
    attempt(name + ".send", lambda: client.send(b"x"))
    if accepted:
        attempt(name + ".recv", lambda: accepted[0].recv(1))
    attempt(name + ".shutdown", lambda: client.shutdown(socket.SHUT_RDWR))


def inet():
    for port in (7001, 7002):
        name = "tcp%d" % port
        address = ("127.0.0.1", port)
        conversation(name, socket.AF_INET, address,
                     server(name, socket.AF_INET, socket.SOCK_STREAM, address))
    mapped = new("mapped.create", socket.AF_INET6, socket.SOCK_DGRAM)
    if mapped:
        attempt("mapped.connect", lambda: mapped.connect(("::ffff:127.0.0.1", 7002)))
    udp = new("udp.create", socket.AF_INET, socket.SOCK_DGRAM)
    if udp:
        attempt("udp.sendto7001", lambda: udp.sendto(b"x", ("127.0.0.1", 7001)))
        attempt("udp.sendto7002", lambda: udp.sendto(b"x", ("127.0.0.1", 7002)))
        attempt("udp.setopt", lambda: udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1))
        attempt("udp.getopt", lambda: udp.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST))
        attempt("udp.getsockname", udp.getsockname)
    new("netlink.create", socket.AF_NETLINK, socket.SOCK_RAW)


def unix():
    for name in ("good", "bad"):
        address = "\0aspis-%s" % name
        conversation("abstract-" + name, socket.AF_UNIX, address,
                     server("abstract-" + name, socket.AF_UNIX, socket.SOCK_STREAM, address))
        path = os.path.join(DIRECTORY, name)
        conversation("path-" + name, socket.AF_UNIX, path,
                     server("path-" + name, socket.AF_UNIX, socket.SOCK_STREAM, path))
    # Somebody else's, outside of the profile.
    for name in ("there", "closed"):
        path = os.path.join(DIRECTORY, name)
        client = new("stream-%s.create" % name, socket.AF_UNIX, socket.SOCK_STREAM)
        if client:
            attempt("stream-" + name, lambda: client.connect(path))
        client = new("dgram-%s.create" % name, socket.AF_UNIX, socket.SOCK_DGRAM)
        if client:
            attempt("dgram-" + name, lambda: client.sendto(b"x", path + ".dgram"))


def main():
    {"inet": inet, "unix": unix}[sys.argv[2]]()


main()

# SPDX-License-Identifier: Apache-2.0
"""A web service; its client is the check. Each answer says what came of one thing that
services do."""
import asyncio, ctypes, hashlib, http.server, json, mmap, multiprocessing, os, random, select
import shutil, signal, socket, sqlite3, ssl, subprocess, sys, tempfile, threading, time, zlib
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def digest(data):
    return hashlib.sha256(data).hexdigest()


def files():
    with tempfile.TemporaryDirectory() as top:
        name = os.path.join(top, "file")
        with open(name, "wb") as out:
            out.write(b"x" * (1 << 20))
            out.flush()
            os.fsync(out.fileno())
            out.truncate(1 << 19)
        shutil.copy2(name, name + ".copy")
        os.replace(name + ".copy", name + ".2")
        os.symlink(name, os.path.join(top, "link"))
        os.link(name, os.path.join(top, "hard"))
        os.chmod(name, 0o600)
        os.utime(name, (1, 2))
        os.makedirs(os.path.join(top, "a", "b"))
        with open(name, "r+b") as opened, mmap.mmap(opened.fileno(), 4096) as pages:
            pages[0] = 7
            pages.flush()
        shutil.make_archive(os.path.join(top, "all"), "gztar", os.path.join(top, "a"))
        names = sorted(os.listdir(top))
        with open(name, "rb") as opened:
            return [names, digest(opened.read()), os.path.getsize(name)]


def database():
    with tempfile.TemporaryDirectory() as top:
        base = sqlite3.connect(os.path.join(top, "base"))
        base.execute("pragma journal_mode=wal")
        base.execute("create table t (n integer, s text)")
        base.executemany("insert into t values (?, ?)", [(i, str(i)) for i in range(2000)])
        base.commit()
        return base.execute("select count(*), sum(n), max(s) from t").fetchone()


def processes():
    output = subprocess.run(["/bin/sh", "-c", "cat; echo $0 >&2"], input=b"through a child\n",
                            capture_output=True, check=True)
    # Closed and joined: its own way out sends SIGTERM, whose handler the children share.
    pool = multiprocessing.Pool(2)
    sums = pool.map(sum, [range(n) for n in (10, 100, 1000)])
    pool.close()
    pool.join()
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        sums += pool.map(pow, [2, 3], [10, 10])
    child = os.fork()
    if child == 0:
        os._exit(7)
    return [output.stdout.decode(), output.stderr.decode(), sums,
            os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]


def threads():
    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(lambda n: len(zlib.compress(b"x" * n)), range(1000, 3000, 100)))


def signals():
    got = []
    signal.signal(signal.SIGALRM, lambda number, _: got.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(0.1)
    return got


async def echo(reader, writer):
    writer.write(await reader.read(100))
    await writer.drain()
    writer.close()


async def talk():
    server = await asyncio.start_server(echo, "localhost", 0, family=socket.AF_INET)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("localhost", port)
    writer.write(b"through a socket")
    answer = (await reader.read()).decode()
    child = await asyncio.create_subprocess_exec("/bin/true")
    return [answer, await child.wait()]


def network():
    left, right = socket.socketpair()
    left.send(b"pair")
    poller = select.poll()
    poller.register(right, select.POLLIN)
    ready = len(poller.poll(1000)) + len(select.select([right], [], [], 1)[0])
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("127.0.0.1", 0))
    datagram.sendto(b"one", datagram.getsockname())
    families = sorted({str(entry[0]) for entry in socket.getaddrinfo("localhost", 80)})
    return [right.recv(9).decode(), ready, datagram.recv(9).decode(), families,
            ssl.create_default_context() is not None, asyncio.run(talk())]


def machine():
    library = ctypes.CDLL(None)
    return [library.abs(-3), len(os.urandom(8)), os.getpid() > 0, os.cpu_count() > 0,
            random.Random(1).random(), os.getloadavg() is not None, time.monotonic() > 0,
            os.getuid() == os.geteuid(), os.uname().sysname]


THINGS = {"/" + thing.__name__: thing for thing in
          (files, database, processes, threads, signals, network, machine)}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path not in THINGS:
            return self.send_error(404)
        body = json.dumps(THINGS[self.path]()).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Not a thread for each request: a process that forks while it has threads may hang.
    http.server.HTTPServer(("", 8080), Handler).serve_forever()

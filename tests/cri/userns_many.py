# SPDX-License-Identifier: Apache-2.0
"""Many mapped pods: ten after another, eight at once."""

import contextlib
import threading

from client import Refused
from node import within
from userns import base_of, each, gone, guarded, mapping, pid_of, policy, ranges


def cycles(node, handler, name):
    """Ten pods, each with another range."""
    bases = []
    for _ in range(10):
        with node.pod("cycle", handler=handler) as pod:
            container = pod.start("c", ["sh", "-c", "id -u >/dev/stdout; sleep 1000"])
            bases.append(base_of(pid_of(node, container)))
            within(5, lambda pod=pod: pod.log("c"))
            if pod.log("c") != "0" or node.exec(container, "id", "-u")[1] != "0\n":
                node.say(False, f"{name}: a cycle", pod.log("c"))
    node.say(None not in bases and len(set(bases)) == 10, f"{name}: ten cycles, each with another range",
             bases)
    gone(node, f"{name}: ten cycles", handler)


def at_once(node, handler, name):
    """Eight pods, started and ended side by side."""
    pods = [node.pod(f"many{number}", handler=handler) for number in range(8)]
    said = [None] * 8

    def one(number):
        pod = pods[number]
        try:
            pod.run()
            said[number] = pod.start("c")
        except Refused as error:
            said[number] = error

    def each(work, arguments):
        threads = [threading.Thread(target=work, args=(argument,)) for argument in arguments]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    each(one, range(8))
    good = node.say(not [words for words in said if not isinstance(words, str)],
                    f"{name}: eight pods at once start", said)
    if good:
        bases = [(base_of(pid_of(node, pod)), base_of(pid_of(node, container))) for pod,
                 container in zip(pods, said)]
        node.say(len({base for pair in bases for base in pair} - {None}) == 8 and all(a == b for a,
                                                                                      b in bases),
                 f"{name}: each with a range of its own", bases)
        node.same(ranges(), sorted(base for base, _ in bases), f"{name}: the eight are in use")
        node.same([node.exec(container, "id", "-u")[1] for container in said], ["0\n"] * 8,
                  f"{name}: exec in each")

    def end(pod):
        with contextlib.suppress(Refused):
            pod.remove()
    each(end, pods)
    gone(node, f"{name}: eight at once", handler)


def run(node):
    """Eight at once on one runtime, the cycles on each."""
    policy(node)
    each(node, "many", lambda handler, name: cycles(node, handler, name))
    handler = mapping(node)
    if handler:
        guarded(node, "eight at once", at_once, node, handler, handler.partition("-")[2])
    node.policy()

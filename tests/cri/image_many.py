# SPDX-License-Identifier: Apache-2.0
"""24 pods' containers at a time, signed and unsigned in turn, while other images are pulled and
removed beside: each ends as it must, and none hangs."""

import concurrent.futures
import threading
import time

from client import Refused
from image_lib import NOT_SIGNED, of, policy, pull, remove, verdict, verifiers

AT_ONCE, ROUNDS, CHURNED = 24, 2, ("app", "index", "platform", "bundle")


def one(pod, number):
    """Made and started: its id, and the message where that failed."""
    container = pod.create(f"many{number}", attempt=number, **of(f"many{number % 6}"))
    try:
        pod.node.cri.StartContainer({"container_id": container})
        return container, None
    except Refused as error:
        return container, str(error)


def churn(node, stop, turns):
    """Images that share a layer with those that run."""
    while not stop.is_set():
        for name in CHURNED:
            for work in (lambda name=name: pull(node, name), lambda name=name: remove(node, name)):
                try:
                    work()
                    turns.append(name)
                except Refused:
                    pass


def wrong(node, number, container, message):
    """What is not as it must be with one of them; None."""
    code = verdict(node, container).get("code")
    if number % 2 == 0:
        who = node.shell(container, "cat /etc/who") if message is None else message
        return None if (who, code) == (f"many{number % 6}", "accepted") else (number, who, code)
    return None if message and NOT_SIGNED in message and code == "unsigned" else (number, message, code)


def run(node):
    """All of it."""
    policy(node)
    node.cri.timeout = 120
    pull(node, *(f"many{number}" for number in range(6)))
    stop, turns, begun = threading.Event(), [], time.monotonic()
    with node.pod("many") as pod, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        beside = threading.Thread(target=churn, args=(node, stop, turns))
        beside.start()
        try:
            found = list(pool.map(lambda number: (number, *one(pod, number)), range(AT_ONCE * ROUNDS)))
        finally:
            stop.set()
            beside.join()
        took = time.monotonic() - begun
        node.same([bad for bad in (wrong(node, *what) for what in found) if bad], [],
                  f"{len(found)} containers, {AT_ONCE} at a time: the signed run, the others are refused")
        node.say(len(turns) > 4, f"images came and went beside ({len(turns)} times in {took:.0f} s)", turns)
        for _, container, _ in found:
            node.stop(container)
    node.same(verifiers(), [], "no process of hardrun-image is left")
    node.clean("many")

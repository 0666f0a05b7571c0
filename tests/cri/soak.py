#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usage: soak.py CREATES PODS SEED    In the sandbox of tests/e2e/soak.sh, as TAP.

Many creates at once of plain bundles, and many whole lives of pods, while calls of the runtime
(killed.c) and shims are killed at random. Nothing may be lost, stuck, or left for ever."""

import array
import collections
import concurrent.futures
import contextlib
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
from client import Refused  # noqa: E402
from contexts import HARDENED  # noqa: E402
from node import BUNDLES, RECORDS, STATE, Node, figures, lines, within  # noqa: E402

ROOT = "/run/containerd/runc/soak"
BARE = bool(os.environ.get("HR_SOAK_BARE"))  # without hardrun, to compare with


class Soak(Node):
    """The node, with what is killed on it."""

    def __init__(self, seed):
        super().__init__()
        self.random = random.Random(seed)
        self.deadly, self.calm = self.work + "/bin/hardrun", self.work + "/calm/hardrun"
        self.plan(0, 0)

    def plan(self, calls, share):
        """Of so many calls the share dies: half of these within hardrun's own part."""
        waits = [(self.random.randrange(8000) if self.random.random() < 0.5 else
                  self.random.randrange(150000)) if self.random.random() < share else -1
                 for _ in range(calls)]
        with open(self.work + "/plan", "wb") as file:
            file.write(array.array("i", [0] + waits).tobytes())

    def killed(self):
        """How many calls were to die so far."""
        with open(self.work + "/plan", "rb") as file:
            numbers = array.array("i", file.read())
        return sum(wait >= 0 for wait in numbers[1:1 + numbers[0]])

    # ---- plain bundles

    def call(self, program, *words):
        """Exit status (negative: the signal) and standard error."""
        with open(f"{self.work}/soak/{words[-1]}.err", "w+b") as said:
            done = subprocess.run([program, "--root", ROOT, *words], stdin=subprocess.DEVNULL, check=False,
                                  stdout=subprocess.DEVNULL, stderr=said, timeout=120)
            said.seek(0)
            return done.returncode, said.read().decode(errors="replace")

    def create(self, name, program):
        """A bundle, and a create of it."""
        bundle = f"/srv/bundles/{name}"
        os.makedirs(bundle, exist_ok=True)
        document = json.loads(self.document)
        document["linux"]["cgroupsPath"] = f"{self.cgroup}/soak/{name}"
        with open(bundle + "/config.json", "w", encoding="utf-8") as file:
            json.dump(document, file)
        return self.call(program, "create", "--bundle", bundle, "--pid-file", bundle + "/pid", name)

    def start_and_look(self, name):
        """What is wrong with a container whose create succeeded; '' for nothing."""
        status, said = self.call(self.calm, "start", name)
        if status != 0:
            return f"{name}: start: {said}"
        pid = lines(f"/srv/bundles/{name}/pid")[0]
        within(5, lambda: lines(f"/proc/{pid}/comm") == ["sleep"])
        got = figures("\n".join(lines(f"/proc/{pid}/status")))
        if not BARE and (got["NoNewPrivs"], got["Seccomp"]) != ("1", "2"):
            return f"{name}: {got}"
        return ""

    def delete(self, name):
        """What is wrong with its end."""
        status, said = self.call(self.calm, "delete", "--force", name)
        if status != 0:
            return f"{name}: delete: {status} {said}"
        if os.path.exists(f"{ROOT}/{name}"):
            return f"{name}: its state is still there"
        try:
            with open(f"/srv/bundles/{name}/config.json", encoding="utf-8") as file:
                json.load(file)
        except ValueError as error:
            return f"{name}: config.json: {error}"
        return ""

    def creates(self, count):
        """All at once, sixteen in the making."""
        with open(self.work + "/document.json", encoding="utf-8") as file:
            self.document = file.read()
        os.makedirs(self.work + "/soak", exist_ok=True)
        names = [f"soak{number}" for number in range(count)]
        self.plan(count, 0.3)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            results = dict(zip(names, pool.map(lambda name: self.create(name, self.deadly), names)))
            alive = [name for name in names if results[name][0] == 0]
            dead = [name for name in names if results[name][0] == -signal.SIGKILL]
            self.same([(name, results[name]) for name in names if name not in set(alive + dead)], [],
                      f"{count} creates: none fails but those that are killed "
                      f"({len(alive)} run, {len(dead)} were killed)")
            self.say(len(alive) > count / 3 and len(dead) > count / 20,
                     f"{count} creates: enough of both", (len(alive), len(dead)))
            wrong = [text for text in pool.map(self.start_and_look, alive) if text]
            self.same(wrong, [], f"{count} creates: all that came up start and are hardened")
            if not BARE:
                self.papers(alive, count)
            wrong = [text for text in pool.map(self.delete, names) if text]
            self.same(wrong, [], f"{count} creates: all are deleted, the killed as well")
            self.plan(0, 0)
            again = (dead + alive)[:20]
            wrong = [text for text in pool.map(lambda name: self.create(name, self.deadly), again) if text[0]]
            wrong += [text for text in pool.map(self.delete, again) if text]
            self.same(wrong, [], f"{count} creates: the names can be used again")
        self.nothing(f"{count} creates")

    def papers(self, alive, count):
        """A record and a whole line in the audit log for each that came up."""
        states = {}
        for path in glob.glob(RECORDS + "/*.json"):
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
                states[record["id"]] = record["state"]
        self.same([name for name in alive if states.get(name) != "committed"], [],
                  f"{count} creates: a record each")
        logged = collections.Counter(line["id"] for line in self.audit())
        self.same([name for name in alive if logged[name] != 1], [],
                  f"{count} creates: a line each in the log")

    # ---- pods

    def life(self, number):
        """One pod from its run to its removal; what happened and what is wrong with it."""
        pod, wrong, hurt = self.pod(f"soak{number}", handler="hardrun"), "", ""
        try:
            pod.run()
            containers = [pod.create(name) for name in ("one", "two")]
            for container in containers:
                self.cri.StartContainer({"container_id": container})
            for container in containers:
                got = self.inside(container)
                if got != HARDENED and not BARE:
                    wrong = f"{container}: {got}"
            self.cri.StopContainer({"container_id": containers[0], "timeout": 0})
            self.cri.RemoveContainer({"container_id": containers[0]})
        except Refused as error:
            hurt = str(error)
        end = time.monotonic() + 90
        while (left := self.teardown(pod)) and time.monotonic() < end:
            time.sleep(0.2)
            hurt = hurt or left
        return hurt, wrong or (f"{pod.uid}: stuck: {left}" if left else "")

    def teardown(self, pod):
        """Stops and removes whatever containerd has of a pod, as the kubelet does again and again;
        what it says against that."""
        try:
            for left in self.cri.ListPodSandbox()["items"]:
                if left["metadata"]["uid"] == pod.uid:
                    self.cri.StopPodSandbox({"pod_sandbox_id": left["id"]})
                    self.cri.RemovePodSandbox({"pod_sandbox_id": left["id"]})
            pod.remove_cgroup()
        except Refused as error:
            return str(error) or "no answer"
        return ""

    def kill_shims(self, stop):
        """One now and then, until told to stop; how many."""
        count = 0
        while not stop.wait(self.random.uniform(0.5, 3)):
            shims = [line for line in self.processes() if "containerd-shim-runc-v2" in line]
            if shims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(self.random.choice(shims).split()[0]), signal.SIGKILL)
                    count += 1
        return count

    def pods(self, count):
        """Four lives at a time."""
        self.plan(count * 40, 0.03)
        stop = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            killer = pool.submit(self.kill_shims, stop)
            results = list(pool.map(self.life, range(count)))
            stop.set()
            shims, calls = killer.result(), self.killed()
        self.plan(0, 0)
        whole = sum(not hurt for hurt, _ in results)
        self.say(shims > 0 and calls > 0, f"{count} pods: {calls} calls and {shims} shims were killed")
        self.say(whole > 0, f"{count} pods: {whole} lived as if nothing were", results[:5])
        self.same([wrong for _, wrong in results if wrong], [],
                  f"{count} pods: none is stuck, and whoever runs is hardened")
        self.care()
        self.nothing(f"{count} pods")
        hurt, wrong = self.life(count)
        self.same((hurt, wrong), ("", ""), f"{count} pods: afterwards all is as before")
        self.nothing("the last pod")

    def care(self):
        """What the owner of a node does after such a day: containerd 1.6 forgets a container now
        and then whose shim was killed, with any runtime. hardrun must be able to delete it. A
        killed shim's bundle, the rootfs that it mounted in it and its temporary files may stay:
        with bare runc, too."""
        wrong = []
        for path in glob.glob(STATE + "/*"):
            name = os.path.basename(path)
            done = subprocess.run([self.calm, "--root", STATE, "delete", "--force", name], check=False,
                                  capture_output=True, text=True, timeout=60)
            if done.returncode != 0 or os.path.exists(path):
                wrong.append(f"{name}: {done.stderr}")
        self.same(wrong, [], "what containerd forgot can be deleted")
        within(10, lambda: not self.left())
        bundles, files = glob.glob(BUNDLES + "/*"), glob.glob(self.work + "/tmp/runc-process*")
        mounts = [line.split()[4] for line in lines("/proc/self/mountinfo")]
        mounts = [path + "/rootfs" for path in bundles if path + "/rootfs" in mounts]
        if mounts:
            subprocess.run(["umount", *mounts], check=True)
        for path in bundles:
            shutil.rmtree(path)
        for path in files:
            os.unlink(path)
        print(f"# of killed shims there were {len(bundles)} bundles, {len(mounts)} of them mounted, "
              f"and {len(files)} temporary files", flush=True)

    # ---- what is left

    def left(self):
        """As ever, without the empty cgroups that runc 1.1 leaves where its create is killed (the
        kubelet removes those below a pod again and again, and here it is done for it), and
        without a killed hardrun's temporary files, which are the sweep's."""
        for path in self.cgroups(self.cgroup):
            if os.path.basename(path).startswith(("pod", "soak")) or "/pod" in path:
                with contextlib.suppress(OSError):
                    os.rmdir(path)
        found = super().left() + ["cgroup: " + path for path in self.cgroups(self.cgroup + "/soak")]
        return [line for line in found if not line.startswith("temporary: /run/hardrun/")]

    def nothing(self, name):
        """Case: nothing is left but records, which the sweep of later creates takes."""
        self.say(within(20, lambda: not self.left()), f"{name}: nothing is left", "\n".join(self.left()[:40]))

    def sweep(self):
        """Case: later creates remove the records and temporary files of all that is gone."""
        def old():
            return [path for path in glob.glob("/run/hardrun/**", recursive=True, include_hidden=True)
                    if os.path.isfile(path) and os.stat(path).st_mtime < time.time() - 60 and
                    ("/records/" in path and path.endswith(".json") or "/.hardrun." in path)]

        for path in glob.glob("/run/hardrun/**", recursive=True, include_hidden=True):
            if os.path.isfile(path):
                os.utime(path, (time.time() - 120,) * 2)
        before, creates = len(old()), 0
        while old() and creates < before / 4 + 20:
            self.create("sweeper", self.calm)
            self.delete("sweeper")
            creates += 1
        self.same((before > 0, old()), (True, []),
                  f"{creates} creates sweep {before} records and temporary files")


def main(creates, pods, seed):
    """Exit status."""
    print(f"# seed {seed}", flush=True)
    node = Soak(seed)
    node.policy()
    node.creates(creates)
    node.pods(pods)
    if not BARE:
        node.sweep()
    return node.finish()


sys.exit(main(*map(int, sys.argv[1:4])))

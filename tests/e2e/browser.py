#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A page as a browser shows it: browser.py PAGE DIRECTORY [NAME]

Headless Chromium, steered through the pipe of its DevTools protocol, shows PAGE at 1280 and 360
pixels, light and dark. Printed is what is wrong, nothing for a good page: it is wider than the
window, text or bars have too little contrast (WCAG 2.1: 4.5, 3 for large text and graphics),
tables without caption or scope, pictures without a text, scripts, console messages, and requests
other than for the page. Screenshots of the whole page are DIRECTORY/NAME-WIDTH-SCHEME.png."""
import base64
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ.get("HR_CHROMIUM", "chromium")
SECONDS = 120

LOOK = r"""
(() => {
  const bad = [];
  document.querySelectorAll('details').forEach(d => d.open = true);
  const wide = document.documentElement.clientWidth;
  const page = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (page > wide) bad.push(`the page is ${page} pixels wide, the window ${wide}`);
  const name = e => e.tagName.toLowerCase() + (e.className.baseVal ?? e.className ?? '');
  for (const e of document.querySelectorAll('body *')) {
    const box = e.getBoundingClientRect();
    if (box.width > 0 && (box.right > wide + 0.5 || box.left < -0.5))
      bad.push(`${name(e)} reaches from ${box.left} to ${box.right}`);
    if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && getComputedStyle(e).display !== 'inline')
      bad.push(`${name(e)}: what is in it is wider than itself`);
  }
  const numbers = c => (c.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = numbers(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || (c.length === 4 && c[3] === 1)) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  let texts = 0, least = 99;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || e.getClientRects().length === 0) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const value = contrast(numbers(style.color).slice(0, 3), ground(e));
    texts++;
    least = Math.min(least, value);
    if (value < (large ? 3 : 4.5)) bad.push(`text "${walk.currentNode.data.slice(0, 30)}" has contrast ${value.toFixed(2)}`);
    if (size < 12) bad.push(`text "${walk.currentNode.data.slice(0, 30)}" is ${size} pixels high`);
  }
  let bars = 0;
  for (const e of document.querySelectorAll('svg rect')) {
    const value = contrast(numbers(getComputedStyle(e).fill).slice(0, 3), ground(e.closest('svg').parentElement));
    bars++;
    if (value < 3) bad.push(`a bar has contrast ${value.toFixed(2)}`);
  }
  for (const t of document.querySelectorAll('table')) {
    if (!t.caption || !t.caption.innerText.trim()) bad.push('a table has no caption');
    if (!t.querySelector('thead th')) bad.push('a table has no heading');
    t.querySelectorAll('th').forEach(h => h.scope || bad.push('a heading has no scope'));
  }
  for (const s of document.querySelectorAll('svg'))
    if (s.getAttribute('aria-hidden') !== 'true' && !(s.getAttribute('role') === 'img' && s.getAttribute('aria-label')))
      bad.push('a picture has no text');
  if (document.querySelector('script, iframe, object, embed, link, img, [style], [onclick], [onload]'))
    bad.push('there is something that does or loads');
  document.querySelectorAll('details').forEach(d => d.open = false);
  const dark = light(ground(document.body)) < 0.2;
  return {bad, texts, bars, least, dark, title: document.title, lang: document.documentElement.lang};
})()
"""


class Browser:
    def __init__(self, directory):
        to_it, self.to_it = os.pipe()
        self.from_it, from_it = os.pipe()

        def pipes():  # Chromium reads from 3 and writes to 4
            high = os.dup(to_it), os.dup(from_it)
            low = [fd if fd > 4 else os.dup(os.dup(os.dup(fd))) for fd in high]
            os.dup2(low[0], 3)
            os.dup2(low[1], 4)

        self.process = subprocess.Popen(
            [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-extensions", "--hide-scrollbars", f"--user-data-dir={directory}",
             "--remote-debugging-pipe", "about:blank"],
            preexec_fn=pipes, close_fds=False, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": directory, "DBUS_SESSION_BUS_ADDRESS": "disabled:"})
        os.close(to_it)
        os.close(from_it)
        self.rest, self.number, self.events = b"", 0, []
        self.end = time.monotonic() + SECONDS

    def message(self):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.from_it], [], [], max(0, self.end - time.monotonic()))
            part = os.read(self.from_it, 1 << 16) if ready else b""
            if not part:
                sys.exit("the browser does not answer")
            self.rest += part
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def ask(self, method, session=None, **params):
        self.number += 1
        call = {"id": self.number, "method": method, "params": params}
        if session:
            call["sessionId"] = session
        os.write(self.to_it, json.dumps(call).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def heard(events, page):
    """What the console said, and what was asked for."""
    for event in events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Log.entryAdded":
            yield f"console: {params['entry'].get('text')}"
        elif method == "Runtime.consoleAPICalled" or method == "Runtime.exceptionThrown":
            yield f"console: {json.dumps(params)[:200]}"
        elif method == "Network.requestWillBeSent" and params["request"]["url"] != page:
            yield f"asks for {params['request']['url']}"
        elif method == "Page.javascriptDialogOpening":
            yield "a script has run"


def show(browser, page, width, scheme, picture):
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.events = []
    for domain in ("Page", "Network", "Log", "Runtime"):
        browser.ask(f"{domain}.enable", session)
    browser.ask("Emulation.setDeviceMetricsOverride", session, width=width, height=900,
                deviceScaleFactor=1, mobile=width < 600)
    browser.ask("Emulation.setEmulatedMedia", session,
                features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.ask("Page.navigate", session, url=page)
    browser.wait("Page.loadEventFired")
    result = browser.ask("Runtime.evaluate", session, expression=LOOK, returnByValue=True)
    seen = result["result"].get("value")
    if not seen:
        sys.exit(f"the page cannot be looked at: {result}")
    image = browser.ask("Page.captureScreenshot", session, captureBeyondViewport=True)
    pathlib.Path(picture).write_bytes(base64.b64decode(image["data"]))
    bad = seen["bad"] + list(heard(browser.events, page))
    if seen["dark"] != (scheme == "dark"):
        bad.append("the page is not " + scheme)
    if not seen["title"] or not seen["lang"]:
        bad.append("no title, or no language")
    if seen["texts"] < 10:
        bad.append(f"only {seen['texts']} texts")
    browser.ask("Target.closeTarget", targetId=target)
    return bad, seen


def main():
    page, directory = sys.argv[1:3]
    name = sys.argv[3] if len(sys.argv) > 3 else "page"
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR"), ignore_cleanup_errors=True) as home:
        browser = Browser(home)
        try:
            for width in (1280, 360):
                for scheme in ("light", "dark"):
                    picture = f"{directory}/{name}-{width}-{scheme}.png"
                    bad, seen = show(browser, pathlib.Path(page).resolve().as_uri(), width, scheme, picture)
                    for one in sorted(set(bad)):
                        print(f"{width} {scheme}: {one}")
                    print(f"{width} {scheme}: {seen['texts']} texts, least contrast "
                          f"{seen['least']:.1f}, {seen['bars']} bars", file=sys.stderr)
        finally:
            browser.close()


main()

# SPDX-License-Identifier: BSD-2-Clause
"""A headless Chromium for tests of pages: opens a file, evaluates in it, sends it the wheel, the pointer
and keys as a user would, and keeps what its console said was wrong. Over the pipe of the DevTools
protocol: no port, no network.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-extensions", "--hide-scrollbars", "--disable-dev-shm-usage",
         "--host-resolver-rules=MAP * ~NOTFOUND")
WAIT_S = 60
KEYS = {"ArrowLeft": 37, "ArrowRight": 39, "Home": 36}


def program():
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if not found:
        pytest.skip("no chromium: apt-get install chromium")
    return found


class Browser:
    """One Chromium and one page in it."""

    def __init__(self, directory, width=1280, height=1400):
        self.errors, self.number, self.left = [], 0, b""
        theirs_in, self.to = os.pipe()
        self.back, theirs_out = os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in (theirs_in, theirs_out)]

        def place():
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [program(), *FLAGS, f"--user-data-dir={directory}", f"--window-size={width},{height}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(directory), "HOME": str(directory)}, pass_fds=(3, 4),
            preexec_fn=place, start_new_session=True)
        for fd in (theirs_in, theirs_out, *high):
            os.close(fd)
        target = self.send("Target.createTarget", url="about:blank", session=None)["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True,
                                 session=None)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.to)
        os.close(self.back)

    # ---- the protocol ------------------------------------------------------------------------

    def send(self, method, session="", **params):
        """One command; returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._event(answer)

    def _receive(self):
        until = time.monotonic() + WAIT_S
        while b"\0" not in self.left:
            ready, _, _ = select.select([self.back], [], [], max(0, until - time.monotonic()))
            part = os.read(self.back, 1 << 20) if ready else b""
            assert part, "chromium said nothing more"
            self.left += part
        line, _, self.left = self.left.partition(b"\0")
        return json.loads(line)

    def _event(self, event):
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            what = params["exceptionDetails"]
            self.errors.append(what.get("exception", {}).get("description") or what["text"])
        elif event.get("method") == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.errors.append(str([arg.get("value") for arg in params["args"]]))
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"])

    # ---- what a user does --------------------------------------------------------------------

    def open(self, path):
        self.send("Page.navigate", url=f"file://{path}")
        self.until("document.readyState === 'complete' && location.protocol === 'file:'")

    def eval(self, code):
        """The value of an expression in the page; a promise is awaited."""
        got = self.send("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in got, got["exceptionDetails"]
        return got["result"].get("value")

    def until(self, code):
        """Waits until an expression holds; returns its value."""
        until = time.monotonic() + WAIT_S
        while True:
            value = self.eval(code)
            if value:
                return value
            assert time.monotonic() < until, f"{code} did not come to hold; console: {self.errors}"
            self.eval("new Promise(requestAnimationFrame)")

    def place(self, selector):
        """Centre of an element in the window, scrolled to."""
        return self.eval(f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{ block: "center" }}); const r = e.getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2]; }})()""")

    def mouse(self, kind, x, y, **more):
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def wheel(self, x, y, delta):
        self.mouse("mouseWheel", x, y, deltaX=0, deltaY=delta)

    def click(self, selector):
        x, y = self.place(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def drag(self, x, y, to_x, to_y, modifiers=0):
        self.mouse("mousePressed", x, y, button="left", clickCount=1, modifiers=modifiers)
        for part in (0.5, 1):
            self.mouse("mouseMoved", x + (to_x - x) * part, y + (to_y - y) * part, button="left", buttons=1,
                       modifiers=modifiers)
        self.mouse("mouseReleased", to_x, to_y, button="left", clickCount=1, modifiers=modifiers)

    def key(self, name):
        text = {"text": name} if len(name) == 1 else {"windowsVirtualKeyCode": KEYS[name]}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=name, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=name)

    def media(self, **features):
        """prefers_color_scheme="dark"; media="print"."""
        self.send("Emulation.setEmulatedMedia", media=features.pop("media", ""), features=[
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def picture(self, path, whole=False):
        shot = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

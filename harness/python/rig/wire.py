# SPDX-License-Identifier: BSD-2-Clause
"""The impairment of the device under test's link, in the topology language's words.

`in` is toward the device, `out` from it. Called by the fixture `wire`.
"""

from .session import RigError


class NoBackend(Exception):
    """The backend asked for is not on this machine; the text is the rig's sentence."""


class Wire:
    def __init__(self, session, device, backend="auto", seed=1):
        self.session, self.device, self.backend, self.seed = session, device, backend, seed

    def _link(self, words):
        try:
            return self.session.do(f"link {self.device} {words}")
        except RigError as error:
            if "netem" in str(error) and self.backend == "netem":
                raise NoBackend(str(error)) from None
            raise

    def set(self, words, way="both", backend=None):
        """wire.set("delay 5ms loss 1%"): from now on; words add to those before."""
        seed = "" if " seed " in f" {words} " else f" seed {self.seed}"
        return self._link(f"{way} {words}{seed} backend {backend or self.backend}")

    def drop(self, what, way="in"):
        """wire.drop("data 3"): the third data segment toward the device is lost (wire backend)."""
        return self._link(f"{way} script drop {what} backend wire")

    def clear(self):
        return self._link("clear")

    def stats(self):
        return self._link("stats")

# SPDX-License-Identifier: BSD-2-Clause
"""Loads the bench's plugin from the source tree: nothing needs to be installed."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness/python"))

pytest_plugins = ["rig.plugin"]

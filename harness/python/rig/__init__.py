# SPDX-License-Identifier: BSD-2-Clause
"""The bench for pytest: worlds of network namespaces, devices under test, hand-made segments.

rig.plugin is the pytest plugin, loaded by scenarios/conftest.py. The parts know each other one way:

    plugin -> dut, wire, evidence -> host, flow -> tester -> match -> session, net
"""

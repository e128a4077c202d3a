# SPDX-License-Identifier: BSD-2-Clause
# Finds the Python that can run the scenarios: 3.11 or newer (tomllib), with scapy, pytest and
# pytest-xdist. The first python3 on PATH often is not the distribution's, so several are asked.
# Without one the build goes on and the scenarios are skipped by name.

AC_DEFUN([PH_PYTHON_CHECK], [dnl
import importlib.util as u, sys; dnl
m = @<:@n for n in ("tomllib", "scapy", "pytest", "xdist") if not u.find_spec(n)@:>@; dnl
print(" ".join(m)); sys.exit(1 if m else 0)])

AC_DEFUN([PH_FIND_PYTHON], [
	AC_ARG_VAR([PYTHON], [the Python with scapy, pytest and pytest-xdist])
	AC_MSG_CHECKING([for a Python with tomllib, scapy, pytest and xdist])
	ph_python_check='PH_PYTHON_CHECK'
	AS_IF([test -n "$PYTHON"], [
		AS_IF([ph_lacks=`"$PYTHON" -c "$ph_python_check" 2>/dev/null`],
			[ph_have_python=yes],
			[AC_MSG_RESULT([no])
			AC_MSG_ERROR([PYTHON=$PYTHON cannot run, or lacks: ${ph_lacks:-everything}; leave PYTHON unset to let configure look, or apt-get install python3-scapy python3-pytest python3-pytest-xdist and use PYTHON=/usr/bin/python3])])
	], [
		ph_have_python=no
		for ph_try in python3 /usr/bin/python3 python3.13 python3.12 python3.11 \
			/usr/local/bin/python3; do
			AS_IF([ph_path=`command -v $ph_try 2>/dev/null` && test -n "$ph_path" &&
				"$ph_path" -c "$ph_python_check" >/dev/null 2>&1],
				[PYTHON=$ph_path; ph_have_python=yes; break])
		done
	])
	AS_IF([test $ph_have_python = yes],
		[AC_MSG_RESULT([$PYTHON]); ph_python_text="yes, with $PYTHON"],
		[AC_MSG_RESULT([none])
		ph_python_text="no, no Python >= 3.11 with all of them: apt-get install python3-scapy python3-pytest python3-pytest-xdist"
		PYTHON=])
	AC_SUBST([PYTHON])
	# Lint needs no more than the standard library.
	AC_PATH_PROGS([PYTHON3], [python3], [$PYTHON])
	AC_DEFINE_UNQUOTED([RIG_PYTHON], ["$PYTHON"],
		[the Python that has scapy and pytest; empty if configure found none])
	AM_CONDITIONAL([HAVE_PYTHON], [test $ph_have_python = yes])
])

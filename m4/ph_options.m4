# SPDX-License-Identifier: BSD-2-Clause
# Compiler warnings and the --enable options. Called once, by configure.ac.

# PH_TRY_CFLAG(FLAG, [VARIABLE]): add FLAG to VARIABLE if the compiler takes it.
AC_DEFUN([PH_TRY_CFLAG], [
	AS_VAR_PUSHDEF([cache], [ph_cv_cflag_$1])
	AC_CACHE_CHECK([whether $CC takes $1], [cache], [
		ph_save_cflags=$CFLAGS
		CFLAGS="$CFLAGS -Werror $1"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM], [AS_VAR_SET([cache], [yes])],
			[AS_VAR_SET([cache], [no])])
		CFLAGS=$ph_save_cflags
	])
	AS_VAR_IF([cache], [yes], [m4_default([$2], [WARN_CFLAGS])="$m4_default([$2], [WARN_CFLAGS]) $1"])
	AS_VAR_POPDEF([cache])
])

AC_DEFUN([PH_WARNINGS], [
	WARN_CFLAGS=
	m4_foreach_w([flag], [-Wall -Wextra -Wconversion -Wshadow -Wswitch-enum -Wvla -Wundef
		-Wstrict-prototypes -Wmissing-prototypes],
		[PH_TRY_CFLAG(flag)])
	AC_SUBST([WARN_CFLAGS])
])

AC_DEFUN([PH_OPTIONS], [
	AC_ARG_ENABLE([werror],
		[AS_HELP_STRING([--enable-werror], [a compiler warning ends the build])],
		[], [enable_werror=no])
	ph_werror_text=warnings
	AS_IF([test "$enable_werror" = yes], [
		WARN_CFLAGS="$WARN_CFLAGS -Werror"
		ph_werror_text="errors (--enable-werror)"
	])

	AC_ARG_ENABLE([sanitize],
		[AS_HELP_STRING([--enable-sanitize@<:@=LIST@:>@],
			[build with sanitizers; without a LIST, address,undefined])],
		[], [enable_sanitize=no])
	AS_CASE([$enable_sanitize], [no], [], [yes], [enable_sanitize=address,undefined], [])
	SAN_CFLAGS=
	AS_IF([test "$enable_sanitize" != no], [
		SAN_CFLAGS="-fsanitize=$enable_sanitize -fno-sanitize-recover=all -fno-omit-frame-pointer"
		AC_MSG_CHECKING([whether $CC links with -fsanitize=$enable_sanitize])
		ph_save_cflags=$CFLAGS
		CFLAGS="$CFLAGS $SAN_CFLAGS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM], [AC_MSG_RESULT([yes])], [
			AC_MSG_RESULT([no])
			AC_MSG_ERROR([$CC cannot link with -fsanitize=$enable_sanitize: with gcc apt-get install libasan8 libubsan1, with clang apt-get install libclang-rt-14-dev (or the one of your clang's version)])
		])
		CFLAGS=$ph_save_cflags
	])
	AC_SUBST([SAN_CFLAGS])

	AC_ARG_ENABLE([lto],
		[AS_HELP_STRING([--enable-lto], [optimise across files, in a build to measure or to use; needs gcc])],
		[], [enable_lto=no])
	LTO_CFLAGS=
	AS_IF([test "$enable_lto" != no], [
		# Objects have ordinary code as well: the archive serves who links without. Seen across
		# files, values that are set where they are used look as if they were not.
		LTO_CFLAGS="-flto=auto -ffat-lto-objects -Wno-maybe-uninitialized"
		AC_MSG_CHECKING([whether $CC links with $LTO_CFLAGS])
		ph_save_cflags=$CFLAGS
		CFLAGS="$CFLAGS -Werror $LTO_CFLAGS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM], [AC_MSG_RESULT([yes])], [
			AC_MSG_RESULT([no])
			AC_MSG_ERROR([$CC cannot link with $LTO_CFLAGS: configure CC=gcc, or without --enable-lto])
		])
		CFLAGS=$ph_save_cflags
	])
	AC_SUBST([LTO_CFLAGS])

	AC_ARG_ENABLE([fuzz],
		[AS_HELP_STRING([--enable-fuzz], [build the fuzz targets; needs clang])],
		[], [enable_fuzz=no])
	AS_IF([test "$enable_fuzz" != no], [
		AC_MSG_CHECKING([whether $CC takes -fsanitize=fuzzer])
		ph_save_cflags=$CFLAGS
		CFLAGS="$CFLAGS -fsanitize=fuzzer"
		AC_LINK_IFELSE([AC_LANG_SOURCE([[
			#include <stddef.h>
			#include <stdint.h>
			int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
			int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) { (void)p; return n == 77; }
		]])], [AC_MSG_RESULT([yes])], [
			AC_MSG_RESULT([no])
			AC_MSG_ERROR([--enable-fuzz needs clang with its run-time library: apt-get install clang libclang-rt-14-dev, then configure CC=clang])
		])
		CFLAGS=$ph_save_cflags
		# Coverage in every object; a crash is found by the sanitizers.
		AS_IF([test "$enable_sanitize" = no], [
			enable_sanitize=address,undefined
			SAN_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
		])
		SAN_CFLAGS="$SAN_CFLAGS -fsanitize=fuzzer-no-link"
	])
	AM_CONDITIONAL([FUZZ], [test "$enable_fuzz" != no])
])

# PH_LIBRARY(VARIABLE, MODULE, LIBRARY, PACKAGE): a library the bench cannot do without.
AC_DEFUN([PH_LIBRARY], [
	PKG_CHECK_MODULES([$1], [$2], [],
		[AC_MSG_ERROR([$3 not found: apt-get install $4])])
])

AC_DEFUN([PH_LIBRARIES], [
	PKG_PROG_PKG_CONFIG
	AS_IF([test -z "$PKG_CONFIG"],
		[AC_MSG_ERROR([pkg-config not found: apt-get install pkg-config])])
	PH_LIBRARY([NL], [libnl-3.0 >= 3.5], [libnl-3], [libnl-3-dev])
	PH_LIBRARY([NLROUTE], [libnl-route-3.0 >= 3.5], [libnl-route-3], [libnl-route-3-dev])
	PH_LIBRARY([MNL], [libmnl], [libmnl], [libmnl-dev])
	PH_LIBRARY([JANSSON], [jansson >= 2.13], [jansson], [libjansson-dev])
	PKG_CHECK_MODULES([CMOCKA], [cmocka >= 1.1.5],
		[ph_have_cmocka=yes; ph_cmocka_text=yes],
		[ph_have_cmocka=no; ph_cmocka_text="no, cmocka not found: apt-get install libcmocka-dev"])
	AM_CONDITIONAL([HAVE_CMOCKA], [test $ph_have_cmocka = yes])
	# Another stack for the bench to hold against the scripts; its headers are not held to our warnings.
	PKG_CHECK_MODULES([LWIP], [lwip >= 2.1],
		[ph_have_lwip=yes; ph_lwip_text=yes],
		[ph_have_lwip=no; ph_lwip_text="no, lwIP not found: apt-get install liblwip-dev"])
	LWIP_SYSTEM=`AS_ECHO(["$LWIP_CFLAGS"]) | $SED 's/-I/-isystem /g'`
	AC_SUBST([LWIP_SYSTEM])
	AM_CONDITIONAL([HAVE_LWIP], [test $ph_have_lwip = yes])
])

/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as Python prints them, and "..." % values. Called by the evaluator. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/drill/pyexpr_int.h"

void drill_py_put(char *out, size_t size, size_t *used, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (*used + 1 >= size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(out + *used, size - *used, fmt, ap);
	va_end(ap);
	if (n > 0)
		*used += (size_t)n < size - *used ? (size_t)n : size - *used - 1;
}

static void put_int(drill_py_int n, char *out, size_t size, size_t *used)
{
	char digits[48];
	size_t at = sizeof(digits) - 1;
	unsigned __int128 u = n < 0 ? 0 - (unsigned __int128)n : (unsigned __int128)n;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + (int)(u % 10));
		u /= 10;
	} while (u);
	if (n < 0)
		digits[--at] = '-';
	drill_py_put(out, size, used, "%s", digits + at);
}

static void put_real(double d, char *out, size_t size, size_t *used)
{
	char text[64];

	snprintf(text, sizeof(text), "%.12g", d);
	if (!strpbrk(text, ".eni"))
		strcat(text, ".0");
	drill_py_put(out, size, used, "%s", text);
}

void drill_py_text(const struct drill_py_value *v, bool repr, char *out, size_t size, size_t *used)
{
	switch (v->kind) {
	case DRILL_PY_NONE:
		drill_py_put(out, size, used, "None");
		break;
	case DRILL_PY_BOOL:
		drill_py_put(out, size, used, v->num ? "True" : "False");
		break;
	case DRILL_PY_INT:
		put_int(v->num, out, size, used);
		break;
	case DRILL_PY_FLOAT:
		put_real(v->real, out, size, used);
		break;
	case DRILL_PY_STR:
		drill_py_put(out, size, used, repr ? "'%s'" : "%s", v->str);
		break;
	case DRILL_PY_TUPLE:
		drill_py_put(out, size, used, "(");
		for (uint32_t i = 0; i < v->count && *used + 1 < size; i++) {
			drill_py_put(out, size, used, "%s", i ? ", " : "");
			drill_py_text(&v->item[i], true, out, size, used);
		}
		drill_py_put(out, size, used, v->count == 1 ? ",)" : ")");
		break;
	}
}

static bool put_hex(const struct drill_py_value *v, bool upper, char *out, size_t size,
		    size_t *used)
{
	if ((v->kind != DRILL_PY_INT && v->kind != DRILL_PY_BOOL) || v->num < 0 ||
	    v->num > UINT64_MAX)
		return false;
	drill_py_put(out, size, used, upper ? "%llX" : "%llx", (unsigned long long)v->num);
	return true;
}

/* One %c of a format. */
static bool convert(char c, const struct drill_py_value *v, char *out, size_t size, size_t *used)
{
	bool number = v->kind == DRILL_PY_INT || v->kind == DRILL_PY_BOOL;

	switch (c) {
	case 's':
		drill_py_text(v, false, out, size, used);
		return true;
	case 'r':
		drill_py_text(v, true, out, size, used);
		return true;
	case 'd':
	case 'i':
	case 'u':
		if (v->kind == DRILL_PY_FLOAT && v->real > -1e18 && v->real < 1e18)
			put_int((drill_py_int)v->real, out, size, used);
		else if (number)
			put_int(v->num, out, size, used);
		return number || v->kind == DRILL_PY_FLOAT;
	case 'x':
	case 'X':
		return put_hex(v, c == 'X', out, size, used);
	case 'f':
	case 'g':
		if (!number && v->kind != DRILL_PY_FLOAT)
			return false;
		drill_py_put(out, size, used, c == 'f' ? "%f" : "%g",
			     number ? (double)v->num : v->real);
		return true;
	default:
		return false;
	}
}

bool drill_py_format(const char *format, const struct drill_py_value *v, char *out, size_t size)
{
	size_t used = 0;
	uint32_t taken = 0, count = v->kind == DRILL_PY_TUPLE ? v->count : 1;

	if (size)
		out[0] = '\0';
	for (const char *c = format; *c; c++) {
		if (*c != '%') {
			drill_py_put(out, size, &used, "%c", *c);
			continue;
		}
		c++;
		if (*c == '%') {
			drill_py_put(out, size, &used, "%%");
			continue;
		}
		while (*c == '0' || *c == '#' || *c == '-' || *c == '.' || (*c >= '1' && *c <= '9'))
			c++; /* widths are of no consequence here */
		if (!*c || taken == count ||
		    !convert(*c, v->kind == DRILL_PY_TUPLE ? &v->item[taken] : v, out, size, &used))
			return false;
		taken++;
	}
	return taken == count;
}

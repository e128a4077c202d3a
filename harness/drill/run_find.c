/* SPDX-License-Identifier: BSD-2-Clause */
/* Which scripts there are, and what is expected of them: see run_many.h. */
#define _GNU_SOURCE

#include "harness/drill/run_many.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_TEXT = 4096, WHY_TEXT = 1024, DEPTH_MAX = 32 };

static int add(const char *path, char ***list, size_t *n)
{
	char **grown = realloc(*list, (*n + 1) * sizeof(**list));

	if (!grown)
		return -1;
	*list = grown;
	grown[*n] = strdup(path);
	if (!grown[*n])
		return -1;
	(*n)++;
	return 0;
}

static bool is_script(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".pkt") == 0;
}

static int walk(const char *dir, int depth, char ***list, size_t *n)
{
	struct dirent **entry;
	int count = scandir(dir, &entry, NULL, alphasort), rc = 0;

	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		char path[PATH_TEXT];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		if (rc == 0 && entry[i]->d_name[0] != '.' && stat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
				rc = walk(path, depth + 1, list, n);
			else if (S_ISREG(st.st_mode) && is_script(path))
				rc = add(path, list, n);
		}
		free(entry[i]);
	}
	free(entry);
	return rc;
}

int drill_many_find(const char *path, char ***list, size_t *n, char *err, size_t err_size)
{
	struct stat st;
	size_t before = *n;
	int rc;

	if (stat(path, &st) != 0) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	rc = S_ISDIR(st.st_mode) ? walk(path, 0, list, n) : add(path, list, n);
	if (rc != 0)
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
	else if (*n == before)
		snprintf(err, err_size, "%s: there is no script (*.pkt) in it", path);
	return *n == before ? -1 : rc;
}

/* The end of the path, from a name on; "dir/" is what is in a directory of that name. */
static bool ends_with(const char *path, const char *tail)
{
	size_t n = strlen(path), m = strlen(tail);
	const char *at = path;

	if (m > 0 && tail[m - 1] == '/') {
		while ((at = strstr(at, tail)) && at > path && at[-1] != '/')
			at++;
		return at != NULL;
	}

	return n >= m && strcmp(path + n - m, tail) == 0 && (n == m || path[n - m - 1] == '/');
}

/* What a comment says, after what `why` says already; a blank line ends a paragraph, and comments
 * begin a new one where lines came between. */
static void gather_why(char *why, size_t size, const char *comment)
{
	size_t len = strlen(why);

	comment += strspn(comment, "# \t");
	snprintf(why + len, size - len, "%s%s", len ? " " : "", comment);
}

static int expect_row(struct drill_row *row, enum drill_verdict v, const char *why)
{
	row->expected = v;
	row->has_expected = true;
	free(row->why);
	row->why = *why ? strdup(why) : NULL;
	return *why && !row->why ? -1 : 0;
}

int drill_many_expect(const char *file, const char *device, struct drill_row *row, size_t n,
		      char *err, size_t err_size)
{
	FILE *f = fopen(file, "r");
	char line[PATH_TEXT], script[PATH_TEXT], dut[64], verdict[64], why[WHY_TEXT] = "";
	bool above = false; /* the lines just read were comments */
	unsigned number = 0;

	if (!f) {
		snprintf(err, err_size, "%s: %s", file, strerror(errno));
		return -1;
	}
	while (fgets(line, sizeof(line), f)) {
		char *comment = strchr(line, '#');
		enum drill_verdict v;
		int words;

		number++;
		line[strcspn(line, "\n")] = '\0';
		if (comment == line) {
			if (!above)
				why[0] = '\0';
			above = true;
			gather_why(why, sizeof(why), comment);
			continue;
		}
		above = false;
		if (comment)
			*comment++ = '\0';
		words = sscanf(line, "%4095s %63s %63s", script, dut, verdict);
		if (words <= 0) {
			why[0] = '\0';
			continue;
		}
		if (words != 3 || !drill_verdict_parse(verdict, &v)) {
			snprintf(err, err_size,
				 "%s:%u: expected SCRIPT DEVICE VERDICT with pass, fail, "
				 "unsupported, timeout or error",
				 file, number);
			fclose(f);
			return -1;
		}
		for (size_t i = 0; i < n && strcmp(dut, device) == 0; i++) {
			if (ends_with(row[i].path, script) &&
			    expect_row(&row[i], v, comment ? comment + strspn(comment, " \t") : why) != 0) {
				snprintf(err, err_size, "%s: no memory", file);
				fclose(f);
				return -1;
			}
		}
	}
	fclose(f);
	return 0;
}

bool drill_row_good(const struct drill_row *row)
{
	return row->verdict == (row->has_expected ? row->expected : DRILL_PASS);
}

void drill_rows_free(struct drill_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(row[i].reason);
		free(row[i].message);
		free(row[i].why);
	}
	free(row);
}

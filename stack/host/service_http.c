/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http: answers GET and HEAD of any path with one small page and closes, so that curl and a
 * browser have something to ask for. Requests as RFC 9112 2 and 3, without bodies. Called
 * through the table in service.c.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/service.h"

#define PAGE                       \
	"<!doctype html>\n"        \
	"<title>phantom</title>\n" \
	"<h1>phantom</h1>\n"       \
	"<p>This page came over a TCP that runs in user space.\n"
#define PAGE_LENGTH "110" /* checked below */
#define HEAD                                                                               \
	"HTTP/1.1 200 OK\r\nServer: phantom\r\nContent-Type: text/html; charset=utf-8\r\n" \
	"Content-Length: " PAGE_LENGTH "\r\nConnection: close\r\n\r\n"
#define FAILURE(status, text)                                                             \
	"HTTP/1.1 " status "\r\nContent-Type: text/plain\r\nContent-Length: " text "\r\n" \
	"Connection: close\r\n"

_Static_assert(sizeof(PAGE) - 1 == 110, "Content-Length is not the page's length");

static const char get_answer[] = HEAD PAGE;
static const char head_answer[] = HEAD;
static const char bad_request[] = FAILURE("400 Bad Request", "15") "\r\nnot a request.\n";
static const char bad_method[] =
	FAILURE("405 Method Not Allowed", "17") "Allow: GET, HEAD\r\n\r\nonly GET or HEAD\n";
static const char too_large[] =
	FAILURE("431 Request Header Fields Too Large", "18") "\r\nrequest too large\n";

static void answer(struct conn *c, const char *text, size_t size)
{
	c->u.http.answer = text;
	c->u.http.answer_len = (uint16_t)(size - 1);
}

/* The request line is METHOD SP TARGET SP HTTP/1.x; line excludes its end. */
static void judge(struct conn *c, const char *line, size_t len)
{
	const char *first = memchr(line, ' ', len);
	const char *last = memrchr(line, ' ', len);
	size_t method;

	if (!first || first == line || last == first + 1 || last == first ||
	    len - (size_t)(last + 1 - line) != 8 || memcmp(last + 1, "HTTP/1.", 7) != 0) {
		answer(c, bad_request, sizeof(bad_request));
		return;
	}
	method = (size_t)(first - line);
	if (method == 3 && memcmp(line, "GET", 3) == 0)
		answer(c, get_answer, sizeof(get_answer));
	else if (method == 4 && memcmp(line, "HEAD", 4) == 0)
		answer(c, head_answer, sizeof(head_answer));
	else
		answer(c, bad_method, sizeof(bad_method));
}

/* Looks for the empty line that ends a request; a bare LF is taken as RFC 9112 2.2 allows. */
static void look(struct conn *c)
{
	const char *request = c->u.http.request;
	size_t have = c->u.http.have;
	const char *lf = memchr(request, '\n', have);
	size_t line;

	if (!memmem(request, have, "\n\r\n", 3) && !memmem(request, have, "\n\n", 2)) {
		if (have == HTTP_REQUEST_MAX)
			answer(c, too_large, sizeof(too_large));
		return;
	}
	line = (size_t)(lf - request);
	if (line && request[line - 1] == '\r')
		line--;
	judge(c, request, line);
}

static enum verdict read_request(struct host *h, struct conn *c)
{
	if (!c->u.http.request) {
		c->u.http.request = malloc(HTTP_REQUEST_MAX);
		if (!c->u.http.request)
			return CONN_FAILED;
	}
	while (!c->u.http.answer) {
		int64_t n = ph_recv(h->st, c->app.socket, c->u.http.request + c->u.http.have,
				    (size_t)(HTTP_REQUEST_MAX - c->u.http.have), 0, h->now_ns);

		if (n == -EAGAIN)
			return CONN_WAIT;
		if (n <= 0)
			return n == 0 ? CONN_CLOSE : CONN_FAILED;
		c->u.http.have = (uint16_t)(c->u.http.have + n);
		look(c);
	}
	http_release(h, c);
	return CONN_AGAIN;
}

void http_release(struct host *h, struct conn *c)
{
	(void)h;
	free(c->u.http.request);
	c->u.http.request = NULL;
}

enum verdict http_ready(struct host *h, struct conn *c)
{
	if (!c->u.http.answer) {
		enum verdict v = read_request(h, c);

		if (v != CONN_AGAIN)
			return v;
	}
	while (c->u.http.sent < c->u.http.answer_len) {
		int64_t n = ph_send(h->st, c->app.socket, c->u.http.answer + c->u.http.sent,
				    (size_t)(c->u.http.answer_len - c->u.http.sent),
				    PH_MSG_NOSIGNAL, h->now_ns);

		if (n == -EAGAIN)
			return CONN_WAIT;
		if (n < 0)
			return CONN_FAILED;
		c->u.http.sent = (uint16_t)(c->u.http.sent + n);
	}
	return CONN_CLOSE;
}

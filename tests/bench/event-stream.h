/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of events, in whatever pieces and framing it comes. */
#pragma once

#include "load.h"

#include <poll.h>

#define EVENT_MARK "{\"sent\":"
#define EVENT_MAX  256

/* What came of it is held without its framing: a proxy may cut an event anywhere. */
typedef struct EventStream {
        int fd;
        bool is_chunked;
        Chunks chunks;
        char text[EVENT_MAX];
        size_t n_text;
} EventStream;

static int open_control(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (!arg.control || strlen(arg.control) >= sizeof(address.sun_path))
                die("control= is missing or too long");
        memcpy(address.sun_path, arg.control, strlen(arg.control) + 1);
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                die("%s: %s", arg.control, strerror(errno));
        return fd;
}

static void wish_event(int control) {
        if (send(control, "event", 5, 0) < 0)
                die("cannot ask for an event: %s", strerror(errno));
}

static void stream_feed(EventStream *s, const char *data, size_t n) {
        uint64_t before = s->chunks.n_payload;

        if (n >= sizeof(s->text) - s->n_text)
                die("an event is too large");
        if (s->is_chunked) {
                (void) chunks_feed(&s->chunks, data, n, s->text + s->n_text);
                n = (size_t) (s->chunks.n_payload - before);
        } else
                memcpy(s->text + s->n_text, data, n);
        s->n_text += n;
        s->text[s->n_text] = '\0';
}

static void stream_ask(EventStream *s) {
        static const char ask[] = "GET /v1.41/events HTTP/1.1\r\nHost: docker\r\n" AGENT "\r\n";

        *s = (EventStream){ .fd = connect_blocking() };
        send_all(s->fd, ask, sizeof(ask) - 1);
}

/* Up to the end of the answer's head; an event may be behind it. */
static void stream_begin(EventStream *s) {
        char head[HEAD_MAX] = "";
        size_t n = 0, len;
        const char *end;

        do {
                size_t more = receive(s->fd, head + n, sizeof(head) - 1 - n);

                if (more == 0)
                        die("the stream ended before it began: %.100s", head);
                n += more;
                head[n] = '\0';
                end = strstr(head, "\r\n\r\n");
        } while (!end);
        if (strncmp(head + 8, " 200", 4) != 0)
                die("expected a stream with status 200, got %.200s", head);
        len = (size_t) (end + 4 - head);
        s->is_chunked = head_value(head, len, "transfer-encoding:");
        stream_feed(s, head + len, n - len);
}

/* The event that is whole, if one is. */
static bool stream_take(EventStream *s, uint64_t *ret_sent) {
        char *mark = strstr(s->text, EVENT_MARK), *end = mark ? strchr(mark, '}') : NULL;

        if (!end)
                return false;
        *ret_sent = strtoull(mark + strlen(EVENT_MARK), NULL, 10);
        s->n_text -= (size_t) (end + 1 - s->text);
        memmove(s->text, end + 1, s->n_text + 1);
        return true;
}

/* When the next event was sent; false: the stream ended, or it did not come until the deadline. */
static bool stream_next(EventStream *s, uint64_t deadline, uint64_t *ret_sent) {
        while (!stream_take(s, ret_sent)) {
                struct pollfd p = { .fd = s->fd, .events = POLLIN };
                uint64_t now = now_nsec();
                char data[EVENT_MAX];
                ssize_t n;

                if (poll(&p, 1, now < deadline ? (int) ((deadline - now) / 1000000) + 1 : 0) <= 0)
                        return false;
                n = recv(s->fd, data, sizeof(s->text) - 1 - s->n_text, MSG_DONTWAIT);
                if (n <= 0)
                        return false;
                stream_feed(s, data, (size_t) n);
        }
        return true;
}

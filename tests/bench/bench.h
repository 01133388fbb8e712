/* SPDX-License-Identifier: Apache-2.0 */
/* What the tools of the bench share: addresses, sockets, the clock, the framing of bodies. */
#pragma once

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BENCH_ROOM (64 * 1024)

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void) vfprintf(stderr, format, args);
        va_end(args);
        (void) fputc('\n', stderr);
        exit(1);
}

static inline uint64_t now_nsec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000000U + (uint64_t) t.tv_nsec;
}

static inline void raise_fd_limit(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &limit);
        }
}

typedef struct Address {
        struct sockaddr_storage storage;
        socklen_t len;
} Address;

/* "unix:/PATH" or "tcp:127.0.0.1:PORT". */
static inline Address address_parse(const char *text) {
        Address a = { .len = 0 };

        if (strncmp(text, "unix:", 5) == 0) {
                struct sockaddr_un *un = (struct sockaddr_un *) &a.storage;

                if (strlen(text + 5) >= sizeof(un->sun_path))
                        die("%s: the path is too long", text);
                un->sun_family = AF_UNIX;
                memcpy(un->sun_path, text + 5, strlen(text + 5) + 1);
                a.len = sizeof(*un);
        } else if (strncmp(text, "tcp:127.0.0.1:", 14) == 0) {
                struct sockaddr_in *in = (struct sockaddr_in *) &a.storage;

                in->sin_family = AF_INET;
                in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                in->sin_port = htons((uint16_t) strtoul(text + 14, NULL, 10));
                a.len = sizeof(*in);
        } else
                die("%s: neither unix:/PATH nor tcp:127.0.0.1:PORT", text);
        return a;
}

static inline int socket_of(const Address *a, int flags) {
        int fd = socket(a->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), one = 1;

        if (fd < 0)
                die("no socket: %s", strerror(errno));
        if (a->storage.ss_family == AF_INET) {
                (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
                (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        }
        return fd;
}

static inline int listen_at(const Address *a) {
        int fd = socket_of(a, SOCK_NONBLOCK);

        if (bind(fd, (const struct sockaddr *) &a->storage, a->len) < 0 || listen(fd, 4096) < 0)
                die("cannot listen: %s", strerror(errno));
        return fd;
}

/* The framing of a chunked body: which of the bytes at hand are of it, and where it ends. */
typedef struct Chunks {
        enum { CHUNK_SIZE, CHUNK_SIZE_END, CHUNK_DATA, CHUNK_DATA_END, CHUNK_LAST, CHUNK_DONE } at;
        uint64_t left; /* of the chunk */
        uint64_t n_payload;
} Chunks;

static inline bool chunk_step(Chunks *c, char b) {
        switch (c->at) {
        case CHUNK_SIZE:
                if (b >= '0' && b <= '9')
                        c->left = c->left * 16 + (uint64_t) (b - '0');
                else if ((b | 0x20) >= 'a' && (b | 0x20) <= 'f')
                        c->left = c->left * 16 + (uint64_t) ((b | 0x20) - 'a' + 10);
                else if (b == '\r')
                        c->at = CHUNK_SIZE_END;
                else
                        return false;
                return true;
        case CHUNK_SIZE_END:
                c->at = c->left > 0 ? CHUNK_DATA : CHUNK_LAST;
                return b == '\n';
        case CHUNK_DATA_END:
                if (b == '\n')
                        c->at = CHUNK_SIZE;
                return b == '\r' || b == '\n';
        case CHUNK_LAST:
                if (b == '\n')
                        c->at = CHUNK_DONE;
                return b == '\r' || b == '\n';
        case CHUNK_DATA:
        case CHUNK_DONE:
                break;
        }
        return false;
}

/* How many of the bytes are of the body. */
static inline size_t chunks_feed(Chunks *c, const char *data, size_t n) {
        size_t i = 0;

        while (i < n && c->at != CHUNK_DONE) {
                size_t run;

                if (c->at != CHUNK_DATA) {
                        if (!chunk_step(c, data[i++]))
                                die("a malformed chunk");
                        continue;
                }
                run = n - i < c->left ? n - i : c->left;
                i += run;
                c->left -= run;
                c->n_payload += run;
                if (c->left == 0)
                        c->at = CHUNK_DATA_END;
        }
        return i;
}

/* The value of a header of this head (its name with the colon, in lower case), or NULL. */
static inline const char *head_value(const char *head, size_t len, const char *name) {
        size_t n = strlen(name);

        for (const char *line = head, *end = head + len; line && line + n < end;
             line = memchr(line, '\n', (size_t) (end - line))) {
                line += *line == '\n';
                if ((size_t) (end - line) > n && strncasecmp(line, name, n) == 0)
                        return line + n + strspn(line + n, " ");
        }
        return NULL;
}

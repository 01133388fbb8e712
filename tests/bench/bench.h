/* SPDX-License-Identifier: Apache-2.0 */
/* What the tools of the bench share: addresses, sockets, the clock. */
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

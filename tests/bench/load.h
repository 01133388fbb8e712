/* SPDX-License-Identifier: Apache-2.0 */
/* What the modes of the load generator share: options, samples, blocking connections. */
#pragma once

#include "answer.h"

#include <signal.h>

#define NSEC  1000000000ULL
#define AGENT "User-Agent: Docker-Client/20.10.24+dfsg1 (linux)\r\n"

static struct {
        Address address;
        const char *method, *path, *framing, *control;
        unsigned clients, count, expect, gap_ms, timeout;
        double seconds;
        unsigned long long bytes, length;
        bool is_fresh, has_length;
} arg = {
        .method = "GET",
        .path = NULL,
        .framing = "length",
        .clients = 1,
        .expect = 200,
        .gap_ms = 20,
        .timeout = 60,
        .seconds = 1,
        .bytes = 268435456,
};

static char room[BENCH_ROOM];

/* Numbers */

typedef struct Samples {
        uint64_t *nsec;
        size_t n, size;
} Samples;

static void samples_add(Samples *s, uint64_t nsec) {
        if (s->n == s->size) {
                s->size = s->size ? s->size * 2 : 4096;
                s->nsec = reallocarray(s->nsec, s->size, sizeof(*s->nsec));
                if (!s->nsec)
                        die("no memory");
        }
        s->nsec[s->n++] = nsec;
}

static int compare_samples(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return (x > y) - (x < y);
}

static void samples_sort(Samples *s) {
        if (s->n == 0)
                die("nothing was measured");
        qsort(s->nsec, s->n, sizeof(*s->nsec), compare_samples);
}

static double samples_at(const Samples *s, double part, double unit) {
        return (double) s->nsec[(size_t) (part * (double) (s->n - 1))] / unit;
}

/* Blocking connections. What does not end in time is ended by a signal. */

static void on_alarm(int number) {
        static const char text[] = "it took too long: see timeout=\n";

        (void) number;
        (void) !write(STDERR_FILENO, text, sizeof(text) - 1);
        _exit(1);
}

static void limit_time(unsigned seconds) {
        (void) signal(SIGALRM, on_alarm);
        (void) alarm(seconds);
}

/* A send that is held up for a second looks whether the peer has answered meanwhile. */
static int connect_blocking(void) {
        struct timeval patience = { .tv_sec = 1 };
        int fd = socket_of(&arg.address, 0);

        if (connect(fd, (const struct sockaddr *) &arg.address.storage, arg.address.len) < 0)
                die("cannot connect: %s", strerror(errno));
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        return fd;
}

/* Who answers before the request is whole refuses it, and may never read the rest. */
static void check_early_answer(int fd, int error) {
        ssize_t n = recv(fd, room, sizeof(room) - 1, MSG_DONTWAIT);

        if (n > 0) {
                room[n] = '\0';
                die("an answer came before the request was sent: %.100s", room);
        }
        if (n == 0 || error != EAGAIN)
                die("cannot send: %s", n == 0 ? "the connection ended" : strerror(error));
}

static void send_all(int fd, const char *data, size_t n) {
        while (n > 0) {
                ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

                if (sent < 0) {
                        check_early_answer(fd, errno);
                        continue;
                }
                data += sent;
                n -= (size_t) sent;
        }
}

static size_t receive(int fd, char *to, size_t size) {
        ssize_t n = recv(fd, to, size, 0);

        if (n < 0)
                die("nothing came: %s", strerror(errno));
        return (size_t) n;
}

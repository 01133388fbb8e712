/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy LISTEN UPSTREAM: carries bytes between each client and a connection of its own to the
 * upstream, and does nothing else: what any proxy that is one process must cost.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <sys/epoll.h>

typedef struct Pair Pair;

/* One socket of a pair; what came from it waits here for the other, if that takes no more. */
typedef struct Side {
        Pair *pair;
        int fd;
        char *held;
        size_t n_held, n_gone;
        bool waits_for_room, is_over;
        bool is_ending; /* told of, once; what came before it is still to be read */
} Side;

struct Pair {
        Side client, upstream;
        bool is_closed;
        Pair *next_closed;
};

static int epoll_fd;
static char room[BENCH_ROOM];
static Pair *closed;

static void watch(Side *s, int op, uint32_t events) {
        struct epoll_event e = { .events = events, .data.ptr = s };

        if (epoll_ctl(epoll_fd, op, s->fd, &e) < 0)
                die("epoll_ctl: %s", strerror(errno));
}

/* Freed after the events at hand: one of them may be its. */
static void pair_close(Pair *p) {
        if (p->is_closed)
                return;
        p->is_closed = true;
        (void) close(p->client.fd);
        (void) close(p->upstream.fd);
        p->next_closed = closed;
        closed = p;
}

static void await_room(Side *s, bool waits) {
        if (s->waits_for_room == waits)
                return;
        s->waits_for_room = waits;
        watch(s, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP | EPOLLET | (waits ? EPOLLOUT : 0));
}

static bool side_flush(Side *from, Side *to) {
        while (from->n_gone < from->n_held) {
                ssize_t n = send(to->fd, from->held + from->n_gone, from->n_held - from->n_gone,
                                 MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n < 0 && errno == EAGAIN) {
                        await_room(to, true);
                        return false;
                }
                if (n < 0) {
                        pair_close(from->pair);
                        return false;
                }
                from->n_gone += (size_t) n;
        }
        await_room(to, false);
        free(from->held);
        from->held = NULL;
        from->n_held = from->n_gone = 0;
        return true;
}

static void side_hold(Side *s, const char *data, size_t n) {
        s->held = malloc(n);
        if (!s->held)
                die("no memory");
        memcpy(s->held, data, n);
        s->n_held = n;
        s->n_gone = 0;
}

static void side_move(Side *from, Side *to) {
        while (!from->pair->is_closed && !from->is_over &&
               (from->n_held == 0 || side_flush(from, to))) {
                ssize_t n = recv(from->fd, room, sizeof(room), MSG_DONTWAIT), sent;

                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0) {
                        from->is_over = true;
                        (void) shutdown(to->fd, SHUT_WR);
                        if (n < 0 || to->is_over)
                                pair_close(from->pair);
                        return;
                }
                sent = send(to->fd, room, (size_t) n, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (sent < 0 && errno != EAGAIN) {
                        pair_close(from->pair);
                        return;
                }
                if (sent < n) {
                        side_hold(from, room + (sent > 0 ? sent : 0),
                                  (size_t) (n - (sent > 0 ? sent : 0)));
                        await_room(to, true);
                        return;
                }
                if (n < BENCH_ROOM && !from->is_ending)
                        return; /* a later byte is a new edge */
        }
}

static void take_connection(int listener, const Address *upstream) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        Pair *p;

        if (fd < 0)
                return;
        p = calloc(1, sizeof(*p));
        if (!p)
                die("no memory");
        p->client = (Side){ .pair = p, .fd = fd };
        p->upstream = (Side){ .pair = p, .fd = socket_of(upstream, SOCK_NONBLOCK) };
        if (connect(p->upstream.fd, (const struct sockaddr *) &upstream->storage, upstream->len) <
            0) {
                (void) close(p->upstream.fd);
                (void) close(fd);
                free(p);
                return;
        }
        watch(&p->client, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP | EPOLLET);
        watch(&p->upstream, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP | EPOLLET);
}

int main(int argc, char *argv[]) {
        struct epoll_event events[64];
        Address own, upstream;
        Side listener = { .fd = -1 };

        if (argc != 3)
                die("usage: copy LISTEN UPSTREAM");
        raise_fd_limit();
        own = address_parse(argv[1]);
        upstream = address_parse(argv[2]);
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        listener.fd = listen_at(&own);
        watch(&listener, EPOLL_CTL_ADD, EPOLLIN);

        for (;;) {
                int n = epoll_wait(epoll_fd, events, 64, -1);

                for (int i = 0; i < n; i++) {
                        Side *s = events[i].data.ptr;
                        Side *other;

                        if (s == &listener) {
                                take_connection(listener.fd, &upstream);
                                continue;
                        }
                        other = s == &s->pair->client ? &s->pair->upstream : &s->pair->client;
                        if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                                s->is_ending = true;
                        if (events[i].events & EPOLLOUT)
                                side_move(other, s);
                        if (events[i].events & ~(uint32_t) EPOLLOUT)
                                side_move(s, other);
                }
                while (closed) {
                        Pair *p = closed;

                        closed = p->next_closed;
                        free(p->client.held);
                        free(p->upstream.held);
                        free(p);
                }
        }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One listening socket that systemd passed: accepts, and pauses when nothing more can be taken. */
#pragma once

#include "io/loop.h"

#include <stdbool.h>
#include <sys/socket.h>

typedef struct Listener Listener;

typedef struct ListenerOwner {
        /* May one more connection be taken? Somebody waits: an idle one may be closed for it. */
        bool (*has_room)(void *userdata);
        /* A new connection: takes over *fd, or leaves it and it is closed. */
        void (*on_connection)(void *userdata, Listener *l, int *fd, const struct sockaddr *peer);
} ListenerOwner;

struct Listener {
        LoopWatch watch;
        Loop *loop;
        char *name; /* of the descriptor (LISTEN_FDNAMES) */
        bool is_tcp;
        bool is_watched;
        int spare_fd; /* given up for a moment when descriptors run out, to take and close one
                         connection */
        uint64_t warned_usec;
        Deadline resume;
        const ListenerOwner *owner;
        void *userdata;
};

typedef enum ListenerKind {
        LISTENER_GOOD = 0,
        LISTENER_NOT_SOCKET, /* not a socket, or not a stream socket */
        LISTENER_NOT_LISTENING,
        LISTENER_BAD_FAMILY, /* neither AF_UNIX nor AF_INET nor AF_INET6 */
} ListenerKind;

/* What is this descriptor that was passed? */
ListenerKind listener_check(int fd, bool *ret_is_tcp);

/* Takes over fd, which listener_check() found good. 0 or -errno. Does not accept before
 * listener_resume(). */
int listener_init(Listener *l, Loop *loop, int fd, const char *name, const ListenerOwner *owner,
                  void *userdata);
void listener_done(Listener *l);

void listener_pause(Listener *l);
void listener_resume(Listener *l);

/* Is somebody waiting in its queue? */
bool listener_has_waiting(const Listener *l);

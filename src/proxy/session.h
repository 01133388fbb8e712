/* SPDX-License-Identifier: Apache-2.0 */
/* One client connection: its heads, its keep-alive, one exchange at a time. */
#pragma once

#include "proxy/exchange.h"

#include <sys/socket.h>

typedef struct Session Session;

/* What a session asks of its owner. */
typedef struct SessionOwner {
        void *userdata;
        void (*on_closed)(void *userdata,
                          Session *s); /* it is over: free it. Nothing touches it afterwards */
} SessionOwner;

struct Session {
        Context *ctx;
        const SessionOwner *owner;
        Client client;
        Exchange *exchange;    /* NULL between two requests */
        size_t scanned;        /* bytes of client.ahead that were looked at for the end of a head */
        bool holds_large_head; /* has a place of the pool */
        bool waits_for_head;   /* the head deadline runs, not that of keep-alive */
        bool is_idle;          /* between two requests, after at least one */
        uint64_t n_requests;
        uint64_t idle_since_usec;
        Session *next, *previous; /* of the owner's list */
};

/* Takes over *fd (sets it to -1); peer is what accept4() said; listener outlives it. 0 or -errno
 * with *fd still the caller's. */
int session_new(Context *ctx, const SessionOwner *owner, int *fd, const struct sockaddr *peer,
                const char *listener, uint64_t conn_id, Session **ret);
Session *session_free(Session *s);

/* Since when it waits for a request without a byte of one, LOOP_NEVER: it does not. Asks the socket
 * itself: an arrived request is none of ours to drop. */
uint64_t session_idle_since(Session *s);

/* Closes it unless it is between a request and its answer; a connection that carried nothing yet
 * stays. */
void session_close_if_idle(Session *s);

/* The daemon stops: as above, tunnels end, answers that are under way say Connection: close. */
void session_drain(Session *s);

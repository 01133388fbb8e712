/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the engine, bound to one client connection and kept with it (POLICY 3). */
#pragma once

#include "io/stream.h"
#include "util/buffer.h"

typedef struct Upstream {
        Stream stream;
        Buffer head;         /* the beginning of an answer head that came in pieces */
        size_t scanned;      /* bytes of head that were looked at */
        uint64_t generation; /* of the policy it was opened under */
        bool is_spent;       /* something unusual happened on it: not to be used again */
} Upstream;

typedef enum UpstreamResult {
        UPSTREAM_OK = 0,
        UPSTREAM_BUSY,      /* the engine's queue is full: try again soon */
        UPSTREAM_MISSING,   /* no socket, or nobody listens */
        UPSTREAM_FORBIDDEN, /* there is a socket, and not for us */
        UPSTREAM_NO_MEANS,  /* no memory or descriptors here */
} UpstreamResult;

/* Connects by path, each time anew: the engine's socket may have been replaced. on_ready as for
 * streams. */
UpstreamResult upstream_connect(Loop *loop, const char *path, void (*on_ready)(void *userdata),
                                void *userdata, Upstream **ret);
Upstream *upstream_free(Upstream *u);

/* Between two requests: true while the engine has neither sent nor closed anything, and nothing
 * spoiled it. */
bool upstream_is_clean(const Upstream *u);

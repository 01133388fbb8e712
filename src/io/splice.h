/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes through which splice(2) moves bytes from one socket to the other without copying them. They
 * cannot be read on their way, and who sent them may still change them: only what nobody judges may
 * go through here. A pipe is lent for as long as bytes are in it; the few there are serve all
 * connections, and none are kept once nothing has moved for a while.
 */
#pragma once

#include "io/loop.h"
#include "policy/limits.h"

typedef struct PipeCache PipeCache;

/* Owned by its cache. */
typedef struct Pipe {
        PipeCache *cache;
        int in, out;      /* where bytes are put in, and where they come out; cache NULL: closed */
        uint32_t n_bytes; /* in it: kept by who has borrowed it */
        bool is_lent;
} Pipe;

struct PipeCache {
        Loop *loop;
        Deadline quiet; /* then what is not lent is closed */
        Pipe pipes[LIMIT_PIPES];
        bool is_resting; /* none could be made: not tried again before it was quiet */
        bool is_refused; /* the kernel or a filter of system calls knows no splice() */
};

/* No descriptor is opened before one is needed. 0 or -ENOMEM. */
int pipe_cache_init(PipeCache *c, Loop *loop);

/* Closes all pipes, also those that are lent. Safe on a zeroed cache. */
void pipe_cache_done(PipeCache *c);

/* An empty pipe, or NULL: all are lent, none can be made, or splice() was refused. Never an error:
 * the bytes are copied then. */
Pipe *pipe_borrow(PipeCache *c);

/* Gives it back; one with bytes in it is closed, since they belong to nobody else. NULL is fine. */
Pipe *pipe_return(Pipe *p);

/* splice() cannot be used here: no pipe is lent any more. */
void pipe_refuse(Pipe *p);

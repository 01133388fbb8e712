/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes are opened when first needed, and closed when it was quiet: an idle daemon has none. */
#include "io/splice.h"

#include "util/macros.h"

#include <fcntl.h>
#include <stddef.h>

static void pipe_close(Pipe *p) {
        if (!p->cache)
                return;
        (void) close(p->in);
        (void) close(p->out);
        *p = (Pipe){ 0 };
}

static void pipe_cache_on_quiet(Deadline *d) {
        PipeCache *c = (PipeCache *) ((char *) d - offsetof(PipeCache, quiet));

        c->is_resting = false;
        for (size_t i = 0; i < LIMIT_PIPES; i++)
                if (!c->pipes[i].is_lent)
                        pipe_close(&c->pipes[i]);
}

static void pipe_cache_is_used(PipeCache *c) {
        loop_deadline_set(c->loop, &c->quiet, loop_now(c->loop) + LIMIT_PIPES_QUIET_USEC);
}

int pipe_cache_init(PipeCache *c, Loop *loop) {
        int r;

        assert(c && loop);

        *c = (PipeCache){ 0 };
        r = loop_deadline_add(loop, &c->quiet, pipe_cache_on_quiet);
        if (r < 0)
                return r;
        c->loop = loop;
        return 0;
}

void pipe_cache_done(PipeCache *c) {
        if (!c->loop)
                return;
        for (size_t i = 0; i < LIMIT_PIPES; i++)
                pipe_close(&c->pipes[i]);
        loop_deadline_remove(c->loop, &c->quiet);
        c->loop = NULL;
}

static bool pipe_open(PipeCache *c, Pipe *p) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
                c->is_resting = true;
                pipe_cache_is_used(c);
                return false;
        }
        /* Segments from a network fill a slot of a page each: without more slots the pipe would
         * be full with a quarter of what fits. A user who has too many already keeps small ones. */
        (void) fcntl(fds[1], F_SETPIPE_SZ, LIMIT_PIPE_SLOTS_BYTES);
        *p = (Pipe){ .cache = c, .in = fds[1], .out = fds[0] };
        return true;
}

Pipe *pipe_borrow(PipeCache *c) {
        Pipe *closed = NULL;

        if (c->is_refused || c->is_resting)
                return NULL;

        for (size_t i = 0; i < LIMIT_PIPES; i++) {
                Pipe *p = &c->pipes[i];

                if (p->cache && !p->is_lent) {
                        p->is_lent = true;
                        return p;
                }
                if (!p->cache && !closed)
                        closed = p;
        }
        if (!closed || !pipe_open(c, closed))
                return NULL;
        closed->is_lent = true;
        return closed;
}

Pipe *pipe_return(Pipe *p) {
        if (!p)
                return NULL;

        assert(p->is_lent);
        pipe_cache_is_used(p->cache);
        p->is_lent = false;
        if (p->n_bytes > 0)
                pipe_close(p);
        return NULL;
}

void pipe_refuse(Pipe *p) {
        p->cache->is_refused = true;
}

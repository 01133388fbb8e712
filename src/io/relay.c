/* SPDX-License-Identifier: Apache-2.0 */
/* Copies from one stream to the other: each byte as it comes, none held back, none read that could
 * not be kept. What may pass unread goes through a pipe, which is filled only when it is empty: so
 * the order of bytes is that of the source, and EAGAIN says which side is not ready. */
#include "io/relay.h"

#include "io/splice.h"
#include "util/macros.h"

#include <errno.h>

#define RELAY_READ_MAX (64 * 1024)  /* so much may become pending */
#define RELAY_JOIN_MAX 1024         /* bytes that are put behind those that wait */
#define RELAY_BUDGET   (256 * 1024) /* one turn; then others get theirs */

/* Fewer bytes than one read takes are copied: they cost no system call more. */
#define RELAY_UNREAD_MIN (RELAY_READ_MAX + 1)

void relay_reset(Relay *r) {
        Buffer pending = r->pending;

        relay_drop_pipe(r);
        buffer_clear(&pending);
        *r = (Relay){ .pending = pending };
}

void relay_done(Relay *r) {
        relay_drop_pipe(r);
        buffer_done(&r->pending);
}

bool relay_is_held(const Relay *r) {
        return r->pipe || buffer_len(&r->pending) > 0;
}

void relay_drop_pipe(Relay *r) {
        r->pipe = pipe_return(r->pipe);
}

/* Also when the sink is gone: who sends all of it again on another stream finds it pending. */
static int relay_keep(Relay *r, Bytes fresh) {
        return fresh.len > 0 ? buffer_append(&r->pending, fresh) : 0;
}

/* splice() is refused after it had put bytes into the pipe: they are read out and sent, before what
 * is pending already. */
static int relay_read_back(Relay *r) {
        Pipe *pipe = r->pipe;
        Buffer pending = { 0 };
        char *room;

        if (buffer_reserve(&pending, pipe->n_bytes, &room) < 0)
                return -ENOMEM;
        if (read(pipe->out, room, pipe->n_bytes) != (ssize_t) pipe->n_bytes) {
                buffer_done(&pending);
                return -EIO;
        }
        buffer_commit(&pending, pipe->n_bytes);
        if (buffer_append(&pending, buffer_bytes(&r->pending)) < 0) {
                buffer_done(&pending);
                return -ENOMEM;
        }

        buffer_done(&r->pending);
        r->pending = pending;
        pipe->n_bytes = 0;
        return 0;
}

/* Sends what is in the pipe: WAITS when it is empty (it is given back then), or why it is not. */
static RelayState relay_flush_pipe(Relay *r) {
        while (r->pipe) {
                size_t n = 0;

                switch (stream_splice_out(r->to, r->pipe, &n)) {
                case STREAM_OK:
                        r->n_sent += n;
                        break;
                case STREAM_AGAIN:
                        return RELAY_BLOCKED;
                case STREAM_UNABLE:
                        pipe_refuse(r->pipe);
                        if (relay_read_back(r) < 0)
                                return RELAY_NO_MEMORY;
                        break;
                case STREAM_EOF:
                case STREAM_BROKEN:
                        relay_drop_pipe(r);
                        return RELAY_SINK_BROKEN;
                }
                if (r->pipe->n_bytes == 0)
                        relay_drop_pipe(r);
        }
        return RELAY_WAITS;
}

static RelayState relay_send(Relay *r, Bytes fresh) {
        RelayState state = relay_flush_pipe(r);
        Bytes held;

        /* Copying a little costs less than a message of two parts does in the kernel. */
        if (fresh.len <= RELAY_JOIN_MAX && relay_is_held(r)) {
                if (relay_keep(r, fresh) < 0)
                        return RELAY_NO_MEMORY;
                fresh = BYTES_NONE;
        }
        held = buffer_bytes(&r->pending);

        while (state == RELAY_WAITS && held.len + fresh.len > 0) {
                size_t n = 0;
                StreamResult result = stream_send(r->to, held, fresh, &n);

                if (result == STREAM_AGAIN)
                        break;
                if (result != STREAM_OK) {
                        state = RELAY_SINK_BROKEN;
                        break;
                }

                r->n_sent += n;
                fresh = bytes_skip(fresh, n > held.len ? n - held.len : 0);
                buffer_consume(&r->pending, MIN(n, held.len));
                held = buffer_bytes(&r->pending);
        }

        if (relay_keep(r, fresh) < 0)
                return RELAY_NO_MEMORY;
        if (state != RELAY_WAITS)
                return state;
        return buffer_len(&r->pending) > 0 ? RELAY_BLOCKED : RELAY_WAITS;
}

static RelayState relay_settle(const Relay *r, RelayState state) {
        if (state != RELAY_WAITS)
                return state;
        if (r->is_bad)
                return RELAY_SOURCE_BROKEN;
        return r->has_ended ? RELAY_DONE : RELAY_WAITS;
}

RelayState relay_flush(Relay *r) {
        return relay_is_held(r) ? relay_send(r, BYTES_NONE) : RELAY_WAITS;
}

RelayState relay_push(Relay *r, Bytes input) {
        RelayTake take = { .n = input.len };

        if (r->filter)
                take = r->filter->take(r->userdata, input);
        r->has_ended = r->has_ended || take.ends;
        r->is_bad = r->is_bad || take.is_bad;
        return relay_settle(r, relay_send(r, bytes_slice(input, 0, take.n)));
}

/* One read. state says how it went on from there, when it was OK. */
static StreamResult relay_copy(Relay *r, char *room, size_t size, size_t *ret_n,
                               RelayState *state) {
        StreamResult result = stream_recv(r->from, room, size, ret_n);

        if (result == STREAM_OK) {
                r->is_bulk = *ret_n == size;
                *state = relay_push(r, (Bytes){ room, *ret_n });
        }
        return result;
}

/* What may pass without being read, 0 when it is not worth a pipe. Without a filter nobody knows
 * how much is to come: there a read that filled the room says it. */
static uint64_t relay_unread(const Relay *r) {
        uint64_t n;

        if (!r->filter)
                return r->is_bulk ? UINT64_MAX : 0;
        n = r->filter->unread ? r->filter->unread(r->userdata) : 0;
        return n >= RELAY_UNREAD_MIN ? n : 0;
}

/* The same as relay_copy() through a pipe; UNABLE when it has to be copied. */
static StreamResult relay_splice(Relay *r, PipeCache *pipes, size_t *ret_n, RelayState *state) {
        uint64_t unread = relay_unread(r);
        StreamResult result;

        assert(!relay_is_held(r));

        if (!pipes || unread == 0)
                return STREAM_UNABLE;
        r->pipe = pipe_borrow(pipes);
        if (!r->pipe)
                return STREAM_UNABLE;

        result = stream_splice_in(r->from, r->pipe, MIN(unread, (uint64_t) RELAY_BUDGET));
        if (result == STREAM_UNABLE)
                pipe_refuse(r->pipe);
        if (result != STREAM_OK) {
                relay_drop_pipe(r);
                return result;
        }

        *ret_n = r->pipe->n_bytes;
        if (r->filter)
                r->has_ended = r->filter->pass(r->userdata, *ret_n);
        *state = relay_settle(r, relay_flush(r));
        return STREAM_OK;
}

RelayState relay_pump(Relay *r, char *room, size_t room_size, PipeCache *pipes) {
        const size_t size = MIN(room_size, (size_t) RELAY_READ_MAX);
        size_t moved = 0;
        RelayState state;

        state = relay_settle(r, relay_flush(r));
        while (state == RELAY_WAITS) {
                size_t n = 0;
                StreamResult result;

                if (moved >= RELAY_BUDGET)
                        return RELAY_YIELDS;

                result = relay_splice(r, pipes, &n, &state);
                if (result == STREAM_UNABLE)
                        result = relay_copy(r, room, size, &n, &state);

                switch (result) {
                case STREAM_OK:
                        moved += n;
                        break;
                case STREAM_AGAIN:
                        r->is_bulk = moved >= RELAY_READ_MAX;
                        return RELAY_WAITS;
                case STREAM_EOF:
                        return RELAY_SOURCE_EOF;
                case STREAM_BROKEN:
                case STREAM_UNABLE:
                        return RELAY_SOURCE_BROKEN;
                }
        }
        return state;
}

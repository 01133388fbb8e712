/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads heads, one after the other, and gives each to an exchange. A head that came whole is judged
 * where it was read; only one that came in pieces costs a buffer.
 */
#include "proxy/session.h"

#include "http/lint.h"
#include "io/peer.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

static void session_pump(Session *s);

static void session_on_ready(void *userdata) {
        Session *s = userdata;

        session_pump(s);
        /* Careful: s may be gone here. */
}

static void session_on_turn(LoopTask *t) {
        session_pump((Session *) ((char *) t - offsetof(Session, client.turn)));
}

/* Also an abrupt end: nothing may be done with s afterwards. */
static void session_close(Session *s) {
        s->owner->on_closed(s->owner->userdata, s);
}

static void session_on_deadline(Deadline *d) {
        Session *s = (Session *) ((char *) d - offsetof(Session, client.deadline));

        /* An idle connection and half a head are closed silently. */
        if (!s->exchange) {
                session_close(s);
                return;
        }
        exchange_expire(s->exchange);
        session_pump(s);
}

int session_new(Context *ctx, const SessionOwner *owner, int *fd, const struct sockaddr *peer,
                const char *listener, uint64_t conn_id, Session **ret) {
        Session *s;
        int r;

        assert(*fd >= 0);

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;

        s->ctx = ctx;
        s->owner = owner;
        s->client.conn_id = conn_id;
        s->client.listener = listener;
        s->client.turn.on_turn = session_on_turn;

        r = peer_read(*fd, peer, &s->client.peer);
        if (r >= 0 && (!ctx->policy || policy_wants_origin(ctx->policy)))
                r = peer_read_origin(*fd, &s->client.peer);
        if (r >= 0)
                r = loop_deadline_add(ctx->loop, &s->client.deadline, session_on_deadline);
        if (r < 0) {
                peer_done(&s->client.peer);
                free(s);
                return r;
        }

        r = stream_init(&s->client.stream, ctx->loop, fd, session_on_ready, s);
        if (r < 0) {
                session_free(s);
                return r;
        }

        s->client.stream.gets_descriptors = !s->client.peer.is_tcp;
        loop_defer(ctx->loop, &s->client.turn); /* what it sent already raises no edge */
        *ret = s;
        return 0;
}

static void session_return_large_head(Session *s) {
        if (!s->holds_large_head)
                return;
        s->holds_large_head = false;
        s->ctx->n_large_heads--;
}

Session *session_free(Session *s) {
        if (!s)
                return NULL;

        s->exchange = exchange_free(s->exchange);
        s->client.upstream = upstream_free(s->client.upstream);
        session_return_large_head(s);
        loop_cancel(s->ctx->loop, &s->client.turn);
        loop_deadline_remove(s->ctx->loop, &s->client.deadline);
        stream_done(&s->client.stream);
        buffer_done(&s->client.ahead);
        peer_done(&s->client.peer);
        free(s);
        return NULL;
}

static void session_set_deadline(Session *s, uint64_t after_usec) {
        uint64_t when = after_usec > 0 ? loop_now(s->ctx->loop) + after_usec : LOOP_NEVER;

        loop_deadline_set(s->ctx->loop, &s->client.deadline, when);
}

static const Limits *session_limits(const Session *s) {
        static const Limits broken = {
                .head_usec = 10 * USEC_PER_SEC,
                .keep_alive_usec = 60 * USEC_PER_SEC,
        };

        return s->ctx->policy ? &s->ctx->policy->limits : &broken;
}

/* A head is complete: raw is its bytes, client.ahead holds what follows. */
static void session_start_exchange(Session *s, Bytes raw) {
        s->n_requests++;
        s->scanned = 0;
        s->is_idle = s->waits_for_head = false;
        loop_deadline_set(s->ctx->loop, &s->client.deadline, LOOP_NEVER);
        if (exchange_start(s->ctx, &s->client, raw, &s->exchange) < 0)
                s->exchange = NULL; /* out of memory: the caller closes */
}

static void session_refuse_head(Session *s, const HttpError *error) {
        s->n_requests++;
        s->is_idle = s->waits_for_head = false;
        if (exchange_start_refused(s->ctx, &s->client, error, &s->exchange) < 0)
                s->exchange = NULL;
}

/* More than 16 KiB of an unfinished head: only so many connections may hold that much. */
static bool session_take_large_head(Session *s) {
        static const HttpError spent = { 503, "heads-exhausted",
                                         "too many large request heads at once" };

        if (s->holds_large_head || buffer_len(&s->client.ahead) <= LIMIT_SMALL_HEAD)
                return true;
        if (s->ctx->n_large_heads >= LIMIT_LARGE_HEADS) {
                session_refuse_head(s, &spent);
                return false;
        }
        s->ctx->n_large_heads++;
        s->holds_large_head = true;
        return true;
}

typedef enum SessionStep {
        SESSION_WAITS,   /* for more of the head */
        SESSION_STARTED, /* an exchange, maybe over already */
        SESSION_ENDS,
} SessionStep;

static SessionStep session_started(const Session *s) {
        return s->exchange ? SESSION_STARTED : SESSION_ENDS;
}

/* The head is at the start of input, which is not client.ahead's memory; the rest goes there. */
static SessionStep session_scan(Session *s, Bytes input, bool *ret_is_whole) {
        HttpError error = { 0 };
        size_t skip = 0, len = 0;

        *ret_is_whole = true;
        switch (http_scan_request(input, &http_request_limits, &s->scanned, &skip, &len, &error)) {
        case HTTP_SCAN_MORE:
                *ret_is_whole = false;
                return SESSION_WAITS;
        case HTTP_SCAN_BAD:
                session_refuse_head(s, &error);
                return session_started(s);
        case HTTP_SCAN_HEAD:
                break;
        }

        if (input.len > skip + len &&
            buffer_append(&s->client.ahead, bytes_skip(input, skip + len)) < 0)
                return SESSION_ENDS;
        session_start_exchange(s, bytes_slice(input, skip, len));
        return session_started(s);
}

/* What was read ahead, or in pieces: the buffer is taken away while the exchange starts, so that
 * what follows the head is alone in a new one. */
static SessionStep session_scan_ahead(Session *s) {
        _cleanup_(buffer_done) Buffer held = s->client.ahead;
        bool is_whole;
        SessionStep step;

        s->client.ahead = (Buffer){ 0 };
        step = session_scan(s, buffer_bytes(&held), &is_whole);
        if (!is_whole) {
                s->client.ahead = held;
                held = (Buffer){ 0 };
        }
        return step;
}

static SessionStep session_take(Session *s, Bytes input) {
        bool is_whole;
        SessionStep step;

        if (buffer_len(&s->client.ahead) == 0) {
                step = session_scan(s, input, &is_whole);
                if (is_whole)
                        return step;
        }

        if (buffer_append(&s->client.ahead, input) < 0)
                return SESSION_ENDS;
        if (buffer_len(&s->client.ahead) > input.len) { /* it was in pieces: look at all of it */
                step = session_scan_ahead(s);
                if (step != SESSION_WAITS)
                        return step;
        }
        return session_take_large_head(s) ? SESSION_WAITS : session_started(s);
}

static SessionStep session_read_head(Session *s) {
        Client *c = &s->client;

        if (buffer_len(&c->ahead) > 0 && s->scanned == 0) {
                SessionStep step = session_scan_ahead(s);

                if (step != SESSION_WAITS)
                        return step;
        }

        for (;;) {
                size_t n = 0;
                SessionStep step;

                switch (stream_recv(&c->stream, s->ctx->room, CONTEXT_ROOM_SIZE, &n)) {
                case STREAM_OK:
                        step = session_take(s, (Bytes){ s->ctx->room, n });
                        if (step != SESSION_WAITS)
                                return step;
                        break;
                case STREAM_AGAIN:
                        return SESSION_WAITS;
                case STREAM_EOF:
                case STREAM_BROKEN:
                case STREAM_UNABLE:
                        return SESSION_ENDS;
                }
        }
}

/* From the first byte of a head its own deadline runs, before it that of keep-alive. */
static void session_wait_for_head(Session *s) {
        bool has_bytes = buffer_len(&s->client.ahead) > 0;
        const Limits *limits = session_limits(s);

        if (has_bytes && !s->waits_for_head)
                session_set_deadline(s, limits->head_usec);
        else if (!has_bytes && !s->is_idle) {
                session_set_deadline(s, limits->keep_alive_usec);
                s->idle_since_usec = loop_now(s->ctx->loop);
        }
        s->waits_for_head = has_bytes;
        s->is_idle = !has_bytes;
        if (!has_bytes)
                buffer_done(&s->client.ahead);
}

/* The exchange is over. false: so is the connection. */
static bool session_end_exchange(Session *s) {
        bool is_done = s->exchange->state == EXCHANGE_STATE_DONE;

        s->exchange = exchange_free(s->exchange);
        session_return_large_head(s);
        return is_done && !s->ctx->is_draining;
}

static void session_drop_spoilt_upstream(Session *s) {
        if (s->client.upstream && !upstream_is_clean(s->client.upstream))
                s->client.upstream = upstream_free(s->client.upstream);
}

static void session_pump(Session *s) {
        if (s->exchange && !exchange_is_over(s->exchange))
                exchange_pump(s->exchange);

        for (;;) {
                if (s->exchange) {
                        if (!exchange_is_over(s->exchange))
                                return;
                        if (!session_end_exchange(s))
                                break;
                }

                session_drop_spoilt_upstream(s);
                switch (session_read_head(s)) {
                case SESSION_WAITS:
                        session_wait_for_head(s);
                        return;
                case SESSION_STARTED:
                        continue;
                case SESSION_ENDS:
                        session_close(s);
                        return;
                }
        }
        session_close(s);
        /* Careful: s is gone here. */
}

uint64_t session_idle_since(Session *s) {
        char byte;

        if (s->exchange || !s->is_idle)
                return LOOP_NEVER;
        if (recv(s->client.stream.watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
                return LOOP_NEVER;
        return s->idle_since_usec;
}

void session_close_if_idle(Session *s) {
        if (s->n_requests > 0 && session_idle_since(s) != LOOP_NEVER)
                session_close(s);
}

void session_drain(Session *s) {
        if (!s->exchange) {
                session_close_if_idle(s);
                return;
        }
        exchange_drain(s->exchange);
        session_pump(s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an exchange once it is allowed: reach the engine, move the request and the answer at
 * the same time, become a tunnel, end. Every end goes through exchange_set_state().
 */
#include "proxy/exchange-parts.h"

#include <errno.h>

void exchange_set_state(Exchange *x, ExchangeState state) {
        assert(fsm_allows(x->state, state));
        x->state = state;
}

bool exchange_is_over(const Exchange *x) {
        return fsm_is_over(x->state);
}

void exchange_drop_upstream(Exchange *x) {
        x->client->upstream = upstream_free(x->client->upstream);
        x->up.to = x->down.from = NULL;
        relay_drop_pipe(&x->up);
        relay_drop_pipe(&x->down);
}

/* An answer that was cut must not look whole: the client sees a reset. */
void exchange_close(Exchange *x, AuditVerdict verdict, const char *reason) {
        if (exchange_is_over(x))
                return;

        if (x->verdict != AUDIT_VERDICT_WOULD_DENY || verdict != AUDIT_VERDICT_ALLOW)
                x->verdict = verdict;
        x->reason = reason;
        exchange_drop_upstream(x);
        if (x->head_relayed && verdict == AUDIT_VERDICT_FAULT)
                stream_reset(&x->client->stream);
        exchange_set_state(x, EXCHANGE_STATE_CLOSED);
}

static void exchange_destroy(Exchange *x) {
        buffer_done(&x->facts);
        relay_done(&x->up);
        relay_done(&x->down);
        free(x);
}

void exchange_free_spares(Context *ctx) {
        while (ctx->n_spares > 0)
                exchange_destroy(ctx->spares[--ctx->n_spares]);
}

Exchange *exchange_free(Exchange *x) {
        Context *ctx;

        if (!x)
                return NULL;

        ctx = x->ctx;
        if (!exchange_is_over(x) && ctx->is_draining && x->head_relayed)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "stopped");
        else if (!exchange_is_over(x))
                exchange_close(x, AUDIT_VERDICT_FAULT, "connection-dropped");
        exchange_record(x, NULL);
        exchange_forget_judgement(x);
        if (x->client->upstream &&
            (x->state != EXCHANGE_STATE_DONE || x->client->upstream->is_spent))
                exchange_drop_upstream(x);
        loop_deadline_set(ctx->loop, &x->client->deadline, LOOP_NEVER);
        x->policy = policy_unref(x->policy);

        if (ctx->n_spares < CONTEXT_SPARES_MAX)
                ctx->spares[ctx->n_spares++] = x;
        else
                exchange_destroy(x);
        return NULL;
}

/* Relaying the request */

static RelayTake exchange_take_request(void *userdata, Bytes input) {
        Exchange *x = userdata;
        RelayTake take = { .n = 0 };

        (void) http_body_feed(&x->request_body, input, &take.n, NULL);
        take.ends = x->request_body.state == HTTP_BODY_DONE;
        take.is_bad = x->request_body.state == HTTP_BODY_BAD;
        x->n_taken = take.n;

        /* What follows the body is the next request: kept, not sent. It fits: it is one read at
         * most. */
        if (!x->feeds_ahead && take.n < input.len &&
            buffer_append(&x->client->ahead, bytes_skip(input, take.n)) < 0)
                take.is_bad = true;
        return take;
}

static uint64_t exchange_unread_request(void *userdata) {
        const Exchange *x = userdata;

        return http_body_unread(&x->request_body);
}

static bool exchange_pass_request(void *userdata, uint64_t n) {
        Exchange *x = userdata;

        http_body_pass(&x->request_body, n);
        return x->request_body.state == HTTP_BODY_DONE;
}

/* A body that is judged was collected whole before: what is relayed here may go unread. */
static const RelayFilter exchange_request_filter = {
        .take = exchange_take_request,
        .unread = exchange_unread_request,
        .pass = exchange_pass_request,
};

static RelayState exchange_send_ahead(Exchange *x) {
        Buffer *ahead = &x->client->ahead;
        RelayState state;

        x->feeds_ahead = true;
        x->n_taken = 0;
        state = relay_push(&x->up, buffer_bytes(ahead));
        x->feeds_ahead = false;
        buffer_consume(ahead, x->n_taken);
        return state;
}

/* A kept connection that the engine had closed took no byte: the request cannot have been seen, it
 * is sent once on a new one (else each restart of the engine costs every idle client a 502). */
static bool exchange_retries(Exchange *x) {
        if (!x->is_reused || x->was_retried || x->up.n_sent > 0 || x->up.from->is_hung_up)
                return false;

        x->was_retried = true;
        exchange_drop_upstream(x);
        exchange_set_state(x, EXCHANGE_STATE_CONNECT);
        exchange_connect(x);
        return true;
}

static void exchange_up_ended(Exchange *x, RelayState state) {
        bool is_malformed = x->request_body.state == HTTP_BODY_BAD;

        if (state == RELAY_SINK_BROKEN) {
                /* It may have answered early and closed: what it said is read below. */
                x->is_up_dead = true;
                x->client->upstream->is_spent = true;
                return;
        }

        if (state == RELAY_SOURCE_BROKEN && is_malformed && !x->head_relayed) {
                exchange_drop_upstream(x);
                exchange_refuse_chunks(x);
        } else if (state == RELAY_SOURCE_BROKEN && is_malformed)
                exchange_close(x, AUDIT_VERDICT_REJECT, "chunk-malformed");
        else if (state == RELAY_NO_MEMORY)
                exchange_close(x, AUDIT_VERDICT_FAULT, "no-memory");
        else
                exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
}

/* true: the exchange is still forwarding. */
static bool exchange_pump_up(Exchange *x) {
        RelayState state;

        if (x->is_up_dead)
                return true;

        if (x->up.has_ended)
                state = relay_flush(&x->up);
        else if (buffer_len(&x->client->ahead) > 0)
                state = exchange_send_ahead(x);
        else
                state = RELAY_WAITS;
        if (state == RELAY_WAITS && !x->up.has_ended)
                state = relay_pump(&x->up, x->ctx->room, CONTEXT_ROOM_SIZE, &x->ctx->pipes);

        switch (state) {
        case RELAY_WAITS:
        case RELAY_DONE:
                exchange_release_body(x);
                return true;
        case RELAY_BLOCKED:
                return true;
        case RELAY_YIELDS:
                loop_defer(x->ctx->loop, &x->client->turn);
                return true;
        case RELAY_SINK_BROKEN:
                if (exchange_retries(x))
                        return x->state == EXCHANGE_STATE_FORWARD && exchange_pump_up(x);
                exchange_up_ended(x, state);
                return true;
        case RELAY_SOURCE_EOF:
        case RELAY_SOURCE_BROKEN:
        case RELAY_NO_MEMORY:
                exchange_up_ended(x, state);
                return x->state == EXCHANGE_STATE_FORWARD;
        }
        return true;
}

static bool exchange_request_is_sent(const Exchange *x) {
        return x->up.has_ended && !relay_is_held(&x->up) && !x->is_up_dead;
}

/* The request is whole: what the client still sends is the next one. Its end is passed on as half a
 * close: the engine decides what that means (DOCKERD "transparent" 1). */
static void exchange_watch_client(Exchange *x) {
        Client *c = x->client;

        while (exchange_request_is_sent(x) && buffer_len(&c->ahead) < LIMIT_READ_AHEAD) {
                size_t n = 0;
                StreamResult result = stream_recv(&c->stream, x->ctx->room, CONTEXT_ROOM_SIZE, &n);

                if (result == STREAM_AGAIN)
                        break;
                if (result == STREAM_EOF) {
                        if (!x->eof_passed && c->upstream)
                                stream_shutdown(&c->upstream->stream);
                        x->eof_passed = x->closes = true;
                        break;
                }
                if (result == STREAM_BROKEN ||
                    buffer_append(&c->ahead, (Bytes){ x->ctx->room, n }) < 0) {
                        exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
                        return;
                }
        }

        if (c->stream.is_hung_up)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
}

/* Forwarding ends */

static void exchange_finish(Exchange *x) {
        Upstream *u = x->client->upstream;
        bool was_sent = exchange_request_is_sent(x);

        if (!was_sent)
                u->is_spent = true;
        if (!was_sent || (x->closes && buffer_len(&x->client->ahead) > 0)) {
                exchange_drop_upstream(x);
                exchange_linger(x);
                return;
        }
        exchange_set_state(x, x->closes ? EXCHANGE_STATE_CLOSED : EXCHANGE_STATE_DONE);
}

static void exchange_down_ended(Exchange *x, RelayState state) {
        bool until_close = x->answer_body.framing == HTTP_FRAMING_CLOSE;

        if (state == RELAY_DONE || (state == RELAY_SOURCE_EOF && until_close))
                exchange_finish(x);
        else if (state == RELAY_SINK_BROKEN)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
        else if (state == RELAY_NO_MEMORY)
                exchange_close(x, AUDIT_VERDICT_FAULT, "no-memory");
        else if (x->answer_body.state == HTTP_BODY_BAD)
                exchange_close(x, AUDIT_VERDICT_FAULT, "answer-malformed");
        else
                exchange_close(x, AUDIT_VERDICT_FAULT, "engine-died");
}

static void exchange_pump_down(Exchange *x) {
        RelayState state = relay_pump(&x->down, x->ctx->room, CONTEXT_ROOM_SIZE, &x->ctx->pipes);

        switch (state) {
        case RELAY_WAITS:
                return;
        case RELAY_BLOCKED:
                exchange_record(x, NULL); /* a client that does not read must not hold it back */
                return;
        case RELAY_YIELDS:
                loop_defer(x->ctx->loop, &x->client->turn);
                return;
        case RELAY_DONE:
        case RELAY_SOURCE_EOF:
        case RELAY_SOURCE_BROKEN:
        case RELAY_SINK_BROKEN:
        case RELAY_NO_MEMORY:
                exchange_down_ended(x, state);
                return;
        }
}

/* A stream that has settled keeps no buffers: thousands of them may idle. */
static void exchange_trim(Exchange *x) {
        if (x->endpoint->kind == ENDPOINT_KIND_PLAIN && x->state != EXCHANGE_STATE_TUNNEL)
                return;
        if (buffer_len(&x->up.pending) == 0)
                buffer_done(&x->up.pending);
        if (buffer_len(&x->down.pending) == 0)
                buffer_done(&x->down.pending);
        if (buffer_len(&x->client->ahead) == 0)
                buffer_done(&x->client->ahead);
        buffer_fit(&x->facts);
}

static void exchange_watch_stall(Exchange *x) {
        uint64_t n_seen = x->up.n_sent + x->down.n_sent, stall_usec = x->policy->limits.stall_usec;

        if (stall_usec == 0)
                return;
        if (x->n_seen != n_seen || x->client->deadline.when_usec == LOOP_NEVER)
                loop_deadline_set(x->ctx->loop, &x->client->deadline,
                                  loop_now(x->ctx->loop) + stall_usec);
        x->n_seen = n_seen;
}

static void exchange_pump_forward(Exchange *x) {
        if (!exchange_pump_up(x))
                return;
        if (!x->head_relayed && !exchange_read_answer(x))
                return;
        if (x->head_relayed)
                exchange_pump_down(x);
        else if (relay_flush(&x->down) == RELAY_SINK_BROKEN)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
        if (x->state == EXCHANGE_STATE_FORWARD)
                exchange_watch_client(x);
        if (x->state == EXCHANGE_STATE_FORWARD) {
                exchange_watch_stall(x);
                if (x->head_relayed)
                        exchange_trim(x);
        }
}

/* Tunnels */

static void tunnel_pump_up(Exchange *x) {
        RelayState state;

        if (x->is_up_over)
                return;

        state = relay_pump(&x->up, x->ctx->room, CONTEXT_ROOM_SIZE, &x->ctx->pipes);
        if (state == RELAY_SOURCE_EOF) {
                stream_shutdown(&x->client->upstream->stream);
                x->is_up_over = true;
        } else if (state == RELAY_SINK_BROKEN)
                x->is_up_over = x->is_up_dead = true;
        else if (state == RELAY_SOURCE_BROKEN || state == RELAY_NO_MEMORY)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
        else if (state == RELAY_YIELDS)
                loop_defer(x->ctx->loop, &x->client->turn);
}

static void tunnel_pump_down(Exchange *x) {
        RelayState state;

        if (x->is_down_over || x->state != EXCHANGE_STATE_TUNNEL)
                return;

        state = relay_pump(&x->down, x->ctx->room, CONTEXT_ROOM_SIZE, &x->ctx->pipes);
        if (state == RELAY_SOURCE_EOF) {
                stream_shutdown(&x->client->stream);
                x->is_down_over = true;
        } else if (state == RELAY_SINK_BROKEN)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
        else if (state == RELAY_SOURCE_BROKEN || state == RELAY_NO_MEMORY) {
                stream_reset(&x->client->stream);
                exchange_close(x, AUDIT_VERDICT_FAULT, "engine-died");
        } else if (state == RELAY_YIELDS)
                loop_defer(x->ctx->loop, &x->client->turn);
}

static void exchange_pump_tunnel(Exchange *x) {
        tunnel_pump_up(x);
        tunnel_pump_down(x);
        if (x->state != EXCHANGE_STATE_TUNNEL)
                return;

        /* The engine that closed altogether takes no more: a client that never half-closes must not
         * keep it. */
        if (x->is_down_over && (x->is_up_over || x->client->upstream->stream.is_hung_up))
                exchange_close(x, AUDIT_VERDICT_ALLOW, "ended");
        /* HUP says no more than that both sent their end, once we sent ours: what the client sent
         * before may still be on its way. */
        else if (x->client->stream.is_hung_up && !x->is_down_over)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
        else {
                exchange_watch_stall(x);
                exchange_trim(x);
        }
}

/* Connecting */

static bool exchange_may_reuse(Exchange *x) {
        Upstream *u = x->client->upstream;

        return u && !x->was_retried && upstream_is_clean(u) && u->generation == x->ctx->generation;
}

static void exchange_wire(Exchange *x) {
        Upstream *u = x->client->upstream;

        x->up.from = x->down.to = &x->client->stream;
        x->up.to = x->down.from = &u->stream;
        x->down.filter = &exchange_answer_filter;
        x->down.userdata = x;
        x->up.filter = &exchange_request_filter;
        x->up.userdata = x;
        x->up.has_ended = x->request_body.state == HTTP_BODY_DONE;
        loop_deadline_set(x->ctx->loop, &x->client->deadline, LOOP_NEVER);
        exchange_set_state(x, EXCHANGE_STATE_FORWARD);
}

static void exchange_connect_later(Exchange *x) {
        uint64_t now = loop_now(x->ctx->loop);

        if (x->connect_until_usec == 0)
                x->connect_until_usec = now + LIMIT_CONNECT_RETRY_USEC;
        if (now >= x->connect_until_usec)
                exchange_refuse_fault(x, 503, "engine-busy",
                                      "the engine takes no more connections");
        else
                loop_deadline_set(x->ctx->loop, &x->client->deadline,
                                  now + LIMIT_CONNECT_WAIT_USEC);
}

void exchange_connect(Exchange *x) {
        Context *ctx = x->ctx;
        const char *path = ctx->upstream ? ctx->upstream : x->policy->upstream;
        Client *c = x->client;

        x->is_reused = exchange_may_reuse(x);
        if (x->is_reused) {
                exchange_wire(x);
                return;
        }

        exchange_drop_upstream(x);
        switch (upstream_connect(ctx->loop, path, c->stream.on_ready, c->stream.userdata,
                                 &c->upstream)) {
        case UPSTREAM_OK:
                c->upstream->generation = ctx->generation;
                exchange_wire(x);
                break;
        case UPSTREAM_BUSY:
                exchange_connect_later(x);
                break;
        case UPSTREAM_MISSING:
                exchange_refuse_fault(x, 502, "engine-unreachable",
                                      "the engine's socket does not answer: does the engine run?");
                break;
        case UPSTREAM_FORBIDDEN:
                exchange_refuse_fault(
                        x, 502, "engine-forbidden",
                        "no right to open the engine's socket: see Group= of the unit");
                break;
        case UPSTREAM_NO_MEANS:
                exchange_refuse_fault(x, 503, "no-means",
                                      "no descriptor or memory for the engine's connection");
                break;
        }
}

void exchange_pump(Exchange *x) {
        if (x->state == EXCHANGE_STATE_BODY)
                exchange_collect(x);
        if (x->state == EXCHANGE_STATE_RESOLVE)
                exchange_pump_lookup(x);
        if (x->state == EXCHANGE_STATE_CONNECT && x->client->stream.is_hung_up)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "client-gone");
        if (x->state == EXCHANGE_STATE_FORWARD)
                exchange_pump_forward(x);
        if (x->state == EXCHANGE_STATE_TUNNEL)
                exchange_pump_tunnel(x);
        if (x->state == EXCHANGE_STATE_REFUSE || x->state == EXCHANGE_STATE_LINGER)
                exchange_pump_refusal(x);
}

void exchange_expire(Exchange *x) {
        switch (x->state) {
        case EXCHANGE_STATE_BODY:
                exchange_refuse(x, &(Refusal){
                                           .status = 408,
                                           .verdict = AUDIT_VERDICT_REJECT,
                                           .reason = "body-timeout",
                                           .text = "the body did not arrive in time",
                                           .closes = true,
                                   });
                break;
        case EXCHANGE_STATE_RESOLVE:
                exchange_forget_lookup(x);
                exchange_refuse_fault(x, 503, "engine-slow",
                                      "the engine did not say in time what the request names");
                break;
        case EXCHANGE_STATE_CONNECT:
                exchange_connect(x);
                break;
        case EXCHANGE_STATE_FORWARD:
        case EXCHANGE_STATE_TUNNEL:
                exchange_close(x, AUDIT_VERDICT_FAULT, "stalled");
                break;
        case EXCHANGE_STATE_REFUSE:
        case EXCHANGE_STATE_LINGER:
                exchange_set_state(x, EXCHANGE_STATE_CLOSED);
                break;
        case EXCHANGE_STATE_JUDGE:
        case EXCHANGE_STATE_DONE:
        case EXCHANGE_STATE_CLOSED:
        case _EXCHANGE_STATE_MAX:
                break;
        }
        if (!exchange_is_over(x))
                exchange_pump(x);
}

void exchange_drain(Exchange *x) {
        x->closes = true;
        if (x->state == EXCHANGE_STATE_TUNNEL)
                exchange_close(x, AUDIT_VERDICT_ALLOW, "stopped");
}

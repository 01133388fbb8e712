/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine says: interim answers, the final head, and whether it opens a tunnel (POLICY 3).
 * Its heads are read by the grammar that a client's are read by, and written anew. A second opinion
 * is asked on clients alone: who speaks for the engine is root already, and its head costs as much
 * to read as all else of a request.
 */
#include "proxy/exchange-parts.h"

#include "http/lint.h"
#include "http/writer.h"

/* Only a small 201 is looked at, while it is relayed. */
static bool answer_is_learned(const Exchange *x) {
        return x->status == 201 && exchange_learns(x) && x->judgement &&
               buffer_len(&x->judgement->learned) <= LIMIT_LEARNED_ANSWER;
}

static RelayTake answer_filter(void *userdata, Bytes input) {
        Exchange *x = userdata;
        RelayTake take = { .n = 0 };

        (void) http_body_feed(&x->answer_body, input, &take.n,
                              answer_is_learned(x) ? &x->judgement->learned : NULL);
        if (x->answer_body.state == HTTP_BODY_DONE && answer_is_learned(x))
                exchange_learn(x);
        take.ends = x->answer_body.state == HTTP_BODY_DONE;
        take.is_bad = x->answer_body.state == HTTP_BODY_BAD;
        if (take.ends && take.n < input.len)
                x->client->upstream->is_spent = true; /* it says more than it was asked: dropped */
        return take;
}

static uint64_t answer_unread(void *userdata) {
        const Exchange *x = userdata;

        return answer_is_learned(x) ? 0 : http_body_unread(&x->answer_body);
}

static bool answer_pass(void *userdata, uint64_t n) {
        Exchange *x = userdata;

        http_body_pass(&x->answer_body, n);
        return x->answer_body.state == HTTP_BODY_DONE;
}

const RelayFilter exchange_answer_filter = {
        .take = answer_filter,
        .unread = answer_unread,
        .pass = answer_pass,
};

/* No final head was relayed yet: the client can still be told. */
static void answer_fail(Exchange *x, const char *reason, const char *text) {
        exchange_drop_upstream(x);
        exchange_refuse_fault(x, 502, reason, text);
}

static void answer_malformed(Exchange *x) {
        answer_fail(x, "answer-malformed", "the engine's answer is malformed");
}

static bool answer_type_is_raw_stream(const HttpHead *head) {
        const HttpHeader *type = http_head_find(head, HTTP_HEADER_CONTENT_TYPE);

        return type && (bytes_eq(type->value, BYTES("application/vnd.docker.raw-stream")) ||
                        bytes_eq(type->value, BYTES("application/vnd.docker.multiplexed-stream")));
}

/* The hijack routes answer 200 without any length when they were not asked to upgrade (DOCKERD 6).
 */
static bool answer_is_raw_tunnel(const Exchange *x, const HttpHead *head) {
        EndpointHijack hijack = x->endpoint->hijack;

        return (hijack == ENDPOINT_HIJACK_ATTACH || hijack == ENDPOINT_HIJACK_EXEC_START) &&
               head->status == 200 && head->framing == HTTP_FRAMING_CLOSE &&
               answer_type_is_raw_stream(head);
}

static bool answer_is_upgrade(const Exchange *x, const HttpHead *head) {
        Bytes token = x->endpoint->hijack == ENDPOINT_HIJACK_H2C ? BYTES("h2c") : BYTES("tcp");

        return x->wants_upgrade && head->connection_upgrade &&
               bytes_ieq_ascii(head->upgrade, token);
}

static int answer_write_head(Exchange *x, const HttpHead *head,
                             const HttpResponseOptions *options) {
        x->status = x->upstream_status = head->status;
        x->head_relayed = true;
        return http_write_response(&x->down.pending, head, options);
}

/* From here on bytes are bytes: everything after the head, and whatever the client sent early, goes
 * through. */
static void answer_open_tunnel(Exchange *x, const HttpHead *head, Bytes rest) {
        HttpResponseOptions options = { .framing = HTTP_FRAMING_CLOSE };
        Buffer *ahead = &x->client->ahead;
        RelayState state;

        if (head->status == 101)
                options = (HttpResponseOptions){ .upgrade = head->upgrade };
        if (answer_write_head(x, head, &options) < 0) {
                exchange_close(x, AUDIT_VERDICT_FAULT, "no-memory");
                return;
        }

        x->closes = x->is_tunnel = true;
        x->up.n_sent = 0;
        x->up.filter = x->down.filter = NULL;
        x->up.has_ended = false;
        exchange_record(x, NULL);
        exchange_set_state(x, EXCHANGE_STATE_TUNNEL);
        state = relay_push(&x->down, rest);
        if (state != RELAY_SINK_BROKEN && state != RELAY_NO_MEMORY) {
                state = relay_push(&x->up, buffer_bytes(ahead));
                buffer_clear(ahead);
        }
        if (state == RELAY_NO_MEMORY)
                exchange_close(x, AUDIT_VERDICT_FAULT, "no-memory");
}

static bool answer_has_length(const Exchange *x, const HttpHead *head) {
        bool has_no_body = head->status == 204 || head->status < 200;

        return head->has_content_length && head->framing == HTTP_FRAMING_NONE && !has_no_body &&
               (x->is_head || head->status == 304 || head->content_length == 0);
}

static void answer_relay(Exchange *x, const HttpHead *head, Bytes rest) {
        bool is_early = !x->up.has_ended || relay_is_held(&x->up);
        HttpResponseOptions options = {
                .framing = head->framing,
                .length = head->content_length,
                .says_length = answer_has_length(x, head),
        };

        if (head->framing == HTTP_FRAMING_CHUNKED && x->is_http10) {
                answer_malformed(x); /* it was asked in HTTP/1.0 */
                return;
        }
        if (head->framing == HTTP_FRAMING_CLOSE || x->ctx->is_draining ||
            (is_early && head->status >= 400))
                x->closes = true;
        if (head->connection_close || head->framing == HTTP_FRAMING_CLOSE ||
            (is_early && head->status >= 400))
                x->client->upstream->is_spent = true;
        options.closes = x->closes;
        options.keeps_alive = x->asked_keep_alive && !x->closes;

        http_body_init(&x->answer_body, head->framing, head->content_length);
        if (answer_write_head(x, head, &options) < 0) {
                exchange_close(x, AUDIT_VERDICT_FAULT, "no-memory");
                return;
        }
        if (x->endpoint->kind != ENDPOINT_KIND_PLAIN)
                exchange_record(x, NULL);
        /* How it went is seen by the pump that follows. */
        if (relay_push(&x->down, rest) == RELAY_NO_MEMORY)
                exchange_close(x, AUDIT_VERDICT_FAULT, "no-memory");
}

/* 1xx: passed on to those who can read it; the connection is not used again but after 100 and 103.
 */
static void answer_interim(Exchange *x, const HttpHead *head) {
        if (++x->n_interim > LIMIT_INTERIM_ANSWERS) {
                answer_malformed(x);
                return;
        }
        if (head->status != 100 && head->status != 103)
                x->client->upstream->is_spent = true;
        if (x->is_http10)
                return;
        if (http_write_response(&x->down.pending, head, &(HttpResponseOptions){ 0 }) < 0)
                exchange_close(x, AUDIT_VERDICT_FAULT, "no-memory");
}

/* One whole head: true when it was an interim one and the next may follow in rest. */
static bool answer_take_head(Exchange *x, Bytes raw, Bytes rest) {
        HttpHead *head = &x->ctx->answer;
        HttpError error;

        if (!http_lint_response(raw, &http_response_limits, x->method, head, &error)) {
                answer_malformed(x);
                return false;
        }

        if (head->status == 101) {
                if (answer_is_upgrade(x, head))
                        answer_open_tunnel(x, head, rest);
                else
                        answer_fail(x, "upgrade-unasked", "the engine switched protocols unasked");
                return false;
        }
        if (head->status < 200) {
                answer_interim(x, head);
                return x->state == EXCHANGE_STATE_FORWARD;
        }

        if (answer_is_raw_tunnel(x, head))
                answer_open_tunnel(x, head, rest);
        else
                answer_relay(x, head, rest);
        return false;
}

/* Takes heads off the input until the final one, or until it ends in the middle of one. */
static void answer_take(Exchange *x, Bytes input, size_t *scanned, Bytes *ret_rest) {
        bool is_interim = true;

        while (is_interim && input.len > 0) {
                HttpError error;
                size_t len = 0;

                switch (http_scan_response(input, &http_response_limits, scanned, &len, &error)) {
                case HTTP_SCAN_MORE:
                        *ret_rest = input;
                        return;
                case HTTP_SCAN_BAD:
                        answer_malformed(x);
                        return;
                case HTTP_SCAN_HEAD:
                        *scanned = 0;
                        is_interim = answer_take_head(x, bytes_slice(input, 0, len),
                                                      bytes_skip(input, len));
                        input = bytes_skip(input, len);
                        break;
                }
        }
}

/* What was read of the answer, behind what was left of the read before. */
static void answer_feed(Exchange *x, Bytes input) {
        Upstream *u = x->client->upstream;
        _cleanup_(buffer_done) Buffer held = u->head;
        size_t scanned = u->scanned;
        Bytes rest = BYTES_NONE;

        u->head = (Buffer){ 0 };
        u->scanned = 0;
        if (buffer_len(&held) > 0) {
                if (buffer_append(&held, input) < 0) {
                        answer_fail(x, "no-memory", "out of memory");
                        return;
                }
                input = buffer_bytes(&held);
        }

        answer_take(x, input, &scanned, &rest);

        u = x->client->upstream; /* it may be gone */
        if (!u || rest.len == 0)
                return;
        u->scanned = scanned;
        if (buffer_append(&u->head, rest) < 0)
                answer_fail(x, "no-memory", "out of memory");
}

static void answer_ended_early(Exchange *x) {
        answer_fail(x, "engine-closed", "the engine closed the connection without an answer");
}

bool exchange_read_answer(Exchange *x) {
        while (x->state == EXCHANGE_STATE_FORWARD && !x->head_relayed) {
                size_t n = 0;

                switch (stream_recv(&x->client->upstream->stream, x->ctx->room, CONTEXT_ROOM_SIZE,
                                    &n)) {
                case STREAM_OK:
                        answer_feed(x, (Bytes){ x->ctx->room, n });
                        break;
                case STREAM_AGAIN:
                        return true;
                case STREAM_EOF:
                case STREAM_BROKEN:
                case STREAM_UNABLE:
                        answer_ended_early(x);
                        break;
                }
        }
        return x->state == EXCHANGE_STATE_FORWARD;
}

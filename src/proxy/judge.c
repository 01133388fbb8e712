/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a raw head to a verdict, and from a verdict to the head that is sent. A collected body is
 * judged by reading the same raw head again: nothing that was derived from it is carried across a
 * wait.
 */
#include "proxy/exchange-parts.h"

#include "http/lint.h"
#include "http/writer.h"
#include "util/sha256.h"

#include <errno.h>
#include <string.h>

/* A new or spare exchange: all zero but for the memory of its buffers. */
static Exchange *exchange_new(Context *ctx, Client *client) {
        Exchange *x;

        if (ctx->n_spares > 0) {
                Exchange old;

                x = ctx->spares[--ctx->n_spares];
                old = *x;
                buffer_clear(&old.facts);
                relay_reset(&old.up);
                relay_reset(&old.down);
                *x = (Exchange){ .facts = old.facts, .up = old.up, .down = old.down };
        } else {
                x = calloc(1, sizeof(*x));
                if (!x)
                        return NULL;
        }

        x->ctx = ctx;
        x->client = client;
        x->policy = ctx->policy ? policy_ref(ctx->policy) : NULL;
        x->started_usec = loop_now(ctx->loop);
        x->verdict = AUDIT_VERDICT_NONE;
        x->reason = "";
        x->down.to = x->up.from = &client->stream;
        context_make_id(ctx, x->id);
        return x;
}

/* What the audit will need, as it was received. Out of memory: the record lacks it. */
static void exchange_note_facts(Exchange *x, const HttpHead *head) {
        const HttpHeader *agent = http_head_find(head, HTTP_HEADER_USER_AGENT);

        buffer_clear(&x->facts);
        if (buffer_append(&x->facts, head->method_text) < 0)
                return;
        x->method_len = head->method_text.len;
        if (buffer_append(&x->facts, head->target) < 0)
                return;
        x->target_len = head->target.len;
        if (agent)
                (void) buffer_append(&x->facts, bytes_slice(agent->value, 0, AUDIT_TEXT_MAX));
}

static void exchange_note_head(Exchange *x, const HttpHead *head) {
        x->method = head->method;
        x->is_head = head->method == HTTP_METHOD_HEAD;
        x->is_http10 = head->minor == 0;
        x->closes = head->connection_close || x->ctx->is_draining;
        x->asked_keep_alive = x->is_http10 && !head->connection_close;
        x->wants_continue = head->expects_continue;
        http_body_init(&x->request_body, head->framing, head->content_length);
}

/* lint and llhttp must agree; false: it was refused. */
static bool exchange_read_head(Exchange *x, Bytes raw) {
        static const HttpError mismatch = { 400, "parser-mismatch",
                                            "two parsers read this head in two ways" };
        HttpHead *head = &x->ctx->head;
        HttpError error = { 0 };
        bool is_good;

        head->method_text = head->target = BYTES_NONE;
        head->n_headers = 0;
        is_good = http_lint_request(raw, &http_request_limits, head, &error);
        if (!is_good && buffer_len(&x->facts) == 0)
                exchange_note_facts(x, head);
        if (is_good && !http_parser_agrees_request(x->ctx->parser, raw, head)) {
                is_good = false;
                error = mismatch;
        }
        if (!is_good)
                exchange_refuse_error(x, &error, true);
        return is_good;
}

static void exchange_refuse_decision(Exchange *x, const Decision *d) {
        exchange_refuse(
                x, &(Refusal){
                           .status = d->status ? d->status : 403,
                           .verdict = d->is_malformed ? AUDIT_VERDICT_REJECT : AUDIT_VERDICT_DENY,
                           .reason = d->reason,
                           .text = d->text,
                           .subject = d->subject,
                           .field = d->field,
                           .place = d->place,
                           .hint = d->hint,
                   });
}

/* Grants come before what is wrong with a request (POLICY 1): who may not call it learns no more.
 */
static bool exchange_refuse_ungranted(Exchange *x) {
        Decision d = { .verdict = VERDICT_ALLOW };

        if (x->endpoint)
                d = policy_decide_grant(x->policy, x->endpoint);
        if (d.verdict == VERDICT_ALLOW)
                return false;
        exchange_refuse_decision(x, &d);
        return true;
}

static bool exchange_build_request(Exchange *x) {
        Context *ctx = x->ctx;
        const Peer *peer = &x->client->peer;
        const RequestRules rules = {
                .target = { .api_min = x->policy->api_min, .is_podman = x->policy->is_podman },
                .is_tcp = peer->is_tcp,
                .local_address = bytes_of(peer->local_address),
                .hosts = x->policy->hosts,
                .n_hosts = x->policy->n_hosts,
                .origins = x->policy->origins,
                .n_origins = x->policy->n_origins,
        };
        HttpError error = { 0 };
        bool is_good;

        is_good = request_build(&ctx->request, &ctx->head, &ctx->target, &rules, &error);
        x->endpoint = ctx->request.endpoint;
        x->api_minor = ctx->target.api_minor;
        if (!is_good && exchange_refuse_ungranted(x))
                return false;
        if (!is_good)
                exchange_refuse_error(x, &error, error.status == 400 && !x->endpoint);
        return is_good;
}

/* The head that the engine gets, but for its framing. */
static int exchange_write_head(Exchange *x, const Request *req) {
        static const Bytes tokens[] = {
                [ENDPOINT_HIJACK_ATTACH] = { "tcp", 3 },
                [ENDPOINT_HIJACK_EXEC_START] = { "tcp", 3 },
                [ENDPOINT_HIJACK_H2C] = { "h2c", 3 },
        };
        _cleanup_(buffer_done) Buffer query = { 0 };
        HttpRequestOptions options = {
                .path = req->target->full_path,
                .content_type = req->content_type,
                .body_dropped = req->drops_body,
        };
        int r;

        if (req->wants_upgrade)
                options.upgrade = tokens[req->endpoint->hijack];
        r = request_query(req, &query, &options.query);
        if (r < 0)
                return r;

        buffer_clear(&x->up.pending);
        return http_write_request(&x->up.pending, req->head, &options);
}

static bool method_has_body(HttpMethod method) {
        return method == HTTP_METHOD_POST || method == HTTP_METHOD_PUT;
}

/* Allowed: writes the head with the framing of what will be sent, and goes to reach the engine. */
static void exchange_forward(Exchange *x, HttpFraming framing, uint64_t length, Bytes body) {
        const Request *req = &x->ctx->request;
        int r;

        x->verdict = AUDIT_VERDICT_ALLOW;
        x->reason = "allowed";
        x->wants_upgrade = req->wants_upgrade;
        if (!exchange_record_decision(x))
                return;

        r = exchange_write_head(x, req);
        if (r >= 0)
                r = http_write_framing(&x->up.pending, framing, length, method_has_body(x->method));
        if (r >= 0 && body.len > 0)
                r = buffer_append(&x->up.pending, body);
        if (r >= 0 && x->wants_continue && x->request_body.state != HTTP_BODY_DONE) {
                x->wants_continue = false;
                r = buffer_append(&x->down.pending, http_continue);
        }
        if (r < 0) {
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
                return;
        }

        exchange_set_state(x, EXCHANGE_STATE_CONNECT);
        exchange_connect(x);
        exchange_pump(x);
}

/* Bodies under judgement */

static void exchange_queue_waiter(Exchange *x) {
        Context *ctx = x->ctx;

        x->is_waiting = true;
        x->next_waiter = NULL;
        if (ctx->last_waiter)
                ctx->last_waiter->next_waiter = x;
        else
                ctx->first_waiter = x;
        ctx->last_waiter = x;
}

static void exchange_unqueue_waiter(Exchange *x) {
        Context *ctx = x->ctx;
        Exchange *previous = NULL;

        for (Exchange *i = ctx->first_waiter; i && i != x; i = i->next_waiter)
                previous = i;
        if (previous)
                previous->next_waiter = x->next_waiter;
        else
                ctx->first_waiter = x->next_waiter;
        if (ctx->last_waiter == x)
                ctx->last_waiter = previous;
        x->is_waiting = false;
}

static void exchange_wake_first_waiter(Context *ctx) {
        if (ctx->first_waiter)
                loop_defer(ctx->loop, &ctx->first_waiter->client->turn);
}

void exchange_release_body(Exchange *x) {
        if (x->is_waiting)
                exchange_unqueue_waiter(x);
        else if (x->n_reserved == 0)
                return;

        x->ctx->n_judged_bytes -= x->n_reserved;
        x->n_reserved = 0;
        buffer_done(&x->body);
        exchange_wake_first_waiter(x->ctx);
}

/* In turn: nobody who came later is served first. */
static bool exchange_reserve(Exchange *x, uint64_t n) {
        Context *ctx = x->ctx;
        bool is_first = !ctx->first_waiter || ctx->first_waiter == x;

        if (!is_first || ctx->n_judged_bytes + n > MAX(x->policy->limits.judged_bytes_max, n))
                return false;
        if (x->is_waiting)
                exchange_unqueue_waiter(x);
        ctx->n_judged_bytes += n;
        x->n_reserved = n;
        exchange_wake_first_waiter(ctx);
        return true;
}

static void exchange_refuse_too_large(Exchange *x) {
        exchange_refuse(
                x,
                &(Refusal){
                        .status = 413,
                        .verdict = AUDIT_VERDICT_REJECT,
                        .reason = "body-too-large",
                        .text = "the body is larger than what may be judged ([limits] judged-body)",
                        .closes = true,
                });
}

static void exchange_start_body(Exchange *x, Bytes raw, const Request *req) {
        const HttpHead *head = req->head;

        x->body_cap = x->policy->limits.judged_body_max;
        if (req->echo_cap > 0)
                x->body_cap = MIN(x->body_cap, (uint64_t) req->echo_cap);
        if (head->framing == HTTP_FRAMING_LENGTH && head->content_length > x->body_cap) {
                exchange_refuse_too_large(x);
                return;
        }
        if (buffer_append(&x->raw_head, raw) < 0) {
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
                return;
        }

        exchange_set_state(x, EXCHANGE_STATE_BODY);
        exchange_collect(x);
}

/* Its share of judged-bytes is taken before the first byte is read: true when it has it. */
static bool exchange_has_reserved(Exchange *x) {
        uint64_t need =
                x->request_body.framing == HTTP_FRAMING_LENGTH ? x->request_body.left : x->body_cap;

        if (x->n_reserved > 0)
                return true;
        if (!exchange_reserve(x, MAX(need, 1U))) {
                if (!x->is_waiting)
                        exchange_queue_waiter(x);
                return false;
        }

        loop_deadline_set(x->ctx->loop, &x->client->deadline,
                          loop_now(x->ctx->loop) + x->policy->limits.body_usec);
        if (x->wants_continue) {
                x->wants_continue = false;
                if (buffer_append(&x->down.pending, http_continue) < 0)
                        exchange_close(x, AUDIT_VERDICT_FAULT, "no-memory");
        }
        return x->state == EXCHANGE_STATE_BODY;
}

/* Takes what is at hand of the body. false: the exchange is in another state now. */
static bool exchange_take_body(Exchange *x, Bytes input, bool is_ahead) {
        size_t n = 0;
        int r;

        r = http_body_feed(&x->request_body, input, &n, &x->body);
        if (r >= 0 && is_ahead)
                buffer_consume(&x->client->ahead, n);
        else if (r >= 0 && n < input.len)
                r = buffer_append(&x->client->ahead, bytes_skip(input, n));

        if (r < 0)
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
        else if (buffer_len(&x->body) > x->body_cap)
                exchange_refuse_too_large(x);
        else if (x->request_body.state == HTTP_BODY_BAD)
                exchange_refuse(x, &(Refusal){
                                           .status = 400,
                                           .verdict = AUDIT_VERDICT_REJECT,
                                           .reason = "chunk-malformed",
                                           .text = "the chunked body is malformed",
                                           .closes = true,
                                   });
        else if (x->request_body.state == HTTP_BODY_DONE)
                exchange_judge_body(x);
        return x->state == EXCHANGE_STATE_BODY;
}

void exchange_collect(Exchange *x) {
        Client *c = x->client;

        if (!exchange_has_reserved(x)) {
                if (x->state == EXCHANGE_STATE_BODY && c->stream.is_hung_up)
                        exchange_close(x, AUDIT_VERDICT_REJECT, "client-gone");
                return;
        }
        if (relay_flush(&x->down) == RELAY_SINK_BROKEN) {
                exchange_close(x, AUDIT_VERDICT_REJECT, "client-gone");
                return;
        }
        if (buffer_len(&c->ahead) > 0 && !exchange_take_body(x, buffer_bytes(&c->ahead), true))
                return;

        for (;;) {
                size_t n = 0;
                StreamResult result = stream_recv(&c->stream, x->ctx->room, CONTEXT_ROOM_SIZE, &n);

                if (result == STREAM_AGAIN)
                        return;
                if (result != STREAM_OK) {
                        exchange_close(x, AUDIT_VERDICT_REJECT, "body-aborted");
                        return;
                }
                if (!exchange_take_body(x, (Bytes){ x->ctx->room, n }, false))
                        return;
        }
}

static void exchange_hash_body(Exchange *x) {
        uint8_t digest[SHA256_SIZE];
        Sha256 hash;

        sha256_init(&hash);
        sha256_update(&hash, buffer_bytes(&x->body));
        sha256_final(&hash, digest);
        sha256_format(digest, x->body_sha256);
}

void exchange_judge_body(Exchange *x) {
        Request *req = &x->ctx->request;
        Bytes body;
        Decision d;

        loop_deadline_set(x->ctx->loop, &x->client->deadline, LOOP_NEVER);
        exchange_hash_body(x);
        if (!exchange_read_head(x, buffer_bytes(&x->raw_head)) || !exchange_build_request(x))
                return;

        body = buffer_bytes(&x->body);
        d = policy_decide(x->policy, req, &x->client->peer);
        if (d.verdict == VERDICT_INSPECT)
                d = policy_inspect(x->policy, req, body);
        if (d.verdict != VERDICT_ALLOW) {
                exchange_refuse_decision(x, &d);
                return;
        }

        if (req->drops_body)
                body = BYTES_NONE;
        exchange_forward(x, body.len > 0 ? HTTP_FRAMING_LENGTH : HTTP_FRAMING_NONE, body.len, body);
}

/* The head is well formed: may this peer do this? */
static void exchange_judge(Exchange *x, Bytes raw) {
        const HttpHead *head = &x->ctx->head;
        Request *req = &x->ctx->request;
        Decision d;

        if (!x->policy) {
                exchange_refuse_fault(
                        x, 503, "config-broken",
                        "the configuration is broken: see systemctl status of this sockgate unit");
                return;
        }
        d = policy_decide_peer(x->policy, &x->client->peer);
        if (d.verdict != VERDICT_ALLOW) {
                x->closes = true;
                exchange_refuse_decision(x, &d);
                return;
        }
        if (!exchange_build_request(x))
                return;

        d = policy_decide(x->policy, req, &x->client->peer);
        if (d.verdict == VERDICT_INSPECT)
                exchange_start_body(x, raw, req);
        else if (d.verdict == VERDICT_ALLOW)
                exchange_forward(x, head->framing, head->content_length, BYTES_NONE);
        else
                exchange_refuse_decision(x, &d);
}

int exchange_start(Context *ctx, Client *client, Bytes raw, Exchange **ret) {
        Exchange *x;

        x = exchange_new(ctx, client);
        if (!x)
                return -ENOMEM;
        *ret = x;

        if (!exchange_read_head(x, raw))
                return 0;
        exchange_note_facts(x, &ctx->head);
        exchange_note_head(x, &ctx->head);
        exchange_judge(x, raw);
        return 0;
}

int exchange_start_refused(Context *ctx, Client *client, const HttpError *error, Exchange **ret) {
        Exchange *x;

        x = exchange_new(ctx, client);
        if (!x)
                return -ENOMEM;
        *ret = x;

        exchange_refuse_error(x, error, true);
        return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a raw head to a verdict, and from a verdict to the head that is sent. A collected body is
 * judged by reading the same raw head again: nothing that was derived from it is carried across a
 * wait.
 */
#include "proxy/exchange-parts.h"

#include "http/lint.h"
#include "http/writer.h"
#include "io/peer.h"

#include <errno.h>
#include <string.h>

/* A new or spare exchange: all zero but for the memory of its buffers, which stand at its end. */
static Exchange *exchange_new(Context *ctx, Client *client) {
        Exchange *x;

        if (ctx->n_spares > 0) {
                x = ctx->spares[--ctx->n_spares];
                memset(x, 0, offsetof(Exchange, facts));
                buffer_clear(&x->facts);
                relay_reset(&x->up);
                relay_reset(&x->down);
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
        return x;
}

/* What the audit will need, as it was received. Out of memory: the record lacks it. */
static void exchange_note_facts(Exchange *x, const HttpHead *head) {
        const HttpHeader *agent = http_head_find(head, HTTP_HEADER_USER_AGENT);

        Bytes agent_text = agent ? bytes_slice(agent->value, 0, AUDIT_TEXT_MAX) : BYTES_NONE;

        buffer_clear(&x->facts);
        if (buffer_reserve(&x->facts, head->method_text.len + head->target.len + agent_text.len,
                           NULL) < 0)
                return;
        (void) buffer_append(&x->facts, head->method_text);
        (void) buffer_append(&x->facts, head->target);
        (void) buffer_append(&x->facts, agent_text);
        x->method_len = (uint32_t) head->method_text.len;
        x->target_len = (uint32_t) head->target.len;
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

/* Nothing could be judged for lack of memory: no denial, and no fault of the client. */
static AuditVerdict decision_audit_verdict(const Decision *d) {
        if (d->is_malformed || d->status == 404)
                return AUDIT_VERDICT_REJECT;
        return d->status >= 500 ? AUDIT_VERDICT_FAULT : AUDIT_VERDICT_DENY;
}

static void exchange_refuse_decision(Exchange *x, const Decision *d) {
        exchange_refuse(x, &(Refusal){
                                   .status = d->status ? d->status : 403,
                                   .verdict = decision_audit_verdict(d),
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

static PolicyFacts exchange_facts(Exchange *x) {
        return (PolicyFacts){
                .peer = &x->client->peer,
                .objects = x->judgement ? x->judgement->objects : NULL,
                .known = x->ctx->known,
                .now_usec = loop_now(x->ctx->loop),
                .notes = &x->ctx->notes,
        };
}

/* An object that was resolved is addressed by its full id: a rename in between changes nothing. */
static int exchange_write_path(const Exchange *x, const Request *req, Buffer *room,
                               Bytes *ret_path) {
        static const ObjectKind kinds[] = {
                [ENDPOINT_SLOT_CONTAINER] = OBJECT_CONTAINER,
                [ENDPOINT_SLOT_NETWORK] = OBJECT_NETWORK,
        };
        Bytes path = req->target->full_path, slot = req->match.slot;
        const Objects *objects = x->judgement ? x->judgement->objects : NULL;
        const Object *object = NULL;
        int r;

        *ret_path = path;
        if (req->match.slot_kind == ENDPOINT_SLOT_CONTAINER ||
            req->match.slot_kind == ENDPOINT_SLOT_NETWORK)
                object = objects_find(objects, kinds[req->match.slot_kind], slot);
        if (!object || object->id[0] == 0)
                return 0;

        /* The slot is a run of the path's own bytes. */
        assert(slot.data >= path.data && slot.data + slot.len <= path.data + path.len);
        r = buffer_append(room, (Bytes){ path.data, (size_t) (slot.data - path.data) });
        if (r >= 0)
                r = buffer_append_str(room, object->id);
        if (r >= 0)
                r = buffer_append(room,
                                  bytes_skip(path, (size_t) (slot.data - path.data) + slot.len));
        *ret_path = buffer_bytes(room);
        return r;
}

/* The head that the engine gets, but for its framing. */
static int exchange_write_head(Exchange *x, const Request *req) {
        static const Bytes tokens[] = {
                [ENDPOINT_HIJACK_ATTACH] = { "tcp", 3 },
                [ENDPOINT_HIJACK_EXEC_START] = { "tcp", 3 },
                [ENDPOINT_HIJACK_H2C] = { "h2c", 3 },
        };
        _cleanup_(buffer_done) Buffer query = { 0 };
        _cleanup_(buffer_done) Buffer path = { 0 };
        HttpRequestOptions options = {
                .content_type = req->content_type,
                .body_dropped = req->drops_body,
        };
        int r;

        if (req->wants_upgrade)
                options.upgrade = tokens[req->endpoint->hijack];
        r = exchange_write_path(x, req, &path, &options.path);
        if (r >= 0)
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

        x->wants_upgrade = req->wants_upgrade;
        if (!exchange_record_decision(x))
                return;
        if (exchange_learns(x) && !exchange_need_judgement(x))
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

/* What came together with the head is looked at before the engine hears of the request: a body that
 * is malformed at its beginning never reaches it. */
static bool exchange_refuses_ahead(Exchange *x) {
        HttpBody body = x->request_body;
        size_t n = 0;

        (void) http_body_feed(&body, buffer_bytes(&x->client->ahead), &n, NULL);
        if (body.state != HTTP_BODY_BAD)
                return false;
        exchange_refuse_chunks(x);
        return true;
}

/* As a whole body that was collected, or as it comes. */
static void exchange_pass(Exchange *x, AuditVerdict verdict, const char *reason) {
        const HttpHead *head = &x->ctx->head;
        Judgement *j = x->judgement;
        Bytes body = BYTES_NONE;

        x->verdict = verdict;
        x->reason = reason;
        if (!j || !j->is_whole) {
                if (!exchange_refuses_ahead(x))
                        exchange_forward(x, head->framing, head->content_length, BYTES_NONE);
                return;
        }
        if (!x->ctx->request.drops_body)
                body = buffer_bytes(&j->body);
        exchange_forward(x, body.len > 0 ? HTTP_FRAMING_LENGTH : HTTP_FRAMING_NONE, body.len, body);
}

/* mode = shadow forwards what the policy denies, and nothing else that is refused (POLICY 9). */
static bool exchange_is_shadowed(const Exchange *x, const Decision *d) {
        return x->policy->is_shadow && !d->is_malformed && !d->is_final &&
               (d->status == 0 || d->status == 403);
}

static void exchange_act(Exchange *x, const Decision *d) {
        switch (d->verdict) {
        case VERDICT_DENY:
                if (exchange_is_shadowed(x, d)) {
                        exchange_record_would_deny(x, d);
                        exchange_pass(x, AUDIT_VERDICT_WOULD_DENY, d->reason);
                } else
                        exchange_refuse_decision(x, d);
                break;
        case VERDICT_INSPECT:
                exchange_start_body(x, &x->ctx->request);
                break;
        case VERDICT_RESOLVE:
                exchange_resolve(x, d->resolve_kind, d->subject);
                break;
        case VERDICT_ALLOW:
                exchange_pass(x, AUDIT_VERDICT_ALLOW, "allowed");
                break;
        }
}

/* The head is well formed: may this peer do this? */
static void exchange_judge(Exchange *x, Bytes raw) {
        Request *req = &x->ctx->request;
        PolicyFacts facts;
        Decision d;

        if (!exchange_build_request(x))
                return;

        facts = exchange_facts(x);
        d = policy_decide(x->policy, req, &facts);
        if (d.verdict == VERDICT_INSPECT && x->judgement && x->judgement->is_whole)
                d = policy_inspect(x->policy, req, &facts, buffer_bytes(&x->judgement->body));
        if ((d.verdict == VERDICT_INSPECT || d.verdict == VERDICT_RESOLVE) &&
            !exchange_keep_head(x, raw))
                return;
        exchange_act(x, &d);
}

void exchange_judge_again(Exchange *x) {
        Bytes raw = buffer_bytes(&x->judgement->raw_head);

        loop_deadline_set(x->ctx->loop, &x->client->deadline, LOOP_NEVER);
        if (exchange_read_head(x, raw))
                exchange_judge(x, raw);
        /* Verdicts borrow from the raw head: it goes when they have been acted on. */
        if (x->state != EXCHANGE_STATE_BODY && x->state != EXCHANGE_STATE_RESOLVE)
                buffer_done(&x->judgement->raw_head);
}

static void exchange_judge_first(Exchange *x, Bytes raw) {
        Decision d;

        if (!x->policy) {
                exchange_refuse_fault(x, 503, "config-broken", x->ctx->broken_text);
                return;
        }
        if (x->client->admitted != x->ctx->generation) {
                /* Known already, but for connections that are older than the policy. */
                if (policy_wants_origin(x->policy))
                        (void) peer_read_origin(x->client->stream.watch.fd, &x->client->peer);
                d = policy_decide_peer(x->policy, &x->client->peer);
                if (d.verdict != VERDICT_ALLOW) {
                        x->closes = true;
                        exchange_refuse_decision(x, &d);
                        return;
                }
                x->client->admitted = x->ctx->generation;
        }
        exchange_judge(x, raw);
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
        exchange_judge_first(x, raw);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the engine about an object that a request names, on a connection of our own, before the
 * request itself is decided; and learning ids from answers that name what was made. Nothing of the
 * client's request is sent here but the object's name, which is of the id grammar. Each such
 * inspect is in the audit as ours.
 */
#include "proxy/exchange-parts.h"

#include "http/lint.h"

#include <string.h>

struct Lookup {
        Upstream *upstream;
        Relay out;
        Buffer head; /* of the answer, until it is whole */
        size_t scanned;
        bool has_head;
        unsigned status;
        HttpBody body;
        Buffer payload;
        Object object;
};

void exchange_forget_lookup(Exchange *x) {
        Lookup *l = x->judgement ? x->judgement->lookup : NULL;

        if (!l)
                return;
        upstream_free(l->upstream);
        relay_done(&l->out);
        buffer_done(&l->head);
        buffer_done(&l->payload);
        free(l);
        x->judgement->lookup = NULL;
}

static void lookup_fail(Exchange *x, const char *reason, const char *text) {
        exchange_forget_lookup(x);
        exchange_refuse_fault(x, 502, reason, text);
}

static void lookup_record(Exchange *x, const Lookup *l) {
        static const char *const texts[] = {
                [OBJECT_CONTAINER] = "asked the engine about a container that a request names",
                [OBJECT_NETWORK] = "asked the engine about a network that a request names",
                [OBJECT_VOLUME] = "asked the engine about a volume that a request names",
        };

        if (x->policy->log != POLICY_LOG_ALL)
                return;
        audit_emit(x->ctx->sink, &(AuditRecord){
                                         .event = AUDIT_EVENT_LOOKUP,
                                         .verdict = AUDIT_VERDICT_ALLOW,
                                         .req_id = exchange_id(x),
                                         .conn_id = x->client->conn_id,
                                         .reason = "own-inspect",
                                         .value = bytes_of(l->object.asked),
                                         .policy = x->ctx->instance,
                                         .upstream_status = l->status,
                                         .text = texts[l->object.kind],
                                 });
}

/* What is known now goes to the judgement, which begins anew. */
static void exchange_add_object(Exchange *x, const Object *object) {
        Objects *objects = x->judgement->objects;

        if (!objects)
                objects = x->judgement->objects = calloc(1, sizeof(*objects));
        if (!objects) {
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
                return;
        }
        if (objects->n >= OBJECTS_MAX) {
                exchange_refuse(x, &(Refusal){
                                           .status = 403,
                                           .verdict = AUDIT_VERDICT_DENY,
                                           .reason = "too-many-objects",
                                           .text = "it names more objects than may be asked about",
                                   });
                return;
        }
        objects->items[objects->n++] = *object;
        exchange_judge_again(x);
}

static void lookup_finish(Exchange *x) {
        Lookup *l = x->judgement->lookup;
        Object object;

        if (l->status == 404)
                l->object.is_missing = true;
        else if (l->status != 200 || !object_read_inspect(buffer_bytes(&l->payload), &l->object)) {
                lookup_fail(x, "inspect-failed", "the engine did not say what the request names");
                return;
        }
        lookup_record(x, l);
        (void) known_add_object(x->ctx->known, &l->object);
        object = l->object;
        exchange_forget_lookup(x);
        exchange_add_object(x, &object);
}

/* true: go on reading. */
static bool lookup_take_head(Exchange *x, Bytes input, Bytes *ret_rest) {
        Lookup *l = x->judgement->lookup;
        HttpHead *head = &x->ctx->answer;
        HttpError error;
        size_t len = 0;
        Bytes held;

        if (buffer_append(&l->head, input) < 0) {
                lookup_fail(x, "no-memory", "out of memory");
                return false;
        }
        held = buffer_bytes(&l->head);
        switch (http_scan_response(held, &http_response_limits, &l->scanned, &len, &error)) {
        case HTTP_SCAN_MORE:
                return true;
        case HTTP_SCAN_BAD:
                lookup_fail(x, "answer-malformed", "the engine's answer is malformed");
                return false;
        case HTTP_SCAN_HEAD:
                break;
        }
        if (!http_lint_response(bytes_slice(held, 0, len), &http_response_limits, HTTP_METHOD_GET,
                                head, &error)) {
                lookup_fail(x, "answer-malformed", "the engine's answer is malformed");
                return false;
        }
        l->has_head = true;
        l->status = head->status;
        http_body_init(&l->body, head->framing, head->content_length);
        *ret_rest = bytes_skip(held, len);
        return true;
}

/* false: it is over, one way or the other. */
static bool lookup_take(Exchange *x, Bytes input) {
        Lookup *l = x->judgement->lookup;
        size_t n;

        if (!l->has_head) {
                Bytes rest = BYTES_NONE;

                if (!lookup_take_head(x, input, &rest))
                        return false;
                input = rest;
        }
        if (!l->has_head)
                return true;

        if (http_body_feed(&l->body, input, &n, &l->payload) < 0 ||
            l->body.state == HTTP_BODY_BAD || buffer_len(&l->payload) > LIMIT_LOOKUP_ANSWER) {
                lookup_fail(x, "answer-malformed", "the engine's answer is malformed or too large");
                return false;
        }
        if (l->body.state != HTTP_BODY_DONE)
                return true;
        lookup_finish(x);
        return false;
}

static void lookup_read(Exchange *x) {
        Lookup *l = x->judgement->lookup;

        for (;;) {
                size_t n = 0;
                StreamResult result =
                        stream_recv(&l->upstream->stream, x->ctx->room, CONTEXT_ROOM_SIZE, &n);

                if (result == STREAM_AGAIN)
                        return;
                if (result == STREAM_EOF && l->has_head && l->body.framing == HTTP_FRAMING_CLOSE) {
                        lookup_finish(x);
                        return;
                }
                if (result != STREAM_OK) {
                        lookup_fail(x, "engine-closed",
                                    "the engine closed the connection without an answer");
                        return;
                }
                if (!lookup_take(x, (Bytes){ x->ctx->room, n }))
                        return;
        }
}

static void lookup_connect(Exchange *x) {
        Context *ctx = x->ctx;
        Client *c = x->client;
        Lookup *l = x->judgement->lookup;
        const char *path = ctx->upstream ? ctx->upstream : x->policy->upstream;
        uint64_t now = loop_now(ctx->loop);

        switch (upstream_connect(ctx->loop, path, c->stream.on_ready, c->stream.userdata,
                                 &l->upstream)) {
        case UPSTREAM_OK:
                l->out.to = &l->upstream->stream;
                loop_deadline_set(ctx->loop, &c->deadline, now + LIMIT_LOOKUP_USEC);
                exchange_pump_lookup(x);
                break;
        case UPSTREAM_BUSY:
        case UPSTREAM_MISSING:
        case UPSTREAM_FORBIDDEN:
                lookup_fail(x, "engine-unreachable", "the engine's socket does not answer");
                break;
        case UPSTREAM_NO_MEANS:
                lookup_fail(x, "no-means", "no descriptor or memory for the engine's connection");
                break;
        }
}

void exchange_pump_lookup(Exchange *x) {
        Lookup *l = x->judgement->lookup;

        if (x->client->stream.is_hung_up) {
                exchange_close(x, AUDIT_VERDICT_REJECT, "client-gone");
                return;
        }
        if (relay_flush(&l->out) == RELAY_SINK_BROKEN)
                lookup_fail(x, "engine-closed",
                            "the engine closed the connection without an answer");
        else
                lookup_read(x);
}

static int lookup_write(Lookup *l) {
        static const struct {
                const char *before, *after;
        } paths[] = {
                [OBJECT_CONTAINER] = { "GET /containers/", "/json" },
                [OBJECT_NETWORK] = { "GET /networks/", "" },
                [OBJECT_VOLUME] = { "GET /volumes/", "" },
        };

        return buffer_printf(&l->out.pending,
                             "%s%s%s HTTP/1.1\r\nHost: docker\r\nUser-Agent: sockgate\r\n"
                             "Connection: close\r\n\r\n",
                             paths[l->object.kind].before, l->object.asked,
                             paths[l->object.kind].after);
}

void exchange_resolve(Exchange *x, ObjectKind kind, Bytes asked) {
        const Object *known = known_find_object(x->ctx->known, kind, asked);
        Lookup *l;

        assert(asked.len < OBJECT_NAME_SIZE);

        if (x->state != EXCHANGE_STATE_RESOLVE)
                exchange_set_state(x, EXCHANGE_STATE_RESOLVE);
        if (known) {
                Object object = *known;

                memcpy(object.asked, asked.data, asked.len);
                object.asked[asked.len] = 0;
                exchange_add_object(x, &object);
                return;
        }

        l = calloc(1, sizeof(*l));
        if (!l) {
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
                return;
        }
        x->judgement->lookup = l;
        l->object.kind = kind;
        memcpy(l->object.asked, asked.data, asked.len);
        if (lookup_write(l) < 0)
                lookup_fail(x, "no-memory", "out of memory");
        else
                lookup_connect(x);
}

/* Learning */

bool exchange_learns(const Exchange *x) {
        return x->endpoint && x->method == HTTP_METHOD_POST &&
               (x->endpoint->judge == ENDPOINT_JUDGE_EXEC_CREATE ||
                x->endpoint->judge == ENDPOINT_JUDGE_CONTAINER_CREATE);
}

void exchange_learn(Exchange *x) {
        char id[OBJECT_ID_SIZE];
        Context *ctx = x->ctx;

        if (!object_read_id(buffer_bytes(&x->judgement->learned), id))
                return;
        if (x->endpoint->judge == ENDPOINT_JUDGE_EXEC_CREATE)
                (void) known_add_exec(ctx->known, bytes_of(id), &x->client->peer,
                                      loop_now(ctx->loop));
        else
                (void) known_add_created(ctx->known, bytes_of(id));
}

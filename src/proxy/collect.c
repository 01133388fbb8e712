/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies under judgement: each takes its share of judged-bytes before its first byte is read, in
 * turn, and is read whole within its cap and its time. What it held is given back once the engine
 * has it.
 */
#include "proxy/exchange-parts.h"

#include "http/writer.h"
#include "util/sha256.h"

#include <errno.h>
#include <malloc.h>

#define COLLECT_LARGE (64 * KIB) /* what a body of this size took goes back to the system */

static void judgement_queue(Judgement *j) {
        Context *ctx = j->exchange->ctx;

        j->is_waiting = true;
        j->next_waiter = NULL;
        if (ctx->last_waiter)
                ctx->last_waiter->next_waiter = j;
        else
                ctx->first_waiter = j;
        ctx->last_waiter = j;
}

static void judgement_unqueue(Judgement *j) {
        Context *ctx = j->exchange->ctx;
        Judgement *previous = NULL;

        for (Judgement *i = ctx->first_waiter; i && i != j; i = i->next_waiter)
                previous = i;
        if (previous)
                previous->next_waiter = j->next_waiter;
        else
                ctx->first_waiter = j->next_waiter;
        if (ctx->last_waiter == j)
                ctx->last_waiter = previous;
        j->is_waiting = false;
}

static void context_wake_first_waiter(Context *ctx) {
        if (ctx->first_waiter)
                loop_defer(ctx->loop, &ctx->first_waiter->exchange->client->turn);
}

/* Also the copy that the engine has got by now. Large bodies are rare; without malloc_trim() an
 * idle daemon would keep for ever what the largest one took. */
static void judgement_free_body(Judgement *j) {
        bool is_large = buffer_len(&j->body) >= COLLECT_LARGE;

        buffer_done(&j->body);
        if (!is_large)
                return;

        if (buffer_len(&j->exchange->up.pending) == 0)
                buffer_done(&j->exchange->up.pending);
        (void) malloc_trim(0);
}

void exchange_release_body(Exchange *x) {
        Judgement *j = x->judgement;

        if (!j || (!j->is_waiting && j->n_reserved == 0))
                return;

        if (j->is_waiting)
                judgement_unqueue(j);
        x->ctx->n_judged_bytes -= j->n_reserved;
        j->n_reserved = 0;
        judgement_free_body(j);
        context_wake_first_waiter(x->ctx);
}

void exchange_forget_judgement(Exchange *x) {
        if (x->judgement)
                buffer_clear(&x->up.pending); /* nobody takes it any more */
        exchange_release_body(x);
        exchange_forget_lookup(x);
        if (x->judgement) {
                buffer_done(&x->judgement->body);
                buffer_done(&x->judgement->raw_head);
                buffer_done(&x->judgement->learned);
                free(x->judgement->objects);
        }
        free(x->judgement);
        x->judgement = NULL;
}

/* In turn: nobody who came later is served first. One body alone is always let in, whatever it
 * reserves. */
static bool judgement_reserve(Judgement *j, uint64_t n) {
        Context *ctx = j->exchange->ctx;
        uint64_t max = MAX(j->exchange->policy->limits.judged_bytes_max, n);
        bool is_first = !ctx->first_waiter || ctx->first_waiter == j;

        if (!is_first || ctx->n_judged_bytes + n > max)
                return false;
        if (j->is_waiting)
                judgement_unqueue(j);
        ctx->n_judged_bytes += n;
        j->n_reserved = n;
        context_wake_first_waiter(ctx);
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

bool exchange_need_judgement(Exchange *x) {
        if (!x->judgement)
                x->judgement = calloc(1, sizeof(*x->judgement));
        if (!x->judgement) {
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
                return false;
        }
        x->judgement->exchange = x;
        return true;
}

bool exchange_keep_head(Exchange *x, Bytes raw) {
        if (!exchange_need_judgement(x))
                return false;
        if (buffer_len(&x->judgement->raw_head) > 0)
                return true;
        if (buffer_append(&x->judgement->raw_head, raw) < 0) {
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
                return false;
        }
        return true;
}

void exchange_start_body(Exchange *x, const Request *req) {
        const HttpHead *head = req->head;
        Judgement *j = x->judgement;

        j->body_cap = x->policy->limits.judged_body_max;
        if (req->echo_cap > 0)
                j->body_cap = MIN(j->body_cap, (uint64_t) req->echo_cap);
        if (head->framing == HTTP_FRAMING_LENGTH && head->content_length > j->body_cap) {
                exchange_refuse_too_large(x);
                return;
        }

        exchange_set_state(x, EXCHANGE_STATE_BODY);
        if (x->request_body.state == HTTP_BODY_DONE) {
                j->is_whole = true;
                exchange_judge_again(x);
        } else
                exchange_collect(x);
}

/* Its share of judged-bytes is taken before the first byte is read: true when it has it. */
static bool exchange_has_reserved(Exchange *x) {
        Judgement *j = x->judgement;
        uint64_t need =
                x->request_body.framing == HTTP_FRAMING_LENGTH ? x->request_body.left : j->body_cap;

        if (j->n_reserved > 0)
                return true;
        if (!judgement_reserve(j, MAX(need, 1U))) {
                if (!j->is_waiting)
                        judgement_queue(j);
                return false;
        }

        /* At once and exact: growing would hold it twice. Untouched memory costs nothing. */
        if (x->request_body.framing == HTTP_FRAMING_LENGTH &&
            buffer_reserve(&j->body, (size_t) need, NULL) < 0) {
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
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

static void exchange_hash_body(Exchange *x) {
        uint8_t digest[SHA256_SIZE];
        Sha256 hash;

        sha256_init(&hash);
        sha256_update(&hash, buffer_bytes(&x->judgement->body));
        sha256_final(&hash, digest);
        sha256_format(digest, x->judgement->sha256);
}

/* Takes what is at hand of the body. false: the exchange is in another state now. */
static bool exchange_take_body(Exchange *x, Bytes input, bool is_ahead) {
        Judgement *j = x->judgement;
        size_t n = 0;
        int r;

        r = http_body_feed(&x->request_body, input, &n, &j->body);
        if (r >= 0 && is_ahead)
                buffer_consume(&x->client->ahead, n);
        else if (r >= 0 && n < input.len)
                r = buffer_append(&x->client->ahead, bytes_skip(input, n));

        if (r < 0)
                exchange_refuse_fault(x, 503, "no-memory", "out of memory");
        else if (buffer_len(&j->body) > j->body_cap)
                exchange_refuse_too_large(x);
        else if (x->request_body.state == HTTP_BODY_BAD)
                exchange_refuse_chunks(x);
        else if (x->request_body.state == HTTP_BODY_DONE) {
                exchange_hash_body(x);
                j->is_whole = true;
                exchange_judge_again(x);
        }
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

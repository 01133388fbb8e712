/* SPDX-License-Identifier: Apache-2.0 */
/* Our own answers, and the one record that each exchange leaves in the audit. */
#include "proxy/exchange-parts.h"

#include "audit/message-ids.h"
#include "http/writer.h"
#include "io/peer.h"

#include <stdio.h>
#include <string.h>

/* Audit */

/* Made when it is first told: most requests leave no record. */
const char *exchange_id(Exchange *x) {
        if (!x->id[0])
                context_make_id(x->ctx, x->id);
        return x->id;
}

static AuditRecord exchange_describe(Exchange *x, AuditEvent event) {
        Bytes facts = buffer_bytes(&x->facts);

        (void) peer_read_origin(x->client->stream.watch.fd, &x->client->peer);
        return (AuditRecord){
                .event = event,
                .verdict = x->verdict,
                .req_id = exchange_id(x),
                .conn_id = x->client->conn_id,
                .listener = x->client->listener,
                .peer = &x->client->peer,
                .method = bytes_slice(facts, 0, x->method_len),
                .target = bytes_slice(facts, x->method_len, x->target_len),
                .user_agent = bytes_skip(facts, x->method_len + x->target_len),
                .api_minor = x->api_minor,
                .endpoint = x->endpoint,
                .reason = x->reason,
                .policy = x->ctx->instance,
                .status = x->status,
                .upstream_status = x->upstream_status,
                .bytes_in = x->is_tunnel ? x->up.n_sent : x->request_body.n_payload,
                .bytes_out = x->down.n_sent,
                .duration_usec = loop_now(x->ctx->loop) - x->started_usec,
                .body_sha256 =
                        x->judgement && x->judgement->sha256[0] ? x->judgement->sha256 : NULL,
                .config_sha256 = x->policy ? x->policy->sha256 : NULL,
        };
}

static bool exchange_is_change(const Exchange *x) {
        return !x->endpoint || x->endpoint->level != ENDPOINT_LEVEL_READ;
}

/* [audit] log: faults and refusals are always written. */
static bool exchange_is_logged(const Exchange *x) {
        if (x->verdict != AUDIT_VERDICT_ALLOW || !x->policy)
                return true;

        switch (x->policy->log) {
        case POLICY_LOG_ALL:
                return true;
        case POLICY_LOG_CHANGES:
                return exchange_is_change(x);
        case POLICY_LOG_DENIED:
                return false;
        }
        return true;
}

void exchange_record(Exchange *x, const Refusal *refusal) {
        AuditRecord rec;
        bool is_second = x->was_recorded;

        /* The first record comes once, early or at the end; the second at the end of what was
         * recorded early. */
        if (is_second && (!exchange_is_over(x) || x->is_own_answer))
                return;
        x->was_recorded = true;
        if (!exchange_is_logged(x))
                return;

        rec = exchange_describe(x, is_second ? AUDIT_EVENT_TUNNEL_END : AUDIT_EVENT_REQUEST);
        if (refusal) {
                rec.field = refusal->field;
                rec.value = refusal->subject;
                rec.rule = refusal->place;
                rec.hint = refusal->hint;
                rec.text = refusal->text;
                rec.message_id = refusal->message_id;
        } else if (x->policy && x->endpoint && x->verdict == AUDIT_VERDICT_ALLOW)
                rec.rule = x->policy->grants[endpoint_index(x->endpoint)].allowed_at;
        audit_emit(x->ctx->sink, &rec);
}

/* Shadow: what would have been refused, and why; the request goes on. */
void exchange_record_would_deny(Exchange *x, const Decision *d) {
        AuditRecord rec;

        x->verdict = AUDIT_VERDICT_WOULD_DENY;
        x->reason = d->reason;
        rec = exchange_describe(x, AUDIT_EVENT_DECISION);
        rec.text = d->text;
        rec.value = d->subject;
        rec.field = d->field;
        rec.rule = d->place;
        rec.hint = d->hint;
        audit_emit(x->ctx->sink, &rec);
}

/* With `required` the decision is on record before anything is forwarded. */
bool exchange_record_decision(Exchange *x) {
        AuditRecord rec;

        if (x->policy->required == POLICY_REQUIRED_NO ||
            (x->policy->required == POLICY_REQUIRED_CHANGES && !exchange_is_change(x)))
                return true;

        if (!audit_sink_is_able(x->ctx->sink)) {
                exchange_refuse(x, &(Refusal){
                                           .status = 503,
                                           .verdict = AUDIT_VERDICT_FAULT,
                                           .reason = "audit-unavailable",
                                           .text = "the request cannot be recorded in the journal",
                                           .message_id = MESSAGE_ID_AUDIT_UNAVAILABLE,
                                   });
                return false;
        }
        rec = exchange_describe(x, AUDIT_EVENT_DECISION);
        rec.rule = x->policy->grants[endpoint_index(x->endpoint)].allowed_at;
        audit_emit(x->ctx->sink, &rec);
        return true;
}

/* Refusals */

static const char *refusal_word(AuditVerdict verdict) {
        switch (verdict) {
        case AUDIT_VERDICT_DENY:
                return "denied: ";
        case AUDIT_VERDICT_REJECT:
                return "refused: ";
        case AUDIT_VERDICT_NONE:
        case AUDIT_VERDICT_ALLOW:
        case AUDIT_VERDICT_WOULD_DENY:
        case AUDIT_VERDICT_FAULT:
                break;
        }
        return "";
}

/* "sockgate: denied: POST /containers/create: not allowed by the policy 'X' at /Field [id 01J...]"
 */
static size_t refusal_message(Exchange *x, const Refusal *refusal, char *room, size_t size) {
        Bytes facts = buffer_bytes(&x->facts);
        Bytes target = bytes_slice(facts, x->method_len, x->target_len);
        char method[32], path[LIMIT_MESSAGE], subject[LIMIT_MESSAGE], field[LIMIT_MESSAGE];
        int n_method, n_path, n_subject, n_field, n_text, n;

        n_method = (int) audit_escape(bytes_slice(facts, 0, x->method_len), method, sizeof(method));
        n_path = (int) audit_escape(bytes_slice(target, 0, bytes_find(target, '?')), path,
                                    sizeof(path));
        n_subject = (int) audit_escape(refusal->subject, subject, sizeof(subject));
        n_field = (int) audit_escape(refusal->field, field, sizeof(field));
        n_text = (int) audit_text(refusal->text, refusal->subject).len;
        n = snprintf(room, size, "sockgate: %s%.*s%s%.*s%s%.*s%s%.*s%s%s%.*s [id %s]",
                     refusal_word(refusal->verdict), n_method, method, n_method ? " " : "", n_path,
                     path, n_path ? ": " : "", n_text, refusal->text, n_subject ? " '" : "",
                     n_subject, subject, n_subject ? "'" : "", n_field ? " at " : "", n_field,
                     field, exchange_id(x));
        return n < 0 ? 0 : MIN((size_t) n, size - 1);
}

void exchange_refuse(Exchange *x, const Refusal *refusal) {
        char message[5 * LIMIT_MESSAGE];
        HttpRefusal answer = { .status = refusal->status, .is_head = x->is_head };

        exchange_release_body(x);
        relay_reset(&x->up);
        x->verdict = refusal->verdict;
        x->reason = refusal->reason;
        x->status = refusal->status;
        x->is_own_answer = true;
        /* A body that was not read could be anything: it is not looked for a next request. */
        x->closes = x->closes || refusal->closes || x->ctx->is_draining ||
                    x->request_body.state != HTTP_BODY_DONE;
        answer.closes = x->closes;
        answer.keeps_alive = x->asked_keep_alive && !x->closes;
        answer.message = (Bytes){ message, refusal_message(x, refusal, message, sizeof(message)) };

        exchange_record(x, refusal);
        exchange_set_state(x, EXCHANGE_STATE_REFUSE);
        loop_deadline_set(x->ctx->loop, &x->client->deadline,
                          loop_now(x->ctx->loop) + LIMIT_REFUSAL_USEC);
        if (http_write_refusal(&x->down.pending, &answer) < 0)
                exchange_set_state(x, EXCHANGE_STATE_CLOSED);
        else
                exchange_pump_refusal(x);
}

void exchange_refuse_error(Exchange *x, const HttpError *error, bool closes) {
        const Request *req = &x->ctx->request;
        bool is_denial = error->status == 403;
        Refusal refusal = {
                .status = error->status,
                .verdict = is_denial ? AUDIT_VERDICT_DENY : AUDIT_VERDICT_REJECT,
                .reason = error->reason,
                .text = error->text,
                .closes = closes,
        };

        if (x->endpoint && req->endpoint == x->endpoint && req->bad_pair)
                refusal.subject = req->bad_pair->key;
        exchange_refuse(x, &refusal);
}

void exchange_refuse_fault(Exchange *x, unsigned status, const char *reason, const char *text) {
        exchange_refuse(x, &(Refusal){
                                   .status = status,
                                   .verdict = AUDIT_VERDICT_FAULT,
                                   .reason = reason,
                                   .text = text,
                           });
}

void exchange_refuse_chunks(Exchange *x) {
        exchange_refuse(x, &(Refusal){
                                   .status = 400,
                                   .verdict = AUDIT_VERDICT_REJECT,
                                   .reason = "chunk-malformed",
                                   .text = "the chunked body is malformed",
                                   .closes = true,
                           });
}

/* Lingering: reads and drops, so that a close does not reset our answer away (RFC 9112 9.6). */

void exchange_linger(Exchange *x) {
        exchange_set_state(x, EXCHANGE_STATE_LINGER);
        loop_deadline_set(x->ctx->loop, &x->client->deadline,
                          loop_now(x->ctx->loop) + LIMIT_LINGER_USEC);
        buffer_done(&x->client->ahead);
        stream_shutdown(&x->client->stream);
        x->n_seen = 0;
}

static void exchange_pump_linger(Exchange *x) {
        while (x->n_seen < LIMIT_LINGER_BYTES) {
                size_t n = 0;
                StreamResult result =
                        stream_recv(&x->client->stream, x->ctx->room, CONTEXT_ROOM_SIZE, &n);

                if (result == STREAM_AGAIN)
                        return;
                if (result != STREAM_OK)
                        break;
                x->n_seen += n;
        }
        exchange_set_state(x, EXCHANGE_STATE_CLOSED);
}

void exchange_pump_refusal(Exchange *x) {
        if (x->state == EXCHANGE_STATE_REFUSE)
                switch (relay_flush(&x->down)) {
                case RELAY_WAITS:
                        if (x->closes)
                                exchange_linger(x);
                        else
                                exchange_set_state(x, EXCHANGE_STATE_DONE);
                        break;
                case RELAY_BLOCKED:
                        return;
                case RELAY_YIELDS:
                case RELAY_DONE:
                case RELAY_SOURCE_EOF:
                case RELAY_SOURCE_BROKEN:
                case RELAY_SINK_BROKEN:
                case RELAY_NO_MEMORY:
                        exchange_set_state(x, EXCHANGE_STATE_CLOSED);
                        return;
                }
        if (x->state == EXCHANGE_STATE_LINGER)
                exchange_pump_linger(x);
}

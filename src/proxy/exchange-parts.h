/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of an exchange call of each other; nobody else includes this. */
#pragma once

#include "proxy/exchange.h"

/* A refusal of ours, as it goes to the client and into the audit. */
typedef struct Refusal {
        unsigned status;
        AuditVerdict verdict; /* DENY, REJECT or FAULT */
        const char *reason;   /* fixed word */
        const char *text;     /* sentence without a full stop */
        Bytes subject;        /* shown in ticks after text; may be empty */
        Bytes field;
        Place place;
        const char *hint;
        const char *message_id; /* NULL: that of the verdict */
        bool closes; /* the connection can't be used again, whatever is known of the body */
} Refusal;

/* refuse.c */
const char *exchange_id(Exchange *x); /* of its request, as client and audit see it */
void exchange_refuse(Exchange *x, const Refusal *refusal);
void exchange_refuse_error(Exchange *x, const HttpError *error, bool closes);
void exchange_refuse_fault(Exchange *x, unsigned status, const char *reason, const char *text);
void exchange_refuse_chunks(Exchange *x);
void exchange_record(Exchange *x, const Refusal *refusal); /* refusal may be NULL */
void exchange_record_would_deny(Exchange *x, const Decision *d);
bool exchange_record_decision(Exchange *x); /* false: audit unavailable, it was refused */
void exchange_pump_refusal(Exchange *x);
void exchange_linger(Exchange *x);

/* judge.c: all of it anew, when the body is whole or the engine has answered. */
void exchange_judge_again(Exchange *x);

/* resolve.c */
void exchange_resolve(Exchange *x, ObjectKind kind, Bytes asked);
void exchange_pump_lookup(Exchange *x);
void exchange_forget_lookup(Exchange *x);
bool exchange_learns(const Exchange *x); /* its answer names what it made */
void exchange_learn(Exchange *x);        /* the answer is whole */

/* collect.c. need_judgement and keep_head: false when out of memory, the exchange was refused then.
 * release gives back what was reserved and is cheap when there is nothing; forget drops everything.
 */
bool exchange_need_judgement(Exchange *x);
bool exchange_keep_head(Exchange *x, Bytes raw);
void exchange_start_body(Exchange *x, const Request *req);
void exchange_collect(Exchange *x);
void exchange_release_body(Exchange *x);
void exchange_forget_judgement(Exchange *x);

/* answer.c: reads and relays the answer. false: the exchange changed its state, look anew. */
bool exchange_read_answer(Exchange *x);
extern const RelayFilter exchange_answer_filter;

/* exchange.c */
void exchange_connect(Exchange *x);
void exchange_drop_upstream(Exchange *x);

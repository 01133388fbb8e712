/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer, from the judged head to the last byte. Parts: judge.c (from raw head
 * to verdict), exchange.c (life, connecting, relaying), answer.c (what the engine says), refuse.c
 * (our own answers, the audit).
 */
#pragma once

#include "http/body.h"
#include "io/relay.h"
#include "proxy/client.h"
#include "proxy/context.h"
#include "proxy/fsm.h"
#include "proxy/upstream.h"

typedef struct Lookup Lookup;

/* A request whose judgement takes more than its head: its body, or what the engine knows of the
 * objects that it names. Most have none. */
typedef struct Judgement {
        Exchange *exchange;
        Buffer raw_head;     /* all is judged again with it */
        Buffer body;         /* the payload that is collected */
        uint64_t body_cap;   /* of the payload */
        uint64_t n_reserved; /* of the context's judged bytes */
        bool is_waiting;     /* for its share of them */
        Judgement *next_waiter;
        char sha256[65];  /* of the whole payload */
        bool is_whole;    /* the body was collected */
        Buffer learned;   /* of an answer that names what was made */
        Objects *objects; /* what the engine said of those that the request names */
        Lookup *lookup;   /* being asked */
} Judgement;

struct Exchange {
        Context *ctx;
        Client *client;
        Policy *policy;           /* the one it was judged by; NULL: broken configuration */
        const Endpoint *endpoint; /* NULL: none was found */
        Judgement *judgement;     /* NULL: the head alone was judged */
        const char *reason;
        uint64_t started_usec;
        uint64_t connect_until_usec;
        uint64_t n_seen; /* progress when the stall deadline was last set */
        size_t n_taken;  /* by the last call of the request filter */

        HttpBody request_body;
        HttpBody answer_body;

        unsigned api_minor;
        unsigned status, upstream_status;
        unsigned n_interim;
        uint32_t method_len, target_len; /* of the facts */

        char id[CONTEXT_ID_SIZE]; /* "" until exchange_id() is asked */
        ExchangeState state;
        HttpMethod method;
        AuditVerdict verdict;
        bool is_head; /* HEAD: answers have no body */
        bool is_http10;
        bool asked_keep_alive; /* HTTP/1.0 and keep-alive: it is told */
        bool closes;           /* the client connection ends with this exchange */
        bool wants_upgrade;
        bool wants_continue; /* Expect: 100-continue, not answered yet */
        bool is_reused;      /* the engine connection served an earlier request */
        bool was_retried;
        bool is_up_dead;    /* the engine takes no more of the request */
        bool is_up_over;    /* tunnel: the client's end was passed on */
        bool is_down_over;  /* tunnel: the engine's end was passed on */
        bool eof_passed;    /* plain: the same for a client that half-closed */
        bool head_relayed;  /* the final answer's head is on its way to the client */
        bool feeds_ahead;   /* the request filter looks at client->ahead */
        bool was_recorded;  /* in the audit: what comes now is the second record */
        bool is_own_answer; /* the answer is ours */
        bool is_tunnel;     /* it became one */

        /* What keeps its memory when an ended exchange is used again. */
        Buffer facts; /* method, target, User-Agent as received: for the audit */
        Relay up, down;
};

/* Judges the request whose whole raw head this is (client->ahead holds what follows it) and begins
 * to act. *ret is set even when it is over at once: look with exchange_is_over(). 0 or -ENOMEM. */
int exchange_start(Context *ctx, Client *client, Bytes raw, Exchange **ret);

/* Head bytes that can never become a request: refuses and closes. 0 or -ENOMEM. */
int exchange_start_refused(Context *ctx, Client *client, const HttpError *error, Exchange **ret);

/* Ends it: releases what it holds, records it if that is still to be done, returns it to the
 * spares. */
Exchange *exchange_free(Exchange *x);
/* Frees the spares of the context. */
void exchange_free_spares(Context *ctx);

/* Moves what can be moved. Safe to call at any time. */
void exchange_pump(Exchange *x);

/* The client's deadline has come. */
void exchange_expire(Exchange *x);

/* The daemon stops: tunnels end now, everything else may finish and then closes. */
void exchange_drain(Exchange *x);

bool exchange_is_over(const Exchange *x);

/* The only way from one state to the next. */
void exchange_set_state(Exchange *x, ExchangeState state);

/* Ends at once, in the middle if need be; reason is what the audit shows. */
void exchange_close(Exchange *x, AuditVerdict verdict, const char *reason);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all exchanges of the process share: the loop, the audit, the policy in force, and the large
 * scratch structs that one request at a time fills (single thread; nothing in them survives a
 * wait).
 */
#pragma once

#include "audit/journal.h"
#include "http/parser.h"
#include "io/splice.h"
#include "policy/policy.h"

#define CONTEXT_ROOM_SIZE (64 * 1024)
#define CONTEXT_ID_SIZE   27 /* 26 characters and a NUL */
#define CONTEXT_SPARES_MAX                                                                         \
        16 /* ended exchanges that are kept with their buffers: no allocation a request */

typedef struct Exchange Exchange;
typedef struct Judgement Judgement;

typedef struct Context {
        Loop *loop;
        AuditSink *sink;
        HttpParser *parser;
        const char *instance;
        char broken_text[128]; /* what a client is told while the configuration is broken: names the
                                  unit */
        const char *upstream;  /* --upstream; NULL: the policy's */

        Policy *policy;      /* NULL: the configuration is broken, everything is answered 503 */
        uint64_t generation; /* grows with each policy: older engine connections are not used again
                              */
        bool is_draining;

        uint64_t n_judged_bytes; /* reserved by bodies under judgement */
        Judgement
                *first_waiter; /* bodies that wait for others to give theirs back, in their order */
        Judgement *last_waiter;
        unsigned n_large_heads; /* places of the pool in use */

        Exchange *spares[CONTEXT_SPARES_MAX];
        unsigned n_spares;

        uint64_t id_random;
        uint64_t n_ids;

        Known *known;     /* ids that were seen being made, and objects that were asked for */
        JudgeNotes notes; /* texts of the verdict at hand */
        HttpHead head;    /* of the request at hand */
        HttpHead answer;  /* of the answer at hand */
        Target target;
        Request request;
        PipeCache pipes;              /* what is moved unread goes through these */
        char room[CONTEXT_ROOM_SIZE]; /* whatever is read lands here first */
} Context;

/* Needs loop, sink, instance and upstream to be set; makes the parser and the id seed. 0 or -errno.
 */
int context_init(Context *ctx);
void context_done(Context *ctx);

/* Takes over the caller's reference; NULL: broken. */
void context_set_policy(Context *ctx, Policy *policy);

/* A new request id: 10 characters of time, 16 of chance and count, sortable; Crockford's base 32.
 */
void context_make_id(Context *ctx, char ret_id[CONTEXT_ID_SIZE]);

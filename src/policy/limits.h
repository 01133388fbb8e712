/* SPDX-License-Identifier: Apache-2.0 */
/* Every resource that a peer can make us spend: name, default, unit and reason in one place. */
#pragma once

#include "util/macros.h"

#include <stdbool.h>
#include <stdint.h>

/* Keys of [limits]. Times in microseconds, sizes in bytes; 0 means never where the comment says so.
 */
typedef struct Limits {
        uint64_t idle_exit_usec;   /* 60 s; 0 = stay: leave no idle process behind */
        unsigned n_connections;    /* 4096: bounded descriptors */
        unsigned n_per_peer;       /* 1024 a uid or address: one consumer can't starve the rest */
        uint64_t head_usec;        /* 10 s from the first byte of a head: slowloris */
        uint64_t keep_alive_usec;  /* 10 min; 0 = never */
        uint64_t judged_body_max;  /* 1 MiB, at most 8 MiB: memory of one judgement */
        uint64_t judged_bytes_max; /* 16 MiB held at once by all bodies under judgement */
        uint64_t body_usec;        /* 30 s to receive a judged body */
        uint64_t drain_usec;       /* 10 s: patience of a stop */
        uint64_t stall_usec;       /* 0 = never: streams and tunnels may idle for ever */
} Limits;

#define LIMITS_DEFAULT                                                                             \
        ((Limits){                                                                                 \
                .idle_exit_usec = 60 * USEC_PER_SEC,                                               \
                .n_connections = 4096,                                                             \
                .n_per_peer = 1024,                                                                \
                .head_usec = 10 * USEC_PER_SEC,                                                    \
                .keep_alive_usec = 600 * USEC_PER_SEC,                                             \
                .judged_body_max = 1 * MIB,                                                        \
                .judged_bytes_max = 16 * MIB,                                                      \
                .body_usec = 30 * USEC_PER_SEC,                                                    \
                .drain_usec = 10 * USEC_PER_SEC,                                                   \
                .stall_usec = 0,                                                                   \
        })

#define LIMIT_JUDGED_BODY_MAX (8 * MIB) /* what judged-body may be set to */
#define LIMIT_READ_AHEAD                                                                           \
        (64 * KIB) /* bytes read past the current request (pipelining, early tunnel bytes) */
#define LIMIT_SMALL_HEAD  (16 * KIB) /* a larger request head takes a place of the pool */
#define LIMIT_LARGE_HEADS 64U        /* places of that pool: 8 MiB in all */
#define LIMIT_LINGER_BYTES                                                                         \
        (4 * MIB) /* read and dropped after a refusal, so that the client sees it: docker cp       \
                   * sends on for long before it looks */
#define LIMIT_LINGER_USEC        (1 * USEC_PER_SEC)
#define LIMIT_REFUSAL_USEC       (10 * USEC_PER_SEC)   /* to take our own answer */
#define LIMIT_INTERIM_ANSWERS    8U                    /* 1xx before the final answer */
#define LIMIT_CONNECT_RETRY_USEC (2 * USEC_PER_SEC)    /* the engine's queue is full (EAGAIN) */
#define LIMIT_CONNECT_WAIT_USEC  (20 * USEC_PER_MSEC)  /* between two such tries */
#define LIMIT_ACCEPT_PAUSE_USEC  (100 * USEC_PER_MSEC) /* after EMFILE or ENFILE: no spin */
#define LIMIT_LEARNED_ANSWER     (4 * KIB)             /* a 201 that names what it made */
#define LIMIT_LOOKUP_ANSWER      (1 * MIB)             /* an inspect of our own */
#define LIMIT_LOOKUP_USEC        (30 * USEC_PER_SEC)   /* for the engine to answer it */
#define LIMIT_MESSAGE            512U                  /* client text in our answers */
#define LIMIT_PIPES              16U                   /* two descriptors each: more are copied */
#define LIMIT_PIPE_BYTES         (256 * KIB)           /* in one of them: what one turn may move */
#define LIMIT_PIPE_SLOTS_BYTES   MIB                /* asked for: 256 slots, whatever is in each */
#define LIMIT_PIPES_QUIET_USEC   (1 * USEC_PER_SEC) /* unused for so long: closed */

/* SPDX-License-Identifier: Apache-2.0 */
/* The grammars of the words of values (CONFIG.md "Lines"): does this word fit its key? Pure. */
#pragma once

#include "policy/policy.h"

typedef enum WordKind {
        WORD_BOOL = 0,
        WORD_ENUM, /* one of Key.words */
        WORD_SIZE,
        WORD_TIME,
        WORD_COUNT,
        WORD_API,    /* 1.N, 24 or more */
        WORD_PATH,   /* of the host, absolute and plain; specifiers were expanded */
        WORD_SOCKET, /* a path that fits a socket address */
        WORD_DEVICE, /* a path that may be a glob */
        WORD_BIND,   /* [exact:]PATH[:ro] */
        WORD_NAME,   /* no glob */
        WORD_GLOB,
        WORD_SCOPE,     /* a glob that hex digits alone can't match */
        WORD_PORT,      /* [address:]port[-port][/protocol] */
        WORD_UID,       /* or gid */
        WORD_CONTAINER, /* a full container id */
        WORD_ADDRESS,
        WORD_PREFIX, /* address[/bits] */
        WORD_HOST,
        WORD_ORIGIN,
        WORD_USER, /* user[:group] of a container */
        WORD_CAPABILITY,
        _WORD_KIND_MAX,
} WordKind;

/* Why the word does not fit and what would: the end of a sentence that begins with the word. NULL:
 * it fits. */
const char *word_problem(WordKind kind, Bytes word);

/* May the word hold specifiers? */
bool word_has_specifiers(WordKind kind);

bool word_parse_uid(Bytes word, uint32_t *ret);
bool word_parse_api(Bytes word, unsigned *ret_minor);

/* "172.17.0.0/16", "[::1]/128", "::1", "10.0.0.1". false also for bits behind the prefix. */
bool word_parse_prefix(Bytes word, PolicyNetwork *ret);

typedef struct WordBind {
        Bytes path;
        bool is_exact;
        bool is_read_only;
} WordBind;

/* Takes a bind root apart; the word fits WORD_BIND. */
WordBind word_parse_bind(Bytes word);

/* Cuts the next word off *rest; false when none is left. */
bool word_next(Bytes *rest, Bytes *ret_word);

/* Is the word in a list with single blanks ("any ephemeral")? ASCII case counts. NULL: no. */
bool word_is_in(const char *list, Bytes word);

/* Finds the nearest of some names: "did you mean". */
typedef struct Nearest {
        Bytes wanted;
        const char *name; /* NULL: none is near */
        unsigned distance;
} Nearest;

void nearest_init(Nearest *n, Bytes wanted);
void nearest_try(Nearest *n, const char *name);

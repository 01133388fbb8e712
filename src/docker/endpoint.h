/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation of the Docker Engine API from 1.24 on and of Podman's libpod API: one row a
 * route. What is not in the table does not exist (403 unknown-endpoint), whatever the configuration
 * says.
 */
#pragma once

#include "docker/target.h"
#include "util/macros.h"

typedef enum _packed_ EndpointLevel {
        ENDPOINT_LEVEL_NEVER = 0, /* can't be granted */
        ENDPOINT_LEVEL_READ,
        ENDPOINT_LEVEL_WRITE,
        ENDPOINT_LEVEL_FULL,
} EndpointLevel;

typedef enum _packed_ EndpointKind {
        ENDPOINT_KIND_PLAIN = 0,
        ENDPOINT_KIND_STREAM, /* the answer or the request may flow for long: two audit records */
        ENDPOINT_KIND_HIJACK, /* becomes a tunnel when the engine agrees */
        ENDPOINT_KIND_H2C,    /* becomes an uninspected h2c tunnel */
} EndpointKind;

typedef enum _packed_ EndpointBody {
        ENDPOINT_BODY_NONE = 0,
        ENDPOINT_BODY_JSON,
        ENDPOINT_BODY_TAR,
        ENDPOINT_BODY_RAW, /* bytes that the engine sniffs */
} EndpointBody;

typedef enum _packed_ EndpointHijack {
        ENDPOINT_HIJACK_NONE = 0,
        ENDPOINT_HIJACK_ATTACH,
        ENDPOINT_HIJACK_EXEC_START,
        ENDPOINT_HIJACK_H2C,
} EndpointHijack;

typedef enum EndpointSlot {
        ENDPOINT_SLOT_NONE = 0,
        ENDPOINT_SLOT_CONTAINER,
        ENDPOINT_SLOT_NETWORK,
        ENDPOINT_SLOT_VOLUME,
        ENDPOINT_SLOT_IMAGE, /* the one slot that may span segments */
        ENDPOINT_SLOT_EXEC,
        ENDPOINT_SLOT_OTHER, /* service, node, task, secret, config, plugin (image grammar), pod ...
                              */
} EndpointSlot;

/* Which ini section judges the body or query of an operation; NONE: no judge. */
typedef enum _packed_ EndpointJudge {
        ENDPOINT_JUDGE_NONE = 0,
        ENDPOINT_JUDGE_CONTAINER_CREATE,
        ENDPOINT_JUDGE_CONTAINER_UPDATE,
        ENDPOINT_JUDGE_EXEC_CREATE,
        ENDPOINT_JUDGE_EXEC_SESSION, /* exec.start, resize, inspect: provenance (POLICY 10) */
        ENDPOINT_JUDGE_IMAGE_PULL,
        ENDPOINT_JUDGE_IMAGE_NAME, /* image.push, tag, remove: under the keys of image.pull */
        ENDPOINT_JUDGE_VOLUME_CREATE,
        ENDPOINT_JUDGE_NETWORK_CREATE,
        ENDPOINT_JUDGE_NETWORK_CONNECT, /* and disconnect */
        ENDPOINT_JUDGE_CONTAINER_ARCHIVE,
        ENDPOINT_JUDGE_BUILD,
        ENDPOINT_JUDGE_SERVICE_CREATE, /* and update */
        _ENDPOINT_JUDGE_MAX,
} EndpointJudge;

/* What a query value may be whatever the policy says (query-fields.tsv, column harmless). */
typedef enum _packed_ QueryRule {
        QUERY_ANY = 0,
        QUERY_ZERO,    /* zero-only: "", 0, false, null, {} or [] */
        QUERY_INT,     /* integer text from min on, to max when that is not 0 */
        QUERY_WORDS,   /* one of words, "" when it begins with | */
        QUERY_NAME,    /* an object name, one leading / ignored */
        QUERY_ID,      /* id slot grammar */
        QUERY_PS_ARGS, /* container.top: POLICY 10 */
        QUERY_JUDGED,  /* only what the judge's section allows; free with judge = no */
        QUERY_SESSION, /* zero unless build.session is allowed */
        QUERY_FILE,    /* a relative path that stays below where it starts */
} QueryRule;

typedef struct QueryKey {
        const char *key; /* NULL ends a list; its words, if it has any, follow behind its NUL */
        bool repeatable;
        QueryRule rule;
        bool has_words;
        int16_t min;
        uint16_t max;
} QueryKey;

typedef struct Endpoint {
        const char *name; /* "container.create"; rows of one operation share it */
        EndpointLevel level;
        HttpMethod method;
        uint8_t pattern_len;
        bool is_libpod;
        const char *pattern; /* "/containers/{container}/json": {container} {network} {volume}
                                {image} {exec} {plugin} {checkpoint} {other} */
        const char *section; /* "CONTAINERS", "LIBPOD_CONTAINERS"; "": of none */
        EndpointKind kind;
        EndpointBody body;
        EndpointHijack hijack;
        EndpointJudge judge;
        uint8_t min_minor;     /* first API 1.N that has it; 0: always */
        const QueryKey *query; /* NULL: knows no key */
} Endpoint;

/* The table; an endpoint's index is stable for the life of the process. */
size_t endpoint_count(void);
const Endpoint *endpoint_at(size_t index);
size_t endpoint_index(const Endpoint *e);

typedef struct EndpointMatch {
        const Endpoint *endpoint; /* NULL: no route */
        EndpointSlot slot_kind;   /* of the first slot of the pattern */
        Bytes slot;               /* decoded; empty when the pattern has none */
        Bytes slot2;              /* checkpoint id */
        bool slot_is_bad;         /* the route exists, its slot breaks its grammar: 400 */
        bool cannot_exist;        /* the inspect case of POLICY 2 "id slot": answer 404 */
} EndpointMatch;

/* Which row this is. image.pull and image.import share a route and are told apart by fromImage.
 * HEAD rows are rows of their own. */
void endpoint_find(HttpMethod method, const Target *target, EndpointMatch *ret);

/* "|not-running|next-exit"; of JUDGED and SESSION: harmless beside zero. NULL: it has none. */
const char *query_key_words(const QueryKey *key);

/* Grammars of slots, also for judges of bodies. */
bool endpoint_is_id(Bytes text);           /* [A-Za-z0-9][A-Za-z0-9_.-]{0,254} */
bool endpoint_is_image(Bytes text);        /* reference grammar, at most 512 */
bool endpoint_could_be_hex_id(Bytes text); /* hex digits only */

const char *endpoint_level_name(EndpointLevel level);
/* "container.create" style section name of a judge in the ini files, NULL for NONE; EXEC_SESSION
 * shares exec.create's. */
const char *endpoint_judge_section(EndpointJudge judge);

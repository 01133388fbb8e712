/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the engine's objects that a request names: [scope] judges names, projects and
 * ids by it. Values only: the shell asks the engine (an inspect of sockgate's own) when
 * policy_decide() says VERDICT_RESOLVE, and judges again.
 */
#pragma once

#include "util/bytes.h"

#define OBJECT_ID_SIZE      65 /* 64 hex digits and a NUL; "" for volumes, which have none */
#define OBJECT_NAME_SIZE    256
#define OBJECT_PROJECT_SIZE 256
#define OBJECTS_MAX         32 /* so many objects one request may name: volumes, networks, links */

typedef enum ObjectKind {
        OBJECT_CONTAINER = 0,
        OBJECT_NETWORK,
        OBJECT_VOLUME,
} ObjectKind;

typedef struct Object {
        ObjectKind kind;
        char asked[OBJECT_NAME_SIZE]; /* name or id as the request has it */
        bool is_missing;              /* the engine knows no such object */
        char id[OBJECT_ID_SIZE];
        char name[OBJECT_NAME_SIZE];       /* without the leading slash */
        char project[OBJECT_PROJECT_SIZE]; /* label com.docker.compose.project; "": none */
} Object;

typedef struct Objects {
        Object items[OBJECTS_MAX];
        size_t n;
} Objects;

/* NULL: not asked yet. */
const Object *objects_find(const Objects *objects, ObjectKind kind, Bytes asked);

/* Is this a full id of 64 hex digits? */
bool object_is_full_id(Bytes text);

/*
 * What an inspect of the engine says of an object: ret->kind says of which kind it is; id, name and
 * project are filled. false: the JSON is not such an answer, or a text in it is too long to be
 * judged.
 */
bool object_read_inspect(Bytes json, Object *ret);

/* The member Id of a 201 answer: a full id. */
bool object_read_id(Bytes json, char ret_id[OBJECT_ID_SIZE]);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids that this instance has seen being made: execs with the peer that made them, containers, and
 * what was learned of objects by their full ids. Bounded rings and tables, no clock of its own:
 * pure. What falls out is asked for again, or refused.
 */
#pragma once

#include "policy/objects.h"
#include "policy/peer.h"

#define KNOWN_EXECS_MAX      1024
#define KNOWN_EXEC_USEC      (600ULL * 1000000) /* an exec must be started within so long */
#define KNOWN_EXEC_WAIT_USEC (60ULL * 1000000)  /* no idle exit while one is younger */
#define KNOWN_CREATED_MAX    1024
#define KNOWN_OBJECTS_MAX    1024

typedef struct Known Known;

/* Empty; its tables are allocated when first needed. NULL: out of memory. */
Known *known_new(void);
Known *known_free(Known *k);

/* An exec of this id was made by this peer. Anything but a full id is ignored. 0 or -ENOMEM. */
int known_add_exec(Known *k, Bytes id, const Peer *peer, uint64_t now_usec);

/* Was it made by the same peer (uid, or address over TCP), not too long ago? */
bool known_has_exec(const Known *k, Bytes id, const Peer *peer, uint64_t now_usec);

/* When the youngest exec was made; 0: none. */
uint64_t known_last_exec(const Known *k);

/* A container of this id was created through this instance. */
int known_add_created(Known *k, Bytes id);
bool known_has_created(const Known *k, Bytes id);

/* Remembers an object by its full id (volumes are not kept: a name says nothing later). */
int known_add_object(Known *k, const Object *object);
const Object *known_find_object(const Known *k, ObjectKind kind, Bytes id);

/* A new policy, or a new engine: what was learned no longer counts; execs and created ids stay. */
void known_forget_objects(Known *k);

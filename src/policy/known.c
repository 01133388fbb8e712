/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings are searched from end to end: 1024 ids are compared in a microsecond or two, and only
 * requests that name an exec or join a container pay it. Objects stand where the first digits of
 * their id say; a newcomer takes the place.
 */
#include "policy/known.h"

#include "util/macros.h"
#include "util/parse.h"

#include <errno.h>
#include <string.h>

#define KNOWN_ID_LEN 32

typedef struct KnownExec {
        uint8_t id[KNOWN_ID_LEN];
        uint64_t made_usec; /* 0: free */
        bool is_tcp;
        uint32_t uid;
        uint8_t address[16];
} KnownExec;

struct Known {
        KnownExec *execs;
        size_t next_exec;
        uint64_t last_exec_usec;
        uint8_t (*created)[KNOWN_ID_LEN];
        size_t n_created, next_created;
        Object *objects;
};

Known *known_new(void) {
        return calloc(1, sizeof(Known));
}

Known *known_free(Known *k) {
        if (!k)
                return NULL;

        free(k->execs);
        free(k->created);
        free(k->objects);
        free(k);
        return NULL;
}

static bool known_read_id(Bytes text, uint8_t ret[static KNOWN_ID_LEN]) {
        if (!object_is_full_id(text))
                return false;
        for (size_t i = 0; i < KNOWN_ID_LEN; i++)
                ret[i] = (uint8_t) (parse_hex_digit(text.data[2 * i]) << 4 |
                                    parse_hex_digit(text.data[2 * i + 1]));
        return true;
}

int known_add_exec(Known *k, Bytes id, const Peer *peer, uint64_t now_usec) {
        KnownExec *e;
        uint8_t raw[KNOWN_ID_LEN];

        if (!known_read_id(id, raw))
                return 0;
        if (!k->execs)
                k->execs = calloc(KNOWN_EXECS_MAX, sizeof(*k->execs));
        if (!k->execs)
                return -ENOMEM;

        e = &k->execs[k->next_exec++ % KNOWN_EXECS_MAX];
        memcpy(e->id, raw, sizeof(raw));
        e->made_usec = MAX(now_usec, 1U);
        e->is_tcp = peer->is_tcp;
        e->uid = peer->uid;
        memcpy(e->address, peer->raw_address, sizeof(e->address));
        k->last_exec_usec = e->made_usec;
        return 0;
}

static bool known_is_by(const KnownExec *e, const Peer *peer) {
        if (e->is_tcp != peer->is_tcp)
                return false;
        return e->is_tcp ? memcmp(e->address, peer->raw_address, sizeof(e->address)) == 0
                         : e->uid == peer->uid;
}

bool known_has_exec(const Known *k, Bytes id, const Peer *peer, uint64_t now_usec) {
        uint8_t raw[KNOWN_ID_LEN];

        if (!k || !k->execs || !known_read_id(id, raw))
                return false;
        for (size_t i = 0; i < KNOWN_EXECS_MAX; i++) {
                const KnownExec *e = &k->execs[i];

                if (e->made_usec > 0 && now_usec - e->made_usec <= KNOWN_EXEC_USEC &&
                    memcmp(e->id, raw, sizeof(raw)) == 0 && known_is_by(e, peer))
                        return true;
        }
        return false;
}

uint64_t known_last_exec(const Known *k) {
        return k ? k->last_exec_usec : 0;
}

int known_add_created(Known *k, Bytes id) {
        uint8_t raw[KNOWN_ID_LEN];

        if (!known_read_id(id, raw))
                return 0;
        if (!k->created)
                k->created = calloc(KNOWN_CREATED_MAX, sizeof(*k->created));
        if (!k->created)
                return -ENOMEM;

        memcpy(k->created[k->next_created++ % KNOWN_CREATED_MAX], raw, sizeof(raw));
        k->n_created = MIN(k->n_created + 1, (size_t) KNOWN_CREATED_MAX);
        return 0;
}

bool known_has_created(const Known *k, Bytes id) {
        uint8_t raw[KNOWN_ID_LEN];

        if (!k || !known_read_id(id, raw))
                return false;
        for (size_t i = 0; i < k->n_created; i++)
                if (memcmp(k->created[i], raw, sizeof(raw)) == 0)
                        return true;
        return false;
}

static size_t known_place(const uint8_t raw[static KNOWN_ID_LEN]) {
        return ((size_t) raw[0] << 8 | raw[1]) % KNOWN_OBJECTS_MAX;
}

int known_add_object(Known *k, const Object *object) {
        uint8_t raw[KNOWN_ID_LEN];

        if (object->is_missing || !known_read_id(bytes_of(object->id), raw))
                return 0;
        if (!k->objects)
                k->objects = calloc(KNOWN_OBJECTS_MAX, sizeof(*k->objects));
        if (!k->objects)
                return -ENOMEM;

        k->objects[known_place(raw)] = *object;
        return 0;
}

const Object *known_find_object(const Known *k, ObjectKind kind, Bytes id) {
        uint8_t raw[KNOWN_ID_LEN];
        const Object *o;

        if (!k || !k->objects || !known_read_id(id, raw))
                return NULL;
        o = &k->objects[known_place(raw)];
        return o->kind == kind && bytes_ieq_ascii(id, bytes_of(o->id)) ? o : NULL;
}

void known_forget_objects(Known *k) {
        free(k->objects);
        k->objects = NULL;
}

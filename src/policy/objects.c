/* SPDX-License-Identifier: Apache-2.0 */
/* What the shell learned for one request, and how an inspect answer is read: as strictly as a
 * client's body, with room for a large container. */
#include "policy/objects.h"

#include "docker/body.h"
#include "util/macros.h"
#include "util/parse.h"

#include <string.h>

DEFINE_CLEANUP(Body *, body_free)

static const BodyLimits inspect_limits = {
        .depth_max = 64,
        .n_members_max = 16384,
        .n_values_max = 131072,
        .struct_key_max = 4 * KIB,
        .map_key_max = 4 * KIB,
        .string_max = 256 * KIB,
};

const Object *objects_find(const Objects *objects, ObjectKind kind, Bytes asked) {
        for (size_t i = 0; objects && i < objects->n; i++)
                if (objects->items[i].kind == kind && bytes_eq_str(asked, objects->items[i].asked))
                        return &objects->items[i];
        return NULL;
}

bool object_is_full_id(Bytes text) {
        if (text.len != OBJECT_ID_SIZE - 1)
                return false;
        for (size_t i = 0; i < text.len; i++)
                if (parse_hex_digit(text.data[i]) < 0)
                        return false;
        return true;
}

static bool object_copy(const BodyValue *object, const char *key, char *room, size_t size) {
        BodyValue value;
        Bytes text;

        if (!body_find(object, key, &value) || value.type != BODY_STRING)
                return false;
        text = value.string;
        if (bytes_starts_with(text, BYTES("/")))
                text = bytes_skip(text, 1);
        if (text.len >= size || memchr(text.data, 0, text.len))
                return false;
        memcpy(room, text.data, text.len);
        room[text.len] = 0;
        return true;
}

/* No labels, or none of that name: no project. */
static bool object_read_project(const BodyValue *holder, Object *ret) {
        BodyValue labels, project;

        ret->project[0] = 0;
        if (!body_find(holder, "Labels", &labels) || labels.type == BODY_NULL)
                return true;
        if (labels.type != BODY_OBJECT)
                return false;
        if (!body_find(&labels, "com.docker.compose.project", &project))
                return true;
        return object_copy(&labels, "com.docker.compose.project", ret->project,
                           sizeof(ret->project));
}

bool object_read_id(Bytes json, char ret_id[OBJECT_ID_SIZE]) {
        _cleanup_(body_freep) Body *b = NULL;
        BodyValue root;

        if (body_parse(json, &inspect_limits, &b) != BODY_OK)
                return false;
        root = body_root(b);
        return object_copy(&root, "Id", ret_id, OBJECT_ID_SIZE) &&
               object_is_full_id(bytes_of(ret_id));
}

bool object_read_inspect(Bytes json, Object *ret) {
        _cleanup_(body_freep) Body *b = NULL;
        BodyValue root, holder;

        if (body_parse(json, &inspect_limits, &b) != BODY_OK)
                return false;

        holder = root = body_root(b);
        if (!object_copy(&root, "Name", ret->name, sizeof(ret->name)))
                return false;
        if (ret->kind != OBJECT_VOLUME && !(object_copy(&root, "Id", ret->id, sizeof(ret->id)) &&
                                            object_is_full_id(bytes_of(ret->id))))
                return false;
        if (ret->kind == OBJECT_CONTAINER &&
            !(body_find(&root, "Config", &holder) && holder.type == BODY_OBJECT))
                return false;
        return object_read_project(&holder, ret);
}

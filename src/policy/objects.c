/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up what the shell learned for one request. */
#include "policy/objects.h"

#include "util/parse.h"

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

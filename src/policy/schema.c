/* SPDX-License-Identifier: Apache-2.0 */
/* Finds schemas and rows by name. It recurses by rows, which end (a test looks). */
#include "policy/schema.h"

#include "util/macros.h"

const Field *schema_field(const Schema *s, Bytes name) {
        for (size_t i = 0; i < s->n_fields; i++)
                if (bytes_eq_str(name, s->fields[i].name))
                        return &s->fields[i];

        return NULL;
}

static const Schema *schema_find_in(const Schema *s, const char *name) {
        if (strcmp(s->name, name) == 0)
                return s;

        for (size_t i = 0; i < s->n_fields; i++) {
                const Schema *rows = s->fields[i].rows;
                const Schema *found = rows ? schema_find_in(rows, name) : NULL;

                if (found)
                        return found;
        }

        return NULL;
}

const Schema *schema_find(const char *name) {
        static const Schema *const roots[] = {
                &schema_container_create,   &schema_container_update, &schema_exec_create,
                &schema_exec_start,         &schema_network_create,   &schema_network_connect,
                &schema_network_disconnect, &schema_volume_create,    &schema_volume_update,
                &schema_service_create,
        };

        for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
                const Schema *found = schema_find_in(roots[i], name);

                if (found)
                        return found;
        }

        return NULL;
}

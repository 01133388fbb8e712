/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the tables of tests/data: lines of fields between tabs, # lines are comments, the first
 * other line names the columns. */
#pragma once

#include <assert.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TSV_FIELDS_MAX 16
#define TSV_ROWS_MAX   600

typedef struct Tsv {
        char *rows[TSV_ROWS_MAX][TSV_FIELDS_MAX];
        size_t n_rows;
        char *columns[TSV_FIELDS_MAX];
} Tsv;

static inline void tsv_split(char *line, char *ret[static TSV_FIELDS_MAX]) {
        char *rest = line;

        assert(line);
        for (size_t i = 0; i < TSV_FIELDS_MAX; i++) {
                ret[i] = strsep(&rest, "\t");
                if (!ret[i])
                        ret[i] = line + strlen(line); /* a missing field is an empty one */
        }
}

/* The caller frees it by tsv_free(). */
static inline Tsv *tsv_read(const char *path) {
        Tsv *t = calloc(1, sizeof(*t));
        FILE *f = fopen(path, "re");
        char *line = NULL;
        size_t size = 0;
        ssize_t n;

        ck_assert_msg(t && f, "cannot read %s", path);
        while ((n = getline(&line, &size, f)) > 0) {
                char **fields, *copy;

                line[strcspn(line, "\n")] = '\0';
                if (line[0] == '#' || line[0] == '\0')
                        continue;

                ck_assert_uint_lt(t->n_rows, TSV_ROWS_MAX);
                fields = t->columns[0] ? t->rows[t->n_rows++] : t->columns;
                copy = strdup(line);
                ck_assert_ptr_nonnull(copy);
                tsv_split(copy, fields);
        }
        free(line);
        (void) fclose(f);
        ck_assert_msg(t->n_rows > 0, "%s has no rows", path);
        return t;
}

/* The field of that column in row i. */
static inline const char *tsv_get(const Tsv *t, size_t i, const char *column) {
        for (size_t c = 0; c < TSV_FIELDS_MAX && t->columns[c]; c++)
                if (strcmp(t->columns[c], column) == 0)
                        return t->rows[i][c];
        ck_abort_msg("there is no column %s", column);
        return "";
}

static inline void tsv_free(Tsv *t) {
        for (size_t i = 0; i < t->n_rows; i++)
                free(t->rows[i][0]);
        free(t->columns[0]);
        free(t);
}

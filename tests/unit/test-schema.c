/* SPDX-License-Identifier: Apache-2.0 */
/* policy/schema: the rows and tests/data/body-fields.tsv say the same, both ways. */
#include "policy/schema.h"

#include "util/macros.h"

#include "request-fixture.h"
#include "tsv.h"

#define DEPTH_MAX 8 /* of rows within rows: what bounds the walker's recursion */

static Tsv *table;

static void setup(void) {
        table = tsv_read(TEST_DATA "/body-fields.tsv");
}

static void teardown(void) {
        tsv_free(table);
}

static const Field *field_of(size_t row) {
        const Schema *s = schema_find(tsv_get(table, row, "schema"));

        ck_assert_msg(s, "no schema %s", tsv_get(table, row, "schema"));
        return schema_field(s, bytes_of(tsv_get(table, row, "field")));
}

#define ck_row(row, condition)                                                                     \
        ck_assert_msg(condition, "%s %s: %s", tsv_get(table, row, "schema"),                       \
                      tsv_get(table, row, "field"), #condition)

START_TEST(every_line_has_a_row) {
        for (size_t i = 0; i < table->n_rows; i++)
                ck_row(i, field_of(i));
}
END_TEST

static bool table_has(const char *schema, const char *field) {
        for (size_t i = 0; i < table->n_rows; i++)
                if (strcmp(tsv_get(table, i, "schema"), schema) == 0 &&
                    strcmp(tsv_get(table, i, "field"), field) == 0)
                        return true;

        return false;
}

static void check_schema(const Schema *s, unsigned depth) {
        ck_assert_msg(depth < DEPTH_MAX, "%s: rows refer to themselves", s->name);
        ck_assert_uint_gt(s->n_fields, 0);

        for (size_t i = 0; i < s->n_fields; i++) {
                const Field *f = &s->fields[i];

                ck_assert_msg(table_has(s->name, f->name), "%s %s is in no line", s->name, f->name);
                ck_assert_msg(schema_field(s, bytes_of(f->name)) == f, "%s %s is there twice",
                              s->name, f->name);
                ck_assert_uint_le(strlen(f->name), body_limits.struct_key_max);
                /* The engine knows no member of that name: it can't take one for the other. */
                for (size_t k = 0; k < i && strcmp(f->name, "Platform") != 0; k++)
                        ck_assert_msg(
                                !body_key_folds_to(bytes_of(f->name), bytes_of(s->fields[k].name)),
                                "%s %s folds", s->name, f->name);
                if (f->rows)
                        check_schema(f->rows, depth + 1);
        }
}

START_TEST(every_row_has_a_line_and_ends) {
        for (size_t i = 0; i < table->n_rows; i++) {
                const char *name = tsv_get(table, i, "schema");

                if (strchr(name, '/') == NULL &&
                    (i == 0 || strcmp(name, tsv_get(table, i - 1, "schema")) != 0))
                        check_schema(schema_find(name), 0);
        }
}
END_TEST

/* "list<struct NAME>" */
static const char *struct_of(const char *type, char room[128]) {
        const char *name = strstr(type, "struct ");

        if (!name)
                return NULL;

        (void) snprintf(room, 128, "%s", name + strlen("struct "));
        room[strcspn(room, ">")] = '\0';
        return room;
}

START_TEST(types_agree) {
        static const char *const types[] = {
                [FIELD_ANY] = "any",
                [FIELD_BOOL] = "bool",
                [FIELD_INT] = "int",
                [FIELD_FLOAT] = "float",
                [FIELD_STRING] = "string",
                [FIELD_STRSLICE] = "strslice",
                [FIELD_STRUCT] = "struct ",
                [FIELD_STRINGS] = "list<string>",
                [FIELD_INTS] = "list<int>",
                [FIELD_STRUCTS] = "list<struct ",
                [FIELD_STRING_LISTS] = "list<list<string>>",
                [FIELD_MAP_STRING] = "map<string,string>",
                [FIELD_MAP_EMPTY] = "map<string,{}>",
                [FIELD_MAP_STRUCT] = "map<string,struct ",
                [FIELD_MAP_STRUCTS] = "map<string,list<struct ",
        };

        for (size_t i = 0; i < table->n_rows; i++) {
                const char *type = tsv_get(table, i, "type");
                const Field *f = field_of(i);
                char room[128];
                const char *rows = struct_of(type, room);

                if (rows) {
                        ck_row(i, f->rows && strcmp(f->rows->name, rows) == 0);
                        ck_row(i, strncmp(type, types[f->type], strlen(types[f->type])) == 0);
                } else {
                        ck_row(i, !f->rows);
                        ck_row(i, strcmp(type, types[f->type]) == 0);
                }
        }
}
END_TEST

START_TEST(widths_agree) {
        static const char *const widths[] = {
                [WIDTH_I64] = "i64",
                [WIDTH_U16] = "u16",
                [WIDTH_U32] = "u32",
                [WIDTH_U64] = "u64",
        };

        for (size_t i = 0; i < table->n_rows; i++) {
                const Field *f = field_of(i);

                if (f->type == FIELD_INT || f->type == FIELD_INTS)
                        ck_row(i, strcmp(tsv_get(table, i, "kind"), widths[f->width]) == 0);
                else
                        ck_row(i, f->width == WIDTH_I64);
        }
}
END_TEST

/* "" | "local" */
static bool words_agree(const char *harmless, const Field *f) {
        char room[256] = "";
        size_t len = 0;

        for (const char *c = harmless; *c && len < sizeof(room) - 1; c++)
                if (*c != '"' && *c != ' ')
                        room[len++] = *c;
        return f->harmless == HARMLESS_WORDS && strcmp(room, f->words) == 0;
}

static bool range_agrees(const char *harmless, const Field *f) {
        char room[64];

        if (f->harmless != HARMLESS_RANGE)
                return false;
        if (f->max == FIELD_NO_END)
                (void) snprintf(room, sizeof(room), "%lld..", (long long) f->min);
        else
                (void) snprintf(room, sizeof(room), "%lld..%lld", (long long) f->min,
                                (long long) f->max);
        return strcmp(room, harmless) == 0;
}

static bool harmless_agrees(const char *harmless, const Field *f) {
        static const struct {
                const char *text;
                FieldHarmless harmless;
        } plain[] = {
                { "zero", HARMLESS_ZERO }, { "any", HARMLESS_ANY },   { "none", HARMLESS_NONE },
                { "null", HARMLESS_NULL }, { "rows", HARMLESS_ROWS },
        };

        for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
                if (strcmp(harmless, plain[i].text) == 0)
                        return f->harmless == plain[i].harmless;

        if (strncmp(harmless, "null or ", strlen("null or ")) == 0)
                return f->harmless == HARMLESS_NULL && f->check;
        if (harmless[0] == '"')
                return words_agree(harmless, f);
        if (strchr("-0123456789", harmless[0]))
                return range_agrees(harmless, f);

        /* In words: a check reads it. */
        return f->harmless == HARMLESS_ZERO && f->check;
}

START_TEST(harmless_values_agree) {
        for (size_t i = 0; i < table->n_rows; i++)
                ck_row(i, harmless_agrees(tsv_get(table, i, "harmless"), field_of(i)));
}
END_TEST

/* "bind-mounts|volumes", "container.create:users" */
static bool key_agrees(const char *schema, const char *key, const Field *f) {
        const char *colon = strchr(key, ':');
        Bytes rest = bytes_of(colon ? colon + 1 : key), word;
        size_t n = colon ? (size_t) (colon - key) : strcspn(schema, "/");
        const char *section = colon ? key : schema;

        if (f->key == RULE_NONE || strlen(rule_section(f->key)) != n ||
            strncmp(rule_section(f->key), section, n) != 0)
                return false;
        while (bytes_split(&rest, '|', &word))
                if (bytes_eq_str(word, rule_name(f->key)))
                        return true;

        return false;
}

START_TEST(keys_agree) {
        for (size_t i = 0; i < table->n_rows; i++) {
                const char *key = tsv_get(table, i, "key");
                const Field *f = field_of(i);

                if (key[0] == '\0' || strcmp(key, "-") == 0)
                        ck_row(i, f->key == RULE_NONE);
                else
                        ck_row(i, key_agrees(tsv_get(table, i, "schema"), key, f) &&
                                          (f->check || f->rows));
        }
}
END_TEST

/* A value that a key could allow is worth nothing when the row forgets to ask. */
START_TEST(rows_without_a_key_and_without_words_have_no_check) {
        for (size_t i = 0; i < table->n_rows; i++) {
                const char *harmless = tsv_get(table, i, "harmless");
                const Field *f = field_of(i);

                if (strcmp(tsv_get(table, i, "key"), "-") != 0)
                        continue;
                if (strcmp(harmless, "zero") == 0 || strcmp(harmless, "null") == 0 ||
                    strcmp(harmless, "none") == 0)
                        ck_row(i, !f->check);
        }
}
END_TEST

START_TEST(volumes_are_judged_after_the_mounts) {
        const Schema *s = &schema_container_create;

        ck_assert(schema_field(s, BYTES("HostConfig")) < schema_field(s, BYTES("Volumes")));
}
END_TEST

START_TEST(unknown_schemas_and_fields_are_not_found) {
        ck_assert_ptr_null(schema_find(""));
        ck_assert_ptr_null(schema_find("container.start"));
        ck_assert_ptr_null(schema_field(&schema_exec_start, BYTES("detach")));
        ck_assert_ptr_null(schema_field(&schema_exec_start, BYTES_NONE));
}
END_TEST

int main(void) {
        Suite *s = suite_create("schema");
        TCase *t = tcase_create("schema");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, every_line_has_a_row);
        tcase_add_test(t, every_row_has_a_line_and_ends);
        tcase_add_test(t, types_agree);
        tcase_add_test(t, widths_agree);
        tcase_add_test(t, harmless_values_agree);
        tcase_add_test(t, keys_agree);
        tcase_add_test(t, rows_without_a_key_and_without_words_have_no_check);
        tcase_add_test(t, volumes_are_judged_after_the_mounts);
        tcase_add_test(t, unknown_schemas_and_fields_are_not_found);
        suite_add_tcase(s, t);
        return fixture_run(s);
}

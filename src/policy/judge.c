/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walker of judged bodies. It trusts docker/body for the tree and form.c for types and
 * spelling. Rows are walked, not members: what a row wants when its member is absent is judged too,
 * and the verdict does not depend on the order that a client writes. What no row names must be
 * zero. The first refusal stands.
 *
 * It recurses by rows alone, as form.c does.
 */
#include "policy/judge.h"

#include "policy/checks.h"
#include "policy/form.h"
#include "util/glob.h"
#include "util/macros.h"
#include "util/parse.h"

#define CONSOLE_SIZE_MAX 65535

static bool judge_object(Judge *j, const Schema *s, const BodyValue *object);

static bool judge_is_zero(const BodyValue *v) {
        switch (v->type) {
        case BODY_NULL:
                return true;
        case BODY_BOOL:
                return !v->boolean;
        case BODY_INTEGER:
                return v->integer == 0;
        case BODY_STRING:
                return v->string.len == 0;
        case BODY_ARRAY:
        case BODY_OBJECT:
                return body_size(v) == 0;
        case BODY_REAL: /* its text is lost: it may be anything */
                return false;
        }

        return false;
}

static bool judge_is_one_of(Bytes text, const char *words) {
        Bytes rest = bytes_of(words), word;

        while (bytes_split(&rest, '|', &word))
                if (bytes_eq(text, word))
                        return true;

        return false;
}

static bool judge_is_harmless(const Field *f, const BodyValue *v) {
        switch (f->harmless) {
        case HARMLESS_ZERO:
                return judge_is_zero(v);
        case HARMLESS_ANY:
        case HARMLESS_ROWS:
                return true;
        case HARMLESS_NONE:
                return false;
        case HARMLESS_NULL:
                return v->type == BODY_NULL;
        case HARMLESS_RANGE:
                return v->type == BODY_INTEGER && v->integer >= f->min &&
                       (v->integer <= f->max || f->max == FIELD_NO_END);
        case HARMLESS_WORDS:
                return v->type == BODY_STRING && judge_is_one_of(v->string, f->words);
        }

        return false;
}

static bool judge_elements(Judge *j, const Schema *s, const BodyValue *list) {
        for (size_t i = 0; i < body_size(list); i++) {
                BodyValue v = body_element(list, i);
                size_t len = judge_push_index(j, i);

                if (!judge_object(j, s, &v))
                        return false;
                judge_pop(j, len);
        }

        return true;
}

static bool judge_map(Judge *j, const Field *f, const BodyValue *map) {
        void *position = NULL;
        BodyValue v;
        Bytes key;

        while (body_next(map, &position, &key, &v)) {
                size_t len = judge_push(j, key);
                bool is_good = f->type == FIELD_MAP_STRUCT ? judge_object(j, f->rows, &v)
                                                           : judge_elements(j, f->rows, &v);

                if (!is_good)
                        return false;
                judge_pop(j, len);
        }

        return true;
}

/* What rows of its own say of the members of a value. */
static bool judge_rows(Judge *j, const Field *f, const BodyValue *v) {
        if (!f->rows)
                return true;
        if (f->type == FIELD_STRUCT)
                return judge_object(j, f->rows, v);
        if (v->type == BODY_NULL)
                return true;

        return f->type == FIELD_STRUCTS ? judge_elements(j, f->rows, v) : judge_map(j, f, v);
}

/* Without a key nobody need look for one. Only texts are shown. */
static bool judge_refuse(Judge *j, const Field *f, const BodyValue *v) {
        return judge_deny(j, f->key, "field-refused",
                          f->key == RULE_NONE ? "no configuration allows this value:"
                                              : "this value is not allowed:",
                          v->type == BODY_STRING ? v->string : BYTES_NONE);
}

static bool judge_member(Judge *j, const Field *f, const BodyValue *v) {
        bool is_narrowed = f->harmless == HARMLESS_ANY || f->harmless == HARMLESS_ROWS;
        bool is_harmless = judge_is_harmless(f, v);

        if (f->harmless != HARMLESS_NONE && v->type == BODY_NULL)
                return judge_rows(j, f, v);
        if (f->check && (is_narrowed || !is_harmless))
                return f->check(j, f, v) && judge_rows(j, f, v);
        if (is_harmless || (f->key != RULE_NONE && f->rows))
                return judge_rows(j, f, v);

        return judge_refuse(j, f, v);
}

static bool judge_unknown(Judge *j, const Schema *s, const BodyValue *object) {
        void *position = NULL;
        BodyValue v;
        Bytes key;

        while (object->type == BODY_OBJECT && body_next(object, &position, &key, &v)) {
                if (schema_field(s, key) || judge_is_zero(&v))
                        continue;

                (void) judge_push(j, key);
                return judge_deny(j, RULE_NONE, "field-unknown", "unknown field", BYTES_NONE);
        }

        return true;
}

static bool judge_object(Judge *j, const Schema *s, const BodyValue *object) {
        for (size_t i = 0; i < s->n_fields; i++) {
                const Field *f = &s->fields[i];
                size_t len = judge_push(j, bytes_of(f->name));
                BodyValue v;

                (void) body_find(object, f->name, &v);
                if (!judge_member(j, f, &v))
                        return false;
                judge_pop(j, len);
        }

        return judge_unknown(j, s, object) && (!s->check || s->check(j, s, object));
}

Decision judge_body(Judge *j, const Schema *schema) {
        assert(j && j->policy && j->facts);
        assert(schema);

        if (form_check(j, schema, &j->root) && judge_object(j, schema, &j->root) && !j->is_denied)
                return (Decision){ .verdict = VERDICT_ALLOW };
        if (!j->is_denied)
                (void) judge_deny(j, RULE_NONE, "field-refused", "this value is not allowed",
                                  BYTES_NONE);

        return j->decision;
}

const Words *judge_words(const Judge *j, RuleKey key) {
        assert(key < _RULE_KEY_MAX);

        return &j->policy->rules[key];
}

bool judge_is_yes(const Judge *j, RuleKey key) {
        const Words *words = judge_words(j, key);
        bool is_yes = false;

        return words->n > 0 && parse_bool(words->items[words->n - 1].text, &is_yes) && is_yes;
}

bool judge_has_word(const Judge *j, RuleKey key, const char *word) {
        const Words *words = judge_words(j, key);

        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq_str(words->items[i].text, word))
                        return true;

        return false;
}

bool judge_matches(const Judge *j, RuleKey key, Bytes text, Place *ret_place) {
        const Words *words = judge_words(j, key);

        for (size_t i = 0; i < words->n; i++) {
                if (!glob_match(words->items[i].text, text))
                        continue;

                if (ret_place)
                        *ret_place = words->items[i].place;
                return true;
        }

        return false;
}

bool check_later(Judge *j, const Field *f, const BodyValue *v) {
        (void) j;
        (void) f;
        (void) v;
        return true;
}

bool check_console_size(Judge *j, const Field *f, const BodyValue *v) {
        bool is_good = v->type == BODY_ARRAY && body_size(v) == 2;

        for (size_t i = 0; is_good && i < 2; i++) {
                BodyValue side = body_element(v, i);

                is_good = side.type == BODY_INTEGER && side.integer >= 0 &&
                          side.integer <= CONSOLE_SIZE_MAX;
        }

        return is_good || judge_deny(j, f->key, "field-refused",
                                     "a console's size is two numbers up to 65535", BYTES_NONE);
}

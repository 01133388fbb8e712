/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects what the files say of each key and merges it (CONFIG.md "How files add up"): presets and
 * built-in words are defaults, the user's own files replace them and add up among themselves.
 */
#include "config/builder.h"

#include "util/buffer.h"
#include "util/parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* The built-in words stand in the settings from the start; the first mention replaces them. */
static int builder_add_fallbacks(Builder *b) {
        for (size_t i = 0; i < key_count(); i++) {
                Bytes rest = bytes_of(key_at(i)->fallback), word;

                while (word_next(&rest, &word))
                        if (words_add(&b->settings[i].words, word, (Place){ NULL, 0 }) < 0)
                                return builder_fail_oom(b);
        }
        return 0;
}

int builder_init(Builder *b, const ConfigOptions *options, ConfigError *error) {
        assert(b);
        assert(options);
        assert(error);

        *error = (ConfigError){ 0 };
        *b = (Builder){ .options = options, .error = error };
        b->policy = policy_new();
        b->settings = calloc(key_count(), sizeof(*b->settings));
        if (!b->policy || !b->settings)
                return builder_fail_oom(b);
        return builder_add_fallbacks(b);
}

void builder_done(Builder *b) {
        for (size_t i = 0; b->settings && i < key_count(); i++)
                words_clear(&b->settings[i].words);
        for (size_t i = 0; i < b->n_grants; i++)
                word_done(&b->grants[i].pattern);
        free(b->settings);
        free(b->grants);
        b->policy = policy_unref(b->policy);
}

int builder_fail_oom(Builder *b) {
        if (b->r >= 0)
                b->r = -ENOMEM;
        return b->r;
}

int builder_fail(Builder *b, Place place, const char *format, ...) {
        va_list args;

        if (b->r < 0)
                return b->r;

        (void) snprintf(b->error->path, sizeof(b->error->path), "%s", place.file ? place.file : "");
        b->error->line = place.line;
        va_start(args, format);
        (void) vsnprintf(b->error->text, sizeof(b->error->text), format, args);
        va_end(args);
        return b->r = -EINVAL;
}

/* Grows an array of strings by one. */
static int strings_add(char ***strings, size_t *n, char *string) {
        char **grown = reallocarray(*strings, *n + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        *strings = grown;
        grown[(*n)++] = string;
        return 0;
}

/* "file:line: text"; NULL: out of memory. */
static char *place_format(Place place, const char *text) {
        _cleanup_(buffer_done) Buffer b = { 0 };

        if (buffer_printf(&b, "%s:%u: %s", place.file ? place.file : "(built in)", place.line,
                          text) < 0)
                return NULL;
        return bytes_dup(buffer_bytes(&b));
}

int builder_warn(Builder *b, Place place, const char *format, ...) {
        char text[sizeof(b->error->text)], *line;
        va_list args;

        if (b->r < 0)
                return b->r;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        line = place_format(place, text);
        if (!line)
                return builder_fail_oom(b);
        if (strings_add(&b->policy->warnings, &b->policy->n_warnings, line) < 0) {
                free(line);
                return builder_fail_oom(b);
        }
        return 0;
}

const char *builder_add_file(Builder *b, const char *path) {
        char *copy = strdup(path);

        if (copy && strings_add(&b->policy->files, &b->policy->n_files, copy) >= 0)
                return copy;
        free(copy);
        (void) builder_fail_oom(b);
        return NULL;
}

int word_init(Word *word, Bytes text, Place place) {
        char *copy = bytes_dup(text);

        if (!copy)
                return -ENOMEM;
        *word = (Word){ .text = { copy, text.len }, .place = place };
        return 0;
}

void word_done(Word *word) {
        union {
                const char *data;
                char *owned;
        } u = { .data = word->text.data };

        free(u.owned);
        *word = (Word){ 0 };
}

int words_add(Words *words, Bytes text, Place place) {
        Word *grown;

        /* Grown when n is a power of two: a list may have as many words as a file has room for. */
        if ((words->n & (words->n - 1)) == 0) {
                grown = reallocarray(words->items, MAX(words->n * 2, (size_t) 1), sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                words->items = grown;
        }
        if (word_init(&words->items[words->n], text, place) < 0)
                return -ENOMEM;
        words->n++;
        return 0;
}

void words_clear(Words *words) {
        for (size_t i = 0; i < words->n; i++)
                word_done(&words->items[i]);
        free(words->items);
        *words = (Words){ 0 };
}

/* Writes one specifier's meaning; NULL: no specifier. */
static const char *specifier_of(const Builder *b, char letter) {
        switch (letter) {
        case 'i':
                return b->options->instance;
        case 't':
                return b->options->runtime_dir;
        case '%':
                return "%";
        default:
                return NULL;
        }
}

/* %i, %t and %% in paths. */
static int builder_expand(Builder *b, Bytes word, Place place, Buffer *ret) {
        for (size_t i = 0; i < word.len; i++) {
                const char *meaning = NULL;
                int r;

                if (word.data[i] != '%') {
                        r = buffer_append(ret, bytes_slice(word, i, 1));
                } else {
                        i++;
                        meaning = i < word.len ? specifier_of(b, word.data[i]) : NULL;
                        if (!meaning)
                                return builder_fail(
                                        b, place,
                                        "'%.*s' holds an unknown specifier: %%i, %%t and "
                                        "%%%% are known",
                                        (int) word.len, word.data);
                        r = buffer_append_str(ret, meaning);
                }
                if (r < 0)
                        return builder_fail_oom(b);
        }
        return 0;
}

static int builder_refuse_word(Builder *b, const Key *key, Bytes word, Place place,
                               const char *problem) {
        const char *more = key->kind == WORD_ENUM ? "; known: " : "; also: ";

        return builder_fail(b, place, "%s in [%s]: '%.*s' %s%s%s", key->name, key->section,
                            (int) word.len, word.data, problem, key->words ? more : "",
                            key->words ? key->words : "");
}

static int builder_set_word(Builder *b, const Key *key, Bytes word, Place place, Words *words) {
        _cleanup_(buffer_done) Buffer text = { 0 };
        const char *problem;
        Bytes expanded = word;

        if (word_has_specifiers(key->kind)) {
                if (builder_expand(b, word, place, &text) < 0)
                        return b->r;
                expanded = buffer_bytes(&text);
        }
        problem = key_word_problem(key, expanded);
        if (problem)
                return builder_refuse_word(b, key, word, place, problem);
        return words_add(words, expanded, place) < 0 ? builder_fail_oom(b) : 0;
}

/* The words of one mention, all of them checked. */
static int builder_read_words(Builder *b, const Key *key, Bytes value, Place place, Words *ret) {
        Bytes rest = value, word;

        while (word_next(&rest, &word))
                if (builder_set_word(b, key, word, place, ret) < 0)
                        return b->r;
        if (!key->is_list && ret->n == 0)
                return builder_fail(b, place,
                                    "%s in [%s] has no value: leave the line out for the default",
                                    key->name, key->section);
        if (!key->is_list && ret->n > 1)
                return builder_fail(b, place, "%s in [%s] takes one word, not '%.*s'", key->name,
                                    key->section, (int) value.len, value.data);
        return 0;
}

/* Copies the words of one to the end of the other. */
int words_append(Words *to, const Words *from) {
        for (size_t i = 0; i < from->n; i++)
                if (words_add(to, from->items[i].text, from->items[i].place) < 0)
                        return -ENOMEM;
        return 0;
}

int builder_set(Builder *b, const Key *key, Bytes value, Place place, bool is_preset) {
        _cleanup_(words_clear) Words words = { 0 };
        Setting *s = &b->settings[key_index(key)];
        bool is_first;

        if (builder_read_words(b, key, value, place, &words) < 0)
                return b->r;
        if (is_preset && s->is_by_user)
                return 0;

        is_first = !s->is_given || (!is_preset && !s->is_by_user);
        if (is_first || !key->is_list || words.n == 0)
                words_clear(&s->words);
        if (words_append(&s->words, &words) < 0)
                return builder_fail_oom(b);
        s->is_given = true;
        s->is_by_user = !is_preset;
        s->place = place;
        return 0;
}

Setting *builder_setting(const Builder *b, const char *section, const char *name) {
        const Key *key = key_find(bytes_of(section), bytes_of(name));

        assert(key);

        return &b->settings[key_index(key)];
}

Bytes builder_scalar(const Builder *b, const char *section, const char *name) {
        const Words *words = &builder_setting(b, section, name)->words;

        return words->n > 0 ? words->items[0].text : BYTES_NONE;
}

bool builder_bool(const Builder *b, const char *section, const char *name) {
        bool value = false;

        (void) parse_bool(builder_scalar(b, section, name), &value);
        return value;
}

char *path_join(const char *dir, const char *name) {
        _cleanup_(buffer_done) Buffer b = { 0 };

        if (buffer_printf(&b, "%s/%s", dir, name) < 0)
                return NULL;
        return bytes_dup(buffer_bytes(&b));
}

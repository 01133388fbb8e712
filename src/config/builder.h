/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builder: a policy in the making. Inner header of config/: what config.c, grants.c, compile.c and
 * roots.c share while one configuration is read. The first failure wins and all later steps see it.
 */
#pragma once

#include "config/config.h"
#include "config/keys.h"
#include "util/macros.h"

/* What the files said of one key so far. */
typedef struct Setting {
        Words words;
        Place place;     /* of the last mention */
        bool is_given;   /* by a file or a preset; else the key's fallback holds */
        bool is_by_user; /* not by a preset: what presets say later no longer counts */
} Setting;

typedef enum GrantLevel {
        GRANT_LEVEL_NO = 0,
        GRANT_LEVEL_READ,
        GRANT_LEVEL_WRITE,
        GRANT_LEVEL_FULL,
        GRANT_LEVEL_YES, /* write with POST = yes, else read */
} GrantLevel;

/* One line of [allow] or [deny]; resolved when all files were read. */
typedef struct Grant {
        const char *section; /* of the API, the table's; NULL: pattern holds */
        GrantLevel level;
        Word pattern; /* name or noun.* */
        bool is_deny;
} Grant;

typedef struct Builder {
        const ConfigOptions *options;
        Policy *policy;
        ConfigError *error;
        int r;             /* 0, -EINVAL with *error filled, or -ENOMEM */
        Setting *settings; /* by key_index() */
        Grant *grants;
        size_t n_grants;
        bool has_post; /* POST = yes */
} Builder;

int builder_init(Builder *b, const ConfigOptions *options, ConfigError *error);
void builder_done(Builder *b);

/* Notes why the configuration is refused; returns -EINVAL, or the failure before it. */
int builder_fail(Builder *b, Place place, const char *format, ...) _printf_(3, 4);
int builder_fail_oom(Builder *b);

/* Adds "file:line: text" to the policy's warnings. */
int builder_warn(Builder *b, Place place, const char *format, ...) _printf_(3, 4);

/* A copy of the file's name that lives as long as the policy; NULL: out of memory. */
const char *builder_add_file(Builder *b, const char *path);

/* Owned words. 0 or -ENOMEM. */
int word_init(Word *word, Bytes text, Place place);
void word_done(Word *word);
int words_add(Words *words, Bytes text, Place place);
int words_append(Words *to, const Words *from);
void words_clear(Words *words);

/* " (did you mean 'x'?)" pieces for messages: use as "%s%s%s", NEAREST_ARGS(n). */
#define NEAREST_ARGS(n)                                                                            \
        (n).name ? " (did you mean " : "", (n).name ? (n).name : "", (n).name ? "?)" : ""

/* Takes one mention of a key. */
int builder_set(Builder *b, const Key *key, Bytes value, Place place, bool is_preset);

/* "dir/name", owned by the caller; NULL: out of memory. */
char *path_join(const char *dir, const char *name);

/* What holds for a key of the table: the words of the files, or of the fallback. */
Setting *builder_setting(const Builder *b, const char *section, const char *name);
Bytes builder_scalar(const Builder *b, const char *section, const char *name);
bool builder_bool(const Builder *b, const char *section, const char *name);

/* config/grants: lines of [allow] and [deny], and what they come to. */
int grants_allow(Builder *b, Bytes key, Bytes value, Place place);
int grants_deny(Builder *b, Bytes key, Bytes value, Place place);
int grants_resolve(Builder *b);

/* config/compile: settings to Policy. config/roots: bind roots that nobody may give away. */
int compile_policy(Builder *b);
/* Once the grants are resolved: warns of operations that take their meaning from images. */
int compile_check_images(Builder *b);
int roots_check(Builder *b);

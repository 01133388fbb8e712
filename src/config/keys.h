/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of sections and keys (CONFIG.md "Sections and keys"), but for [allow] and [deny], which
 * speak of endpoints and are config/grants'.
 */
#pragma once

#include "config/words.h"

typedef struct Key {
        const char *section;
        const char *name;
        WordKind kind;
        bool is_list;         /* of words; else a scalar */
        const char *words;    /* ENUM: the words; others: words that fit beside the grammar */
        const char *alone;    /* of these, those that stand alone */
        const char *fallback; /* built-in words; NULL: none, or Limits has it */
        uint64_t max;         /* SIZE, TIME, COUNT */
        bool has_zero;        /* 0 means never there */
} Key;

size_t key_count(void);
const Key *key_at(size_t index);
size_t key_index(const Key *key);

/* Case does not count. NULL: unknown. */
const Key *key_find(Bytes section, Bytes name);

/* Has the section keys in the table? */
bool key_section_exists(Bytes section);

/* Is it a section whose words are kept for the judges of bodies? */
bool key_is_judged(const Key *key);

/* Why the value's word is refused, or NULL: the grammar, the range, the words. */
const char *key_word_problem(const Key *key, Bytes word);

void key_nearest_section(Nearest *n);
void key_nearest_name(Nearest *n, Bytes section);

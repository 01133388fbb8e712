/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a refusal says of a body: where, what, and which line of the configuration would allow it.
 * The texts are a client's, cut; who writes them out escapes them.
 */
#include "policy/judge.h"
#include "util/macros.h"
#include "util/parse.h"
#include "util/utf8.h"

#include <stdio.h>

#define HINT_VALUE_MAX 128 /* a line of the configuration has 190 bytes */

/* Nearly all names stand in a pointer as they are. */
static bool pointer_is_plain(Bytes name) {
        return name.len > 0 && !memchr(name.data, '~', name.len) &&
               !memchr(name.data, '/', name.len);
}

size_t judge_push(Judge *j, Bytes name) {
        size_t before = j->pointer_len;

        assert(j);

        /* A pointer that is full stays as it is: it names the object that holds the value. */
        if (j->pointer_len == sizeof(j->pointer))
                return before;

        j->pointer[j->pointer_len++] = '/';
        if (name.len <= sizeof(j->pointer) - j->pointer_len && pointer_is_plain(name)) {
                memcpy(j->pointer + j->pointer_len, name.data, name.len);
                j->pointer_len += name.len;
                return before;
        }

        while (name.len > 0) {
                size_t n = MAX(utf8_char_len(name), (size_t) 1);
                Bytes piece = bytes_slice(name, 0, n);

                if (name.data[0] == '~')
                        piece = BYTES("~0");
                if (name.data[0] == '/')
                        piece = BYTES("~1");
                if (piece.len > sizeof(j->pointer) - j->pointer_len)
                        break;

                memcpy(j->pointer + j->pointer_len, piece.data, piece.len);
                j->pointer_len += piece.len;
                name = bytes_skip(name, n);
        }

        return before;
}

size_t judge_push_index(Judge *j, size_t index) {
        char room[20];

        return judge_push(j, (Bytes){ room, format_u64(room, index) });
}

void judge_pop(Judge *j, size_t len) {
        assert(j && len <= j->pointer_len);

        j->pointer_len = len;
}

/* Copies what fits, cut between characters. */
static Bytes note_copy(char *room, size_t size, Bytes text) {
        size_t len = 0;

        while (len < text.len) {
                size_t n = MAX(utf8_char_len(bytes_skip(text, len)), (size_t) 1);

                if (n > size - 1 - len)
                        break;
                len += n;
        }

        if (len > 0)
                memcpy(room, text.data, len);
        room[len] = '\0';
        return (Bytes){ room, len };
}

/* No globs: a hint never allows more than what was asked for. */
static bool hint_is_word(Bytes value) {
        static const char signs[] = "._:@/+-";

        if (value.len == 0 || value.len > HINT_VALUE_MAX)
                return false;

        for (size_t i = 0; i < value.len; i++) {
                char c = value.data[i];

                if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
                    !memchr(signs, c, sizeof(signs) - 1))
                        return false;
        }

        return true;
}

/* Keys whose word is not the value itself. */
static const char *hint_fixed_word(RuleKey key) {
        static const char *const words[_RULE_KEY_MAX] = {
                [RULE_CREATE_IMAGE_IDS] = "yes",
                [RULE_CREATE_ANONYMOUS_VOLUMES] = "yes",
                [RULE_CREATE_TMPFS] = "yes",
                [RULE_CREATE_STATIC_ADDRESSES] = "yes",
                [RULE_CREATE_ENDPOINT_STATE] = "ignore",
                [RULE_CREATE_PRIVILEGED] = "yes",
                [RULE_CREATE_DEVICE_REQUESTS] = "yes",
                [RULE_UPDATE_UNLIMITED] = "yes",
                [RULE_EXEC_ENV] = "yes",
                [RULE_EXEC_PRIVILEGED] = "yes",
                [RULE_EXEC_FOREIGN_IDS] = "yes",
                [RULE_BUILD_REMOTE] = "yes",
        };

        return words[key];
}

static const char *note_hint(JudgeNotes *notes, RuleKey key, Bytes word) {
        const char *fixed = hint_fixed_word(key);

        if (fixed)
                word = bytes_of(fixed);
        if (!hint_is_word(word) ||
            (key == RULE_CREATE_BIND_MOUNTS && memchr(word.data, ':', word.len)))
                word = BYTES("...");

        (void) snprintf(notes->hint, sizeof(notes->hint), "[%s] %s = %.*s", rule_section(key),
                        rule_name(key), (int) word.len, word.data);
        return notes->hint;
}

/* The line that names the key, when there is one. */
static Place judge_place(const Judge *j, RuleKey key) {
        const Words *words = judge_words(j, key);

        return words->n > 0 ? words->items[0].place : (Place){ 0 };
}

static bool judge_refuse_with(Judge *j, Decision d, RuleKey key, Bytes word, Bytes value) {
        JudgeNotes *notes = j->facts->notes;

        if (j->is_denied)
                return false;

        if (key != RULE_NONE)
                d.place = judge_place(j, key);
        if (notes) {
                d.field = note_copy(notes->field, sizeof(notes->field),
                                    (Bytes){ j->pointer, j->pointer_len });
                d.subject = note_copy(notes->value, sizeof(notes->value), value);
                if (key != RULE_NONE)
                        d.hint = note_hint(notes, key, word);
        }

        j->decision = d;
        j->is_denied = true;
        return false;
}

void judge_show(Judge *j, Bytes value) {
        JudgeNotes *notes = j->facts->notes;

        assert(j->is_denied);

        j->decision.subject =
                notes ? note_copy(notes->value, sizeof(notes->value), value) : BYTES_NONE;
}

bool judge_deny_word(Judge *j, RuleKey key, const char *word, const char *reason, const char *text,
                     Bytes value) {
        return judge_refuse_with(j, (Decision){ .reason = reason, .text = text }, key,
                                 bytes_of(word), value);
}

bool judge_deny(Judge *j, RuleKey key, const char *reason, const char *text, Bytes value) {
        return judge_refuse_with(j, (Decision){ .reason = reason, .text = text }, key, value,
                                 value);
}

bool judge_reject(Judge *j, const char *reason, const char *text) {
        const Decision d = {
                .status = 400,
                .is_malformed = true,
                .reason = reason,
                .text = text,
        };

        return judge_refuse_with(j, d, RULE_NONE, BYTES_NONE, BYTES_NONE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of HTTP as it comes, in whatever pieces and framing a proxy may make of it. */
#pragma once

#include "framing.h"

#define HEAD_MAX (8 * 1024)

typedef struct Answer {
        char head[HEAD_MAX];
        size_t n_head;
        bool has_head, is_done, closes;
        unsigned status;
        enum { BODY_LENGTH, BODY_CHUNKED, BODY_CLOSE } framing;
        uint64_t left, n_body;
        Chunks chunks;
} Answer;

static inline void answer_start(Answer *a) {
        a->n_head = 0;
        a->has_head = a->is_done = a->closes = false;
        a->n_body = a->left = 0;
        a->chunks = (Chunks){ .at = CHUNK_SIZE };
}

static inline void answer_read_head(Answer *a, size_t len) {
        const char *length = head_value(a->head, len, "content-length:");
        const char *coding = head_value(a->head, len, "transfer-encoding:");
        const char *option = head_value(a->head, len, "connection:");

        if (strncmp(a->head, "HTTP/1.", 7) != 0)
                die("no answer of HTTP: %.60s", a->head);
        a->has_head = true;
        a->status = (unsigned) strtoul(a->head + 9, NULL, 10);
        a->closes = (option && strncasecmp(option, "close", 5) == 0) || a->head[7] == '0';
        a->framing = coding ? BODY_CHUNKED : length ? BODY_LENGTH : BODY_CLOSE;
        a->left = length ? strtoull(length, NULL, 10) : 0;
        if (a->status == 101 || a->status == 204 || a->status == 304) {
                a->framing = BODY_LENGTH;
                a->left = 0;
        }
        if (a->framing == BODY_CLOSE)
                a->closes = true;
        a->is_done = a->framing == BODY_LENGTH && a->left == 0;
}

/* Gives how many bytes were of the head. One of an interim answer (100) is forgotten. */
static inline size_t answer_feed_head(Answer *a, const char *data, size_t n) {
        size_t before = a->n_head, size_left = sizeof(a->head) - 1 - before;
        size_t taken = n < size_left ? n : size_left;
        const char *end;

        memcpy(a->head + before, data, taken);
        a->n_head += taken;
        a->head[a->n_head] = '\0';
        end = memmem(a->head, a->n_head, "\r\n\r\n", 4);
        if (!end && a->n_head == sizeof(a->head) - 1)
                die("the head of an answer is too large");
        if (!end)
                return taken;
        taken = (size_t) (end + 4 - a->head) - before;
        answer_read_head(a, before + taken);
        if (a->status < 200 && a->status != 101)
                answer_start(a);
        return taken;
}

/* Gives how many bytes were of the answer. */
static inline size_t answer_feed(Answer *a, const char *data, size_t n) {
        size_t taken = 0, rest;

        while (!a->has_head && taken < n)
                taken += answer_feed_head(a, data + taken, n - taken);
        if (!a->has_head)
                return n;

        rest = n - taken;
        if (a->is_done)
                return taken;
        if (a->framing == BODY_CHUNKED) {
                rest = chunks_feed(&a->chunks, data + taken, rest, NULL);
                a->n_body = a->chunks.n_payload;
                a->is_done = a->chunks.at == CHUNK_DONE;
                return taken + rest;
        }
        if (a->framing == BODY_LENGTH && rest > a->left)
                rest = a->left;
        a->n_body += rest;
        a->left -= a->framing == BODY_LENGTH ? rest : 0;
        a->is_done = a->framing == BODY_LENGTH && a->left == 0;
        return taken + rest;
}

static inline void answer_end(Answer *a) {
        if (!a->has_head || a->framing != BODY_CLOSE)
                die("the connection ended in the middle of an answer");
        a->is_done = true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffer: grows by doubling, moves its content to the front only when that pays, and keeps what it
 * holds when memory runs out. Trusts its caller to bound what is put in.
 */
#include "util/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define BUFFER_SIZE_MIN 256U /* bytes: below this growing costs more than it saves */
#define BUFFER_SIZE_MAX (UINT32_MAX / 2)
#define BUFFER_SLACK    64U /* bytes: below this giving back costs more than it saves */

void buffer_done(Buffer *b) {
        assert(b);

        free(b->data);
        *b = (Buffer){};
}

size_t buffer_len(const Buffer *b) {
        assert(b);

        return b->end - b->begin;
}

Bytes buffer_bytes(const Buffer *b) {
        if (buffer_len(b) == 0)
                return BYTES_NONE;
        return (Bytes){ b->data + b->begin, buffer_len(b) };
}

static void buffer_move_to_front(Buffer *b) {
        size_t len = buffer_len(b);

        if (len > 0)
                memmove(b->data, b->data + b->begin, len);
        b->begin = 0;
        b->end = (uint32_t) len;
}

static int buffer_grow(Buffer *b, size_t n) {
        size_t len = buffer_len(b), size;
        char *data;

        if (__builtin_add_overflow(len, n, &size) || size > BUFFER_SIZE_MAX)
                return -ENOMEM;
        size = MAX(size, MIN(MAX(b->size * 2, BUFFER_SIZE_MIN), BUFFER_SIZE_MAX));

        data = malloc(size);
        if (!data)
                return -ENOMEM;
        if (len > 0)
                memcpy(data, b->data + b->begin, len);
        free(b->data);
        *b = (Buffer){ .data = data, .end = (uint32_t) len, .size = (uint32_t) size };
        return 0;
}

int buffer_reserve(Buffer *b, size_t n, char **ret_room) {
        int r;

        assert(b);

        if (b->size - b->end < n) {
                /* Moving must free at least as much as it moves: so no byte is moved often. */
                if (b->begin >= buffer_len(b) && b->size - buffer_len(b) >= n) {
                        buffer_move_to_front(b);
                } else {
                        r = buffer_grow(b, n);
                        if (r < 0)
                                return r;
                }
        }
        if (ret_room)
                *ret_room = b->data ? b->data + b->end : NULL;
        return 0;
}

void buffer_commit(Buffer *b, size_t n) {
        assert(b);
        assert(n <= b->size - b->end);

        b->end += (uint32_t) n;
}

int buffer_append(Buffer *b, Bytes bytes) {
        char *room;
        int r;

        if (bytes.len == 0)
                return 0;

        r = buffer_reserve(b, bytes.len, &room);
        if (r < 0)
                return r;
        assert(room);
        memcpy(room, bytes.data, bytes.len);
        b->end += (uint32_t) bytes.len;
        return 0;
}

int buffer_append_str(Buffer *b, const char *string) {
        return buffer_append(b, bytes_of(string));
}

int buffer_printf(Buffer *b, const char *format, ...) {
        va_list args;
        char *room;
        int n, r;

        va_start(args, format);
        n = vsnprintf(NULL, 0, format, args);
        va_end(args);
        assert(n >= 0);

        r = buffer_reserve(b, (size_t) n + 1, &room); /* vsnprintf() writes a NUL behind */
        if (r < 0)
                return r;

        va_start(args, format);
        (void) vsnprintf(room, (size_t) n + 1, format, args);
        va_end(args);
        b->end += (uint32_t) n;
        return 0;
}

void buffer_consume(Buffer *b, size_t n) {
        assert(b);

        b->begin += (uint32_t) MIN(n, buffer_len(b));
        if (b->begin == b->end)
                buffer_clear(b);
}

void buffer_fit(Buffer *b) {
        size_t len = buffer_len(b);
        char *data;

        if (b->size - len < BUFFER_SLACK)
                return;
        if (len == 0) {
                buffer_done(b);
                return;
        }

        buffer_move_to_front(b);
        data = realloc(b->data, len);
        if (!data) /* it stays as large as it is */
                return;
        b->data = data;
        b->size = (uint32_t) len;
}

void buffer_clear(Buffer *b) {
        assert(b);

        b->begin = b->end = 0;
}

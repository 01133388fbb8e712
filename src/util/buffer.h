/* SPDX-License-Identifier: Apache-2.0 */
/* Buffer: bytes that we own and that grow. The caller caps what it puts in: see Limits. */
#pragma once

#include "util/bytes.h"
#include "util/macros.h"

typedef struct Buffer {
        char *data;
        size_t begin; /* bytes before this were consumed */
        size_t end;   /* data[begin..end) is the content */
        size_t size;  /* allocated */
} Buffer;

void buffer_done(Buffer *b);

/* What is in it; valid until the next change of the buffer. */
Bytes buffer_bytes(const Buffer *b);
size_t buffer_len(const Buffer *b);

/* Makes room for n more bytes; *ret_room (may be NULL) is where they go. 0 or -ENOMEM (content
 * kept). */
int buffer_reserve(Buffer *b, size_t n, char **ret_room);

/* Says that n bytes were written to the room that buffer_reserve() gave. */
void buffer_commit(Buffer *b, size_t n);

/* 0 or -ENOMEM; on failure the content is as before. */
int buffer_append(Buffer *b, Bytes bytes);
int buffer_append_str(Buffer *b, const char *string);
int buffer_printf(Buffer *b, const char *format, ...) _printf_(2, 3);

/* Drops the first n bytes (at most all of them). */
void buffer_consume(Buffer *b, size_t n);

/* Empty again; the memory is kept. */
void buffer_clear(Buffer *b);

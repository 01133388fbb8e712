/* SPDX-License-Identifier: Apache-2.0 */
/* Buffer: bytes that we own and that grow. The caller caps what it puts in: see Limits. */
#pragma once

#include "util/bytes.h"
#include "util/macros.h"

typedef struct Buffer {
        char *data;
        uint32_t begin; /* bytes before this were consumed */
        uint32_t end;   /* data[begin..end) is the content */
        uint32_t size; /* allocated, 2 GiB at most: there are several of these in each connection */
} Buffer;

void buffer_done(Buffer *b);

/* What is in it; valid until the next change of the buffer. */
Bytes buffer_bytes(const Buffer *b);
size_t buffer_len(const Buffer *b);

/* Makes room for n more bytes; *ret_room (may be NULL) is where they go. 0 or -ENOMEM, also
 * over 2 GiB (content kept). */
int buffer_reserve(Buffer *b, size_t n, char **ret_room);

/* Says that n bytes were written to the room that buffer_reserve() gave. */
void buffer_commit(Buffer *b, size_t n);

/* 0 or -ENOMEM; on failure the content is as before. */
int buffer_append(Buffer *b, Bytes bytes);
int buffer_append_str(Buffer *b, const char *string);
int buffer_printf(Buffer *b, const char *format, ...) _printf_(2, 3);

/* Drops the first n bytes (at most all of them). */
void buffer_consume(Buffer *b, size_t n);

/* Gives back the memory that is not used, once it will not grow for long. */
void buffer_fit(Buffer *b);

/* Empty again; the memory is kept. */
void buffer_clear(Buffer *b);

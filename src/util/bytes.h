/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes: a borrowed run of bytes. Whatever a peer sent is held as Bytes and never as a C string:
 * it may hold NUL, and it ends where its length says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Bytes {
        const char *data; /* never owned; may be NULL only when len is 0 */
        size_t len;
} Bytes;

#define BYTES(literal) ((Bytes){ (literal), sizeof(literal) - 1 })
#define BYTES_NONE     ((Bytes){ NULL, 0 })

/* The bytes of a NUL terminated string of our own (never of a peer's). NULL gives no bytes. */
Bytes bytes_of(const char *string);

bool bytes_eq(Bytes a, Bytes b);
bool bytes_eq_str(Bytes a, const char *string);

/* Equal but for the case of A-Z; other bytes are compared as they are. */
bool bytes_ieq_ascii(Bytes a, Bytes b);

bool bytes_starts_with(Bytes b, Bytes prefix);
bool bytes_ends_with(Bytes b, Bytes suffix);

/* memcmp() order, the shorter first when one is the other's prefix: for qsort and bsearch. */
int bytes_compare(Bytes a, Bytes b);

/* Position of the first such byte, or b.len. */
size_t bytes_find(Bytes b, char c);

/* Position of the first occurrence of needle (not empty), or b.len. */
size_t bytes_search(Bytes b, Bytes needle);

/* From offset on, at most len bytes; both are cut to what is there. */
Bytes bytes_slice(Bytes b, size_t offset, size_t len);
Bytes bytes_skip(Bytes b, size_t offset);

/* Without blanks and tabs at both ends. */
Bytes bytes_trim(Bytes b);

/* Cuts the next piece up to the separator off *rest; false when nothing was left. "a,,b" gives
 * three. */
bool bytes_split(Bytes *rest, char separator, Bytes *ret_piece);

/* A NUL terminated copy; NULL when out of memory or when b holds NUL. The caller frees it. */
char *bytes_dup(Bytes b);

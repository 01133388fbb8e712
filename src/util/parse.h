/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes, times and booleans out of bytes: exact, no sign, no blanks, no overflow. */
#pragma once

#include "util/bytes.h"

/* Decimal digits only, at most max_digits (<= 19) of them. false: not a number, or too long. */
bool parse_u64(Bytes text, size_t max_digits, uint64_t *ret);

/* Hexadecimal digits only, 1 to 16 of them. */
bool parse_hex(Bytes text, uint64_t *ret);

/* The value of one hex digit, or -1. */
int parse_hex_digit(char c);

/* yes/no, true/false, on/off, 1/0 in any case. */
bool parse_bool(Bytes text, bool *ret);

/* "65536", "64K", "1M", "2G": bytes, powers of 1024. */
bool parse_size(Bytes text, uint64_t *ret);

/* "500ms", "30s", "5min", "2h", or plain seconds: microseconds. */
bool parse_time(Bytes text, uint64_t *ret_usec);

/* Writes n in decimal without a NUL; 20 bytes of room are always enough. Returns the length. */
size_t format_u64(char *room, uint64_t n);

/* Writes n in lower case hex without leading zeros or NUL; 16 bytes are enough. Returns the length.
 */
size_t format_hex(char *room, uint64_t n);

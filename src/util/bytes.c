/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes: comparing, searching and cutting borrowed runs of bytes. Trusts that data is valid for len
 * bytes and nothing about what is in it. An empty run may have no data at all, so no libc function
 * is called for one.
 */
#include "util/bytes.h"

#include "util/macros.h"

Bytes bytes_of(const char *string) {
        if (!string)
                return BYTES_NONE;
        return (Bytes){ string, strlen(string) };
}

bool bytes_eq(Bytes a, Bytes b) {
        return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_eq_str(Bytes a, const char *string) {
        /* Most comparisons go through a table and end here. */
        if (string && a.len > 0 && a.data[0] != string[0])
                return false;
        return bytes_eq(a, bytes_of(string));
}

static unsigned char ascii_lower(char c) {
        return (unsigned char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool bytes_ieq_ascii(Bytes a, Bytes b) {
        if (a.len != b.len)
                return false;
        if (a.len == 0 || memcmp(a.data, b.data, a.len) == 0) /* nearly always */
                return true;
        for (size_t i = 0; i < a.len; i++)
                if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
                        return false;
        return true;
}

bool bytes_starts_with(Bytes b, Bytes prefix) {
        return b.len >= prefix.len && bytes_eq((Bytes){ b.data, prefix.len }, prefix);
}

bool bytes_ends_with(Bytes b, Bytes suffix) {
        return b.len >= suffix.len && bytes_eq(bytes_skip(b, b.len - suffix.len), suffix);
}

int bytes_compare(Bytes a, Bytes b) {
        size_t n = MIN(a.len, b.len);
        int r;

        r = n > 0 ? memcmp(a.data, b.data, n) : 0;
        if (r != 0)
                return r;
        return (a.len > b.len) - (a.len < b.len);
}

size_t bytes_find(Bytes b, char c) {
        const char *at;

        if (b.len == 0)
                return 0;
        at = memchr(b.data, c, b.len);
        return at ? (size_t) (at - b.data) : b.len;
}

size_t bytes_search(Bytes b, Bytes needle) {
        const char *at;

        assert(needle.len > 0);

        if (b.len < needle.len)
                return b.len;
        at = memmem(b.data, b.len, needle.data, needle.len);
        return at ? (size_t) (at - b.data) : b.len;
}

Bytes bytes_skip(Bytes b, size_t offset) {
        if (offset >= b.len)
                return BYTES_NONE;
        return (Bytes){ b.data + offset, b.len - offset };
}

Bytes bytes_slice(Bytes b, size_t offset, size_t len) {
        Bytes rest = bytes_skip(b, offset);

        return (Bytes){ rest.data, MIN(rest.len, len) };
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

Bytes bytes_trim(Bytes b) {
        while (b.len > 0 && is_blank(b.data[b.len - 1]))
                b.len--;
        while (b.len > 0 && is_blank(b.data[0])) {
                b.data++;
                b.len--;
        }
        return b;
}

/* "Nothing left" is told from "an empty last piece" by data: after the last piece *rest has none,
 * after a trailing separator it points behind it. */
bool bytes_split(Bytes *rest, char separator, Bytes *ret_piece) {
        size_t n;

        assert(rest);
        assert(ret_piece);

        if (!rest->data)
                return false;

        n = bytes_find(*rest, separator);
        *ret_piece = (Bytes){ rest->data, n };
        if (n == rest->len)
                *rest = BYTES_NONE;
        else
                *rest = (Bytes){ rest->data + n + 1, rest->len - n - 1 };
        return true;
}

char *bytes_dup(Bytes b) {
        char *copy;

        if (bytes_find(b, '\0') != b.len)
                return NULL;

        copy = malloc(b.len + 1);
        if (!copy)
                return NULL;
        if (b.len > 0)
                memcpy(copy, b.data, b.len);
        copy[b.len] = '\0';
        return copy;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a configuration file into lines and checks each before inih sees it. Trusts nothing in the
 * text; refuses whatever two readers could understand differently.
 */
#include "config/lines.h"

#include "util/utf8.h"

#include <assert.h>

#define UTF8_BOM BYTES("\xEF\xBB\xBF")

void lines_init(Lines *l, Bytes text) {
        assert(l);

        *l = (Lines){ .rest = text };
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* C0, DEL, and C1 (U+0080 to U+009F, two bytes in UTF-8); a tab is a blank. */
static bool line_has_control(Bytes line) {
        for (size_t i = 0; i < line.len; i++) {
                unsigned char c = (unsigned char) line.data[i];

                if ((c < 0x20 && c != '\t') || c == 0x7F)
                        return true;
                if (c == 0xC2 && i + 1 < line.len && (unsigned char) line.data[i + 1] < 0xA0)
                        return true;
        }
        return false;
}

static const char *line_bytes_problem(Bytes line, unsigned number) {
        if (number == 1 && bytes_starts_with(line, UTF8_BOM))
                return "the file begins with a byte order mark: save it without one";
        if (line.len > LINES_LINE_MAX)
                return "the line is longer than 190 bytes: give the key again on a line of its own";
        if (bytes_find(line, '\0') < line.len)
                return "the line holds a NUL byte: remove it";
        if (!utf8_is_valid(line))
                return "the line is no valid UTF-8: save the file as UTF-8";
        if (bytes_find(line, '\r') < line.len)
                return "the line holds a CR that is not part of a CRLF line end: remove it";
        if (line_has_control(line))
                return "the line holds a control character: remove it";
        return NULL;
}

/* A comment begins with # or ; at the start of the line or after a blank. */
static Bytes line_cut_comment(Bytes line) {
        for (size_t i = 0; i < line.len; i++) {
                if (line.data[i] != '#' && line.data[i] != ';')
                        continue;
                if (i == 0 || is_blank(line.data[i - 1]))
                        return bytes_slice(line, 0, i);
        }
        return line;
}

static const char *line_section_problem(Bytes line) {
        Bytes name = bytes_slice(line, 1, line.len - 2);

        if (line.len < 3 || line.data[line.len - 1] != ']')
                return "a section line is [name] and nothing else";
        if (name.len > LINES_NAME_MAX)
                return "the section's name is longer than 48 bytes: no section is";
        for (size_t i = 0; i < name.len; i++)
                if (!is_name_char(name.data[i]) && name.data[i] != '.')
                        return "a section line is [name], a name of letters, digits, '.', '_' and "
                               "'-'";
        return NULL;
}

static const char *line_key_problem(Bytes key) {
        if (key.len == 0)
                return "the line has no key before its '='";
        if (key.len > LINES_NAME_MAX)
                return "the key is longer than 48 bytes: no key is";
        if (!is_letter(key.data[0]))
                return "a key begins with a letter";
        for (size_t i = 0; i < key.len; i++)
                if (!is_name_char(key.data[i]))
                        return "a key is one word of letters, digits, '_' and '-', then '='";
        return NULL;
}

/* Appends bytes to room and returns where the next go. lines_read() has checked the size. */
static char *room_append(char *room, Bytes bytes) {
        if (bytes.len > 0)
                memcpy(room, bytes.data, bytes.len);
        return room + bytes.len;
}

static const char *lines_check_section(Lines *l, Bytes line, char *room) {
        const char *problem;

        problem = line_section_problem(line);
        if (problem)
                return problem;

        l->has_section = true;
        room = room_append(room, line);
        (void) room_append(room, (Bytes){ "\n", 2 });
        return NULL;
}

static const char *lines_check_key(const Lines *l, Bytes line, char *room) {
        size_t equals = bytes_find(line, '=');
        Bytes key = bytes_trim(bytes_slice(line, 0, equals));
        Bytes value = bytes_trim(bytes_skip(line, equals + 1));
        const char *problem;

        if (equals == line.len)
                return "the line has no '=': a value does not go on in the next line, give the key "
                       "again";
        problem = line_key_problem(key);
        if (problem)
                return problem;
        if (!l->has_section)
                return "the key stands before the first [section]";

        room = room_append(room, key);
        room = room_append(room, BYTES("="));
        room = room_append(room, value);
        (void) room_append(room, (Bytes){ "\n", 2 });
        return NULL;
}

/* The next raw line without its line end; a CR stays unless an LF follows it. */
static Bytes lines_cut(Lines *l) {
        size_t end = bytes_find(l->rest, '\n');
        Bytes line = bytes_slice(l->rest, 0, end);

        if (end < l->rest.len && line.len > 0 && line.data[line.len - 1] == '\r')
                line.len--;
        l->rest = bytes_skip(l->rest, end + 1);
        l->number++;
        return line;
}

char *lines_read(char *room, int size, void *userdata) {
        Lines *l = userdata;
        Bytes line;

        assert(room);
        assert(l);

        if (l->problem || l->rest.len == 0)
                return NULL;

        line = lines_cut(l);
        l->problem = line_bytes_problem(line, l->number);
        if (!l->problem && size < LINES_LINE_MAX + 2)
                l->problem = "the ini library of this machine takes shorter lines only";
        if (l->problem)
                return NULL;

        line = bytes_trim(line_cut_comment(line));
        if (line.len == 0)
                (void) room_append(room, (Bytes){ "\n", 2 });
        else if (line.data[0] == '[')
                l->problem = lines_check_section(l, line, room);
        else
                l->problem = lines_check_key(l, line, room);
        return l->problem ? NULL : room;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the row of a request and judging its slots. Trusts the canonical path of docker/target.
 * Patterns are matched against the bytes of that path, never against decoded segments: what is
 * forwarded is then read by the engine as it was read here. Unlike the engine's own patterns a slot
 * ends at a slash, but for image and plugin names. Refuses slots whose grammar no object has.
 */
#include "docker/endpoint-table.h"

#include "util/macros.h"

#define ENDPOINT_ID_MAX    255
#define ENDPOINT_IMAGE_MAX 512
#define ENDPOINT_TAG_MAX   128
#define ENDPOINT_HEX_MIN   32 /* digits of a digest */

static const EndpointGroup *const endpoint_tables[] = {
        endpoint_docker_groups,
        endpoint_libpod_groups,
};

const char *query_key_words(const QueryKey *key) {
        return key->has_words ? key->key + strlen(key->key) + 1 : NULL;
}

size_t endpoint_count(void) {
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(endpoint_tables); i++)
                for (const EndpointGroup *g = endpoint_tables[i]; g->segment; g++)
                        n += g->n_rows;
        return n;
}

const Endpoint *endpoint_at(size_t index) {
        for (size_t i = 0; i < ARRAY_SIZE(endpoint_tables); i++)
                for (const EndpointGroup *g = endpoint_tables[i]; g->segment; g++) {
                        if (index < g->n_rows)
                                return &g->rows[index];
                        index -= g->n_rows;
                }
        return NULL;
}

size_t endpoint_index(const Endpoint *e) {
        uintptr_t at = (uintptr_t) e;
        size_t index = 0;

        for (size_t i = 0; i < ARRAY_SIZE(endpoint_tables); i++)
                for (const EndpointGroup *g = endpoint_tables[i]; g->segment; g++) {
                        uintptr_t rows = (uintptr_t) g->rows;

                        if (at >= rows && at < rows + g->n_rows * sizeof(Endpoint))
                                return index + (at - rows) / sizeof(Endpoint);
                        index += g->n_rows;
                }

        assert(false); /* no row of the table */
        return 0;
}

enum {
        CHAR_LOWER = 1 << 0, /* and digits */
        CHAR_ALNUM = 1 << 1,
        CHAR_ID = 1 << 2, /* of object names, but first */
        CHAR_HEX = 1 << 3,
};

static const uint8_t char_classes[256] = {
        ['-'] = CHAR_ID,
        ['.'] = CHAR_ID,
        ['_'] = CHAR_ID,
        ['0' ... '9'] = CHAR_LOWER | CHAR_ALNUM | CHAR_ID | CHAR_HEX,
        ['A' ... 'F'] = CHAR_ALNUM | CHAR_ID | CHAR_HEX,
        ['G' ... 'Z'] = CHAR_ALNUM | CHAR_ID,
        ['a' ... 'f'] = CHAR_LOWER | CHAR_ALNUM | CHAR_ID | CHAR_HEX,
        ['g' ... 'z'] = CHAR_LOWER | CHAR_ALNUM | CHAR_ID,
};

static bool char_is(char c, unsigned class) {
        return char_classes[(unsigned char) c] & class;
}

static bool chars_are(Bytes text, unsigned class) {
        for (size_t i = 0; i < text.len; i++)
                if (!char_is(text.data[i], class))
                        return false;
        return true;
}

bool endpoint_is_id(Bytes text) {
        return text.len >= 1 && text.len <= ENDPOINT_ID_MAX && char_is(text.data[0], CHAR_ALNUM) &&
               chars_are(text, CHAR_ID);
}

bool endpoint_could_be_hex_id(Bytes text) {
        return text.len > 0 && chars_are(text, CHAR_HEX);
}

/* path-component of the reference grammar: [a-z0-9]+ joined by one of . _ __ or any run of -. */
static bool image_is_component(Bytes text) {
        size_t i = 0;

        for (;;) {
                size_t begin = i;

                while (i < text.len && char_is(text.data[i], CHAR_LOWER))
                        i++;
                if (i == begin)
                        return false;
                if (i == text.len)
                        return true;

                begin = i;
                while (i < text.len && text.data[i] == text.data[begin])
                        i++;
                switch (text.data[begin]) {
                case '.':
                        if (i - begin > 1)
                                return false;
                        break;
                case '_':
                        if (i - begin > 2)
                                return false;
                        break;
                case '-':
                        break;
                default:
                        return false;
                }
        }
}

/* host[:port] before the first slash; a host has no underscore but may have upper case. */
static bool image_is_domain(Bytes text) {
        size_t host_len = bytes_find(text, ':');
        Bytes label, host = bytes_slice(text, 0, host_len);

        if (host_len + 1 == text.len)
                return false;
        for (size_t i = host_len + 1; i < text.len; i++)
                if (text.data[i] < '0' || text.data[i] > '9')
                        return false;
        if (host.len == 0 || host.data[host.len - 1] == '.')
                return false;

        while (bytes_split(&host, '.', &label)) {
                if (label.len == 0 || !char_is(label.data[0], CHAR_ALNUM) ||
                    !char_is(label.data[label.len - 1], CHAR_ALNUM))
                        return false;
                for (size_t i = 0; i < label.len; i++)
                        if (!char_is(label.data[i], CHAR_ALNUM) && label.data[i] != '-')
                                return false;
        }
        return true;
}

static bool image_is_tag(Bytes text) {
        if (text.len < 1 || text.len > ENDPOINT_TAG_MAX)
                return false;
        for (size_t i = 0; i < text.len; i++) {
                char c = text.data[i];

                if (!char_is(c, CHAR_ALNUM) && c != '_' && (i == 0 || (c != '.' && c != '-')))
                        return false;
        }
        return true;
}

/* Go's digest package takes hex digits in lower case alone. */
static bool image_is_digest_hex(Bytes text) {
        for (size_t i = 0; i < text.len; i++)
                if (!(text.data[i] >= '0' && text.data[i] <= '9') &&
                    !(text.data[i] >= 'a' && text.data[i] <= 'f'))
                        return false;

        return text.len >= ENDPOINT_HEX_MIN;
}

/* "sha256:" and hex digits; other algorithms are spelled like Go's digest package has it. */
static bool image_is_digest(Bytes text) {
        size_t colon = bytes_find(text, ':');
        bool after_separator = true;

        for (size_t i = 0; i < colon; i++) {
                char c = text.data[i];
                bool is_separator = c == '-' || c == '_' || c == '+' || c == '.';

                if (!char_is(c, CHAR_ALNUM) && !is_separator)
                        return false;
                if (after_separator && (is_separator || (c >= '0' && c <= '9')))
                        return false;
                after_separator = is_separator;
        }
        return !after_separator && image_is_digest_hex(bytes_skip(text, colon + 1));
}

bool endpoint_is_image(Bytes text) {
        size_t at = bytes_find(text, '@'), colon, slash;
        Bytes name = bytes_slice(text, 0, at), last;
        bool is_first = true;

        if (text.len < 1 || text.len > ENDPOINT_IMAGE_MAX)
                return false;
        if (at < text.len && !image_is_digest(bytes_skip(text, at + 1)))
                return false;

        /* All but the last component; the first of them may be a registry. */
        while ((slash = bytes_find(name, '/')) < name.len) {
                Bytes component = bytes_slice(name, 0, slash);

                if (!image_is_component(component) && !(is_first && image_is_domain(component)))
                        return false;
                name = bytes_skip(name, slash + 1);
                is_first = false;
        }

        colon = bytes_find(name, ':');
        last = bytes_slice(name, 0, colon);
        if (colon < name.len && !image_is_tag(bytes_skip(name, colon + 1)))
                return false;
        return image_is_component(last);
}

/* The word of a pattern's slot, told by its first letters: {container} {checkpoint} {network}
 * {volume} {image} {exec} {plugin} {other}. */
static EndpointSlot endpoint_slot_kind(const char *word) {
        switch (word[1]) {
        case 'c':
                return word[2] == 'o' ? ENDPOINT_SLOT_CONTAINER : ENDPOINT_SLOT_OTHER;
        case 'n':
                return ENDPOINT_SLOT_NETWORK;
        case 'v':
                return ENDPOINT_SLOT_VOLUME;
        case 'i':
                return ENDPOINT_SLOT_IMAGE;
        case 'e':
                return ENDPOINT_SLOT_EXEC;
        default:
                return ENDPOINT_SLOT_OTHER;
        }
}

/* Image and plugin names may hold slashes: such a slot takes all up to the rest of the pattern. */
static bool endpoint_slot_spans(const char *word) {
        return word[1] == 'i' || word[1] == 'p';
}

/* Matches the row's pattern with path, both from skip on (the group's segment is known to be the
 * same). With spans even an object's slot may hold slashes. */
static bool endpoint_match_path(const Endpoint *e, Bytes path, size_t skip, bool spans,
                                EndpointMatch *m) {
        const char *p = e->pattern + skip, *p_end = e->pattern + e->pattern_len;
        const char *s = path.data + skip, *s_end = path.data + path.len;

        m->slot_kind = ENDPOINT_SLOT_NONE;
        m->slot = m->slot2 = BYTES_NONE;

        while (p < p_end) {
                const char *word = p, *begin = s;

                if (*p != '{') {
                        if (s == s_end || *s != *p)
                                return false;
                        p++;
                        s++;
                        continue;
                }

                while (*p++ != '}')
                        ;
                if (spans || endpoint_slot_spans(word)) {
                        size_t rest = (size_t) (p_end - p);

                        if ((size_t) (s_end - s) <= rest || memcmp(s_end - rest, p, rest) != 0)
                                return false;
                        s = s_end - rest;
                } else {
                        s = memchr(begin, '/', (size_t) (s_end - begin));
                        if (!s)
                                s = s_end;
                        if (s == begin)
                                return false;
                }

                if (m->slot_kind == ENDPOINT_SLOT_NONE) {
                        m->slot_kind = endpoint_slot_kind(word);
                        m->slot = (Bytes){ begin, (size_t) (s - begin) };
                } else
                        m->slot2 = (Bytes){ begin, (size_t) (s - begin) };
        }
        return s == s_end;
}

static const EndpointGroup *endpoint_find_group(const Target *t, size_t *ret_skip) {
        const EndpointGroup *g = t->is_libpod ? endpoint_libpod_groups : endpoint_docker_groups;
        Bytes segment = t->segments[t->is_libpod];

        for (; g->segment_len > 0; g++)
                if (g->segment_len == segment.len && g->segment[0] == segment.data[0] &&
                    memcmp(g->segment, segment.data, segment.len) == 0)
                        break;

        /* "/containers" or "/libpod/containers", or nothing in the group of all others. */
        *ret_skip = g->segment_len > 0 ? (size_t) (segment.data + segment.len - t->path.data) : 0;
        return g;
}

/* The inspect rows of the objects that `docker inspect NAME` tries before it tries images. */
static bool endpoint_is_inspect(const Endpoint *e, EndpointSlot slot_kind) {
        return e->method == HTTP_METHOD_GET &&
               (slot_kind == ENDPOINT_SLOT_CONTAINER || slot_kind == ENDPOINT_SLOT_NETWORK ||
                slot_kind == ENDPOINT_SLOT_VOLUME) &&
               bytes_ends_with(bytes_of(e->name), BYTES(".inspect"));
}

static bool endpoint_slot_fits(const Endpoint *e, const EndpointMatch *m) {
        const char *word;

        if (m->slot_kind == ENDPOINT_SLOT_NONE)
                return true;

        word = memchr(e->pattern, '{', e->pattern_len);
        assert(word);
        if (endpoint_slot_spans(word))
                return endpoint_is_image(m->slot);
        return endpoint_is_id(m->slot) && (m->slot2.len == 0 || endpoint_is_id(m->slot2));
}

/* No row fits. An inspect of "ghcr.io/acme/app:1" as a container still has its answer: there is
 * none. */
static void endpoint_find_inspect(HttpMethod method, Bytes path, const EndpointGroup *group,
                                  size_t skip, EndpointMatch *ret) {
        for (size_t i = 0; i < group->n_rows; i++) {
                const Endpoint *e = &group->rows[i];

                if (e->method != method || !endpoint_match_path(e, path, skip, true, ret) ||
                    !endpoint_is_inspect(e, ret->slot_kind) || !endpoint_is_image(ret->slot))
                        continue;

                ret->endpoint = e;
                ret->cannot_exist = true;
                return;
        }

        *ret = (EndpointMatch){ 0 };
}

/* A pull names an image; without one the same route imports. */
static bool endpoint_is_import(const Target *t) {
        const QueryPair *pair = target_find_pair(t, "fromImage");

        return !pair || pair->value.len == 0;
}

void endpoint_find(HttpMethod method, const Target *target, EndpointMatch *ret) {
        Bytes path = target->path;
        const EndpointGroup *group;
        const Endpoint *e;
        size_t skip, i;
        char last;

        *ret = (EndpointMatch){ 0 };

        /* Podman has no unversioned libpod route but the ping. */
        if (target->is_libpod && target->version.len == 0 &&
            !bytes_eq(path, BYTES("/libpod/_ping")))
                return;
        if (method == HTTP_METHOD_OTHER || target->n_segments <= target->is_libpod)
                return;

        group = endpoint_find_group(target, &skip);
        last = path.data[path.len - 1];
        for (i = 0; i < group->n_rows; i++) {
                char end;

                e = &group->rows[i];
                end = e->pattern[e->pattern_len - 1];
                if (e->method == method && (end == last || end == '}') &&
                    endpoint_match_path(e, path, skip, false, ret))
                        break;
        }
        if (i == group->n_rows) {
                endpoint_find_inspect(method, path, group, skip, ret);
                return;
        }

        if (e->judge == ENDPOINT_JUDGE_IMAGE_PULL && endpoint_is_import(target))
                e++;
        ret->endpoint = e;
        if (endpoint_slot_fits(e, ret))
                return;
        ret->cannot_exist = endpoint_is_inspect(e, ret->slot_kind) && endpoint_is_image(ret->slot);
        ret->slot_is_bad = !ret->cannot_exist;
}

const char *endpoint_level_name(EndpointLevel level) {
        switch (level) {
        case ENDPOINT_LEVEL_NEVER:
                return "never";
        case ENDPOINT_LEVEL_READ:
                return "read";
        case ENDPOINT_LEVEL_WRITE:
                return "write";
        case ENDPOINT_LEVEL_FULL:
                return "full";
        }
        return "never";
}

static const char *const endpoint_judge_sections[_ENDPOINT_JUDGE_MAX] = {
        [ENDPOINT_JUDGE_CONTAINER_CREATE] = "container.create",
        [ENDPOINT_JUDGE_CONTAINER_UPDATE] = "container.update",
        [ENDPOINT_JUDGE_EXEC_CREATE] = "exec.create",
        [ENDPOINT_JUDGE_EXEC_SESSION] = "exec.create",
        [ENDPOINT_JUDGE_IMAGE_PULL] = "image.pull",
        [ENDPOINT_JUDGE_IMAGE_NAME] = "image.pull",
        [ENDPOINT_JUDGE_VOLUME_CREATE] = "volume.create",
        [ENDPOINT_JUDGE_NETWORK_CREATE] = "network.create",
        [ENDPOINT_JUDGE_NETWORK_CONNECT] = "network.connect",
        [ENDPOINT_JUDGE_CONTAINER_ARCHIVE] = "container.archive",
        [ENDPOINT_JUDGE_BUILD] = "build",
        [ENDPOINT_JUDGE_SERVICE_CREATE] = "service.create",
};

const char *endpoint_judge_section(EndpointJudge judge) {
        assert(judge < _ENDPOINT_JUDGE_MAX);

        return endpoint_judge_sections[judge];
}

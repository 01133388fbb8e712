/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values are cut as the engine cuts them (volumes/mounts linux_parser, nat, distribution/reference)
 * and refused wherever two versions of it could read two things. No value is repaired: what differs
 * from the plain spelling is no bind, no port, no image.
 */
#include "policy/grammar.h"

#include "docker/endpoint.h"
#include "util/glob.h"
#include "util/macros.h"
#include "util/parse.h"

#include <arpa/inet.h>

#define PORT_DIGITS   5
#define PORT_MAX      65535U
#define NUMBER_DIGITS 9
#define BIND_PIECES   3

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

bool grammar_is_plain_path(Bytes path) {
        Bytes rest = bytes_skip(path, 1), segment;

        if (path.len == 0 || path.data[0] != '/')
                return false;
        if (path.len == 1)
                return true;

        while (bytes_split(&rest, '/', &segment))
                if (segment.len == 0 || bytes_eq_str(segment, ".") || bytes_eq_str(segment, ".."))
                        return false;

        return path.data[path.len - 1] != '/';
}

BindRoot grammar_bind_root(Bytes word) {
        BindRoot root = { .path = word };

        if (bytes_starts_with(root.path, BYTES("exact:"))) {
                root.is_exact = true;
                root.path = bytes_skip(root.path, strlen("exact:"));
        }
        if (bytes_ends_with(root.path, BYTES(":ro"))) {
                root.is_read_only = true;
                root.path.len -= strlen(":ro");
        }
        return root;
}

bool grammar_root_covers(const BindRoot *root, Bytes path) {
        if (!grammar_is_plain_path(path) || !bytes_starts_with(path, root->path))
                return false;
        if (path.len == root->path.len)
                return true;
        if (root->is_exact)
                return false;

        return path.data[root->path.len] == '/' || root->path.len == 1;
}

bool grammar_is_options(Bytes text, const char *const *known, size_t n_known) {
        Bytes rest = text, option;

        if (text.len == 0)
                return true;

        while (bytes_split(&rest, ',', &option)) {
                size_t i = 0;

                for (; i < n_known; i++) {
                        Bytes word = bytes_of(known[i]);

                        if (bytes_ends_with(word, BYTES("=")) ? bytes_starts_with(option, word)
                                                              : bytes_eq(option, word))
                                break;
                }
                if (i == n_known)
                        return false;
        }

        return true;
}

/* One of ro and rw, one of the propagations, one nocopy: the engine refuses more of a kind, and so
 * do we. */
static bool bind_options_are_good(Bytes options, bool *ret_is_read_only) {
        static const char *const known[] = { "ro", "rw", "rprivate", "private", "nocopy" };
        static const unsigned kinds[] = { 1, 1, 2, 2, 4 };
        Bytes rest = options, option;
        unsigned seen = 0;

        if (!grammar_is_options(options, known, ARRAY_SIZE(known)))
                return false;

        *ret_is_read_only = false;
        while (bytes_split(&rest, ',', &option))
                for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                        if (!bytes_eq_str(option, known[i]))
                                continue;
                        if (seen & kinds[i])
                                return false;
                        seen |= kinds[i];
                        if (i == 0)
                                *ret_is_read_only = true;
                }

        return true;
}

BindError grammar_bind(Bytes text, BindString *ret) {
        Bytes pieces[BIND_PIECES] = { 0 }, rest = text;
        size_t n = 1;

        *ret = (BindString){ 0 };
        for (size_t colon; (colon = bytes_find(rest, ':')) < rest.len; n++) {
                if (n == BIND_PIECES)
                        return BIND_NOT_A_BIND;
                pieces[n - 1] = bytes_slice(rest, 0, colon);
                rest = bytes_skip(rest, colon + 1);
        }
        pieces[n - 1] = rest;

        ret->target = n == 1 ? pieces[0] : pieces[1];
        if (n > 1)
                ret->source = pieces[0];
        if (n > 1 && ret->source.len == 0)
                return BIND_NOT_A_BIND;
        if (!bytes_starts_with(ret->target, BYTES("/")) || ret->target.len == 1)
                return BIND_NOT_A_BIND;
        if (n == BIND_PIECES && !bind_options_are_good(pieces[2], &ret->is_read_only))
                return BIND_BAD_OPTION;

        return BIND_OK;
}

bool grammar_is_name(Bytes text) {
        return endpoint_is_id(text) && !endpoint_could_be_hex_id(text);
}

bool grammar_address(Bytes text, uint8_t ret[16]) {
        static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
        char room[INET6_ADDRSTRLEN] = "";

        if (text.len == 0 || text.len >= sizeof(room) || memchr(text.data, '\0', text.len))
                return false;

        memcpy(room, text.data, text.len);
        memcpy(ret, mapped, sizeof(mapped));
        return inet_pton(AF_INET, room, ret + sizeof(mapped)) == 1 ||
               inet_pton(AF_INET6, room, ret) == 1;
}

static bool grammar_port(Bytes text, unsigned *ret) {
        uint64_t port;

        if (!parse_u64(text, PORT_DIGITS, &port) || port == 0 || port > PORT_MAX)
                return false;

        *ret = (unsigned) port;
        return true;
}

bool grammar_port_range(Bytes text, unsigned *ret_low, unsigned *ret_high) {
        size_t dash = bytes_find(text, '-');

        if (!grammar_port(bytes_slice(text, 0, dash), ret_low))
                return false;
        *ret_high = *ret_low;
        if (dash == text.len)
                return true;

        return grammar_port(bytes_skip(text, dash + 1), ret_high) && *ret_low <= *ret_high;
}

bool grammar_container_port(Bytes text, Bytes *ret_protocol) {
        size_t slash = bytes_find(text, '/');
        unsigned low, high;

        *ret_protocol = slash < text.len ? bytes_skip(text, slash + 1) : BYTES("tcp");
        if (!bytes_eq_str(*ret_protocol, "tcp") && !bytes_eq_str(*ret_protocol, "udp") &&
            !bytes_eq_str(*ret_protocol, "sctp"))
                return false;

        return grammar_port_range(bytes_slice(text, 0, slash), &low, &high);
}

bool grammar_port_word(Bytes word, PortWord *ret) {
        size_t slash = bytes_find(word, '/'), colon = slash;
        Bytes address;

        *ret = (PortWord){ .protocol = bytes_skip(word, slash + 1) };
        while (colon > 0 && word.data[colon - 1] != ':')
                colon--;
        if (!grammar_port_range(bytes_slice(word, colon, slash - colon), &ret->low, &ret->high))
                return false;
        if (colon == 0)
                return true;

        address = bytes_slice(word, 0, colon - 1);
        if (bytes_eq_str(address, "*"))
                return true;
        if (bytes_starts_with(address, BYTES("[")) && bytes_ends_with(address, BYTES("]")))
                address = bytes_slice(address, 1, address.len - 2);
        ret->has_address = true;
        return grammar_address(address, ret->address);
}

bool grammar_is_capability(Bytes text) {
        static const char known[] =
                "ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE "
                "CHOWN "
                "DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE "
                "LINUX_IMMUTABLE "
                "MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW "
                "PERFMON "
                "SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE "
                "SYS_NICE "
                "SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM";
        Bytes rest = BYTES(known), word;

        if (bytes_starts_with(text, BYTES("CAP_")))
                text = bytes_skip(text, strlen("CAP_"));
        while (bytes_split(&rest, ' ', &word))
                if (bytes_eq(text, word))
                        return true;

        return false;
}

bool grammar_is_plain_number(Bytes text) {
        if (text.len == 0 || text.len > NUMBER_DIGITS || text.data[0] == '0')
                return false;
        for (size_t i = 0; i < text.len; i++)
                if (!is_digit(text.data[i]))
                        return false;

        return true;
}

bool grammar_is_non_root(Bytes user) {
        size_t colon = bytes_find(user, ':');

        if (!grammar_is_plain_number(bytes_slice(user, 0, colon)))
                return false;
        return colon == user.len || grammar_is_plain_number(bytes_skip(user, colon + 1));
}

bool grammar_is_image_id(Bytes text) {
        return endpoint_could_be_hex_id(text) || bytes_starts_with(text, BYTES("sha256:"));
}

/* Cuts tag and digest off. A colon before the last slash is that of a port. */
static Bytes image_cut(Bytes text, Bytes *ret_tag, Bytes *ret_digest) {
        size_t at = bytes_find(text, '@'), last;
        Bytes name = bytes_slice(text, 0, at);

        *ret_digest = bytes_skip(text, at + 1);
        *ret_tag = BYTES_NONE;
        for (last = name.len; last > 0 && name.data[last - 1] != '/';)
                last--;
        for (size_t i = last; i < name.len; i++)
                if (name.data[i] == ':') {
                        *ret_tag = bytes_skip(name, i + 1);
                        return bytes_slice(name, 0, i);
                }

        return name;
}

/* What stands before the first slash names a registry: distribution/reference's rule. */
static bool image_has_registry(Bytes name) {
        Bytes first = bytes_slice(name, 0, bytes_find(name, '/'));

        if (first.len == name.len)
                return false;
        if (bytes_eq_str(first, "localhost"))
                return true;
        for (size_t i = 0; i < first.len; i++)
                if (first.data[i] == '.' || first.data[i] == ':' ||
                    (first.data[i] >= 'A' && first.data[i] <= 'Z'))
                        return true;

        return false;
}

bool grammar_image_is_short(Bytes text) {
        Bytes tag, digest;

        return !image_has_registry(image_cut(text, &tag, &digest));
}

static void image_add(char *room, size_t *at, Bytes text) {
        assert(*at + text.len <= GRAMMAR_IMAGE_MAX); /* texts are at most 512, see the callers */
        if (text.len > 0)
                memcpy(room + *at, text.data, text.len);
        *at += text.len;
}

/* docker.io/library/ is added where the engine adds it. Returns the length. */
static size_t image_write_full(Bytes name, char *room) {
        Bytes path = name;
        size_t at = 0;

        if (!image_has_registry(name)) {
                image_add(room, &at, BYTES("docker.io/"));
        } else if (bytes_starts_with(name, BYTES("index.docker.io/"))) {
                path = bytes_skip(name, strlen("index.docker.io/"));
                image_add(room, &at, BYTES("docker.io/"));
        } else if (bytes_starts_with(name, BYTES("docker.io/"))) {
                path = bytes_skip(name, strlen("docker.io/"));
                image_add(room, &at, BYTES("docker.io/"));
        } else {
                image_add(room, &at, name);
                return at;
        }

        /* docker.io/ and a star is a word that says where it looks. */
        if (bytes_find(path, '/') == path.len &&
            (path.len == name.len || bytes_find(path, '*') == path.len))
                image_add(room, &at, BYTES("library/"));
        image_add(room, &at, path);
        return at;
}

bool grammar_image(Bytes text, ImageName *ret) {
        Bytes name;

        if (grammar_is_image_id(text) || !endpoint_is_image(text))
                return false;

        name = image_cut(text, &ret->tag, &ret->digest);
        ret->name_len = image_write_full(name, ret->name);
        return true;
}

/*
 * Two kinds of stars: on a mismatch the last single one takes one byte more, unless that is a
 * slash; then the last double one does. Earlier stars need no second try: a literal slash between
 * two single stars stands in one place only, and without one the later star can take what the
 * earlier would.
 */
static bool image_glob(Bytes pattern, Bytes text) {
        size_t p = 0, t = 0;
        size_t one = SIZE_MAX, one_text = 0, two = SIZE_MAX, two_text = 0;

        while (t < text.len || p < pattern.len) {
                if (p < pattern.len && pattern.data[p] == '*') {
                        bool is_double = p + 1 < pattern.len && pattern.data[p + 1] == '*';

                        p += is_double ? 2 : 1;
                        if (is_double) {
                                two = p;
                                two_text = t;
                                one = SIZE_MAX;
                        } else {
                                one = p;
                                one_text = t;
                        }
                } else if (p < pattern.len && t < text.len && pattern.data[p] == text.data[t]) {
                        p++;
                        t++;
                } else if (one != SIZE_MAX && one_text < text.len && text.data[one_text] != '/') {
                        p = one;
                        t = ++one_text;
                } else if (two != SIZE_MAX && two_text < text.len) {
                        p = two;
                        t = ++two_text;
                        one = SIZE_MAX;
                } else {
                        return false;
                }
        }

        return true;
}

/* A star in the first piece of a word may stand for a registry: nothing is added to that. */
static bool image_word_is_short(Bytes name) {
        size_t slash = bytes_find(name, '/');

        if (slash == name.len)
                return !bytes_starts_with(name, BYTES("**"));
        return bytes_find(bytes_slice(name, 0, slash), '*') == slash;
}

bool grammar_image_matches(Bytes word, const ImageName *image) {
        char room[GRAMMAR_IMAGE_MAX];
        Bytes full = { image->name, image->name_len };
        Bytes name, tag, digest;

        if (bytes_eq_str(word, "*") || bytes_eq_str(word, "**"))
                return true;
        if (word.len > GRAMMAR_IMAGE_MAX / 2)
                return false;

        name = image_cut(word, &tag, &digest);
        if (image_word_is_short(name))
                name = (Bytes){ room, image_write_full(name, room) };
        if (!image_glob(name, full))
                return false;

        if (tag.len == 0 && digest.len == 0)
                return true;
        if (digest.len > 0 ? !glob_match(digest, image->digest) : image->digest.len > 0)
                return digest.len == 0 && bytes_eq_str(tag, "*");
        return tag.len == 0 || glob_match(tag, image->tag.len > 0 ? image->tag : BYTES("latest"));
}

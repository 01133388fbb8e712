/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each kind of word may be. Trusts that a word holds no blanks, controls or bad UTF-8
 * (config/lines saw to it); refuses what no engine value could equal, since such a word would be a
 * rule that silently never holds.
 */
#include "config/words.h"

#include "policy/grammar.h"
#include "util/macros.h"
#include "util/parse.h"

#include <arpa/inet.h>
#include <sys/un.h>

#define WORD_SOCKET_MAX (sizeof(((struct sockaddr_un *) NULL)->sun_path) - 1)
#define WORD_HOST_MAX   253 /* RFC 1035 */
#define UID_INVALID     UINT32_MAX
#define API_MINOR_MIN   24
#define API_MINOR_MAX   999
#define IPV4_BITS       32
#define IPV6_BITS       128
#define CONTAINER_ID    64 /* hex digits */
#define PORT_DIGITS     5
#define PORT_MAX        65535

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_alnum(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Only letters, digits and the extra bytes, at least one. */
static bool word_is_of(Bytes word, const char *extra) {
        for (size_t i = 0; i < word.len; i++)
                if (!is_alnum(word.data[i]) && !strchr(extra, word.data[i]))
                        return false;
        return word.len > 0;
}

static bool word_is_bool(Bytes word) {
        bool value;

        return parse_bool(word, &value);
}

static bool word_is_size(Bytes word) {
        uint64_t value;

        return parse_size(word, &value);
}

static bool word_is_time(Bytes word) {
        uint64_t value;

        return parse_time(word, &value);
}

static bool word_is_count(Bytes word) {
        uint64_t value;

        return parse_u64(word, 9, &value);
}

bool word_parse_api(Bytes word, unsigned *ret_minor) {
        uint64_t minor;

        if (!bytes_starts_with(word, BYTES("1.")) || (word.len > 2 && word.data[2] == '0'))
                return false;
        if (!parse_u64(bytes_skip(word, 2), 3, &minor))
                return false;
        if (minor < API_MINOR_MIN || minor > API_MINOR_MAX)
                return false;
        *ret_minor = (unsigned) minor;
        return true;
}

static bool word_is_api(Bytes word) {
        unsigned minor;

        return word_parse_api(word, &minor);
}

/* Absolute, no empty, "." or ".." segment, no slash at the end but for "/" itself. */
static bool path_is_plain(Bytes path) {
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

static bool word_is_path(Bytes word) {
        for (size_t i = 0; i < word.len; i++)
                if (strchr("*?:\\", word.data[i]))
                        return false;
        return path_is_plain(word);
}

static bool word_is_socket(Bytes word) {
        return word_is_path(word) && word.len > 1 && word.len <= WORD_SOCKET_MAX;
}

static bool word_is_glob(Bytes word) {
        return word_is_of(word, "._:@/*?-");
}

static bool word_is_device(Bytes word) {
        return word_is_glob(word) && path_is_plain(word);
}

WordBind word_parse_bind(Bytes word) {
        WordBind bind = { .path = word };

        if (bytes_starts_with(bind.path, BYTES("exact:"))) {
                bind.is_exact = true;
                bind.path = bytes_skip(bind.path, strlen("exact:"));
        }
        if (bytes_ends_with(bind.path, BYTES(":ro"))) {
                bind.is_read_only = true;
                bind.path.len -= strlen(":ro");
        }
        return bind;
}

static bool word_is_bind(Bytes word) {
        return word_is_path(word_parse_bind(word).path);
}

static bool word_is_name(Bytes word) {
        return word_is_of(word, "._-") && is_alnum(word.data[0]);
}

/* A glob without * could still be an id prefix: "cafe". */
static bool word_is_scope(Bytes word) {
        bool could_be_id = true;

        for (size_t i = 0; i < word.len; i++)
                could_be_id =
                        could_be_id && (word.data[i] == '*' || parse_hex_digit(word.data[i]) >= 0);
        return word_is_glob(word) && !could_be_id;
}

static bool parse_port(Bytes word, uint64_t *ret) {
        return parse_u64(word, PORT_DIGITS, ret) && *ret > 0 && *ret <= PORT_MAX;
}

static bool port_range_fits(Bytes range) {
        size_t dash = bytes_find(range, '-');
        uint64_t low, high;

        if (!parse_port(bytes_slice(range, 0, dash), &low))
                return false;
        if (dash == range.len)
                return true;
        return parse_port(bytes_skip(range, dash + 1), &high) && low <= high;
}

/* An IPv6 address may stand in brackets. */
static Bytes strip_brackets(Bytes word) {
        if (word.len > 2 && word.data[0] == '[' && word.data[word.len - 1] == ']')
                return bytes_slice(word, 1, word.len - 2);
        return word;
}

static bool parse_address(Bytes word, uint8_t ret[static 16], bool *ret_is_ipv4) {
        static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
        Bytes inner = strip_brackets(word);
        char text[INET6_ADDRSTRLEN] = "";

        if (inner.len == 0 || inner.len >= sizeof(text))
                return false;
        memcpy(text, inner.data, inner.len);
        *ret_is_ipv4 = inet_pton(AF_INET, text, ret + sizeof(mapped)) == 1;
        if (*ret_is_ipv4) {
                memcpy(ret, mapped, sizeof(mapped));
                return inner.len == word.len;
        }
        return inet_pton(AF_INET6, text, ret) == 1;
}

static bool word_is_address(Bytes word) {
        uint8_t address[16];
        bool is_ipv4;

        return parse_address(word, address, &is_ipv4);
}

static bool word_is_port(Bytes word) {
        size_t slash = bytes_find(word, '/'), colon = slash;
        Bytes rest = bytes_slice(word, 0, slash), address;

        if (slash < word.len && !word_is_in("tcp udp sctp", bytes_skip(word, slash + 1)))
                return false;
        while (colon > 0 && word.data[colon - 1] != ':')
                colon--;
        if (colon == 0)
                return port_range_fits(rest);

        address = bytes_slice(rest, 0, colon - 1);
        if (!bytes_eq_str(address, "*") && !word_is_address(address))
                return false;
        if (bytes_find(address, ':') < address.len && address.data[0] != '[')
                return false; /* ::1:80 is an address of its own */
        return port_range_fits(bytes_skip(rest, colon));
}

bool word_parse_uid(Bytes word, uint32_t *ret) {
        uint64_t value;

        if (!parse_u64(word, 10, &value) || value >= UID_INVALID)
                return false;
        *ret = (uint32_t) value;
        return true;
}

static bool word_is_uid(Bytes word) {
        uint32_t uid;

        return word_parse_uid(word, &uid);
}

/* The kernel names containers by whole ids; a short one could be the beginning of several. */
static bool word_is_container(Bytes word) {
        for (size_t i = 0; i < word.len; i++)
                if (parse_hex_digit(word.data[i]) < 0 ||
                    (word.data[i] >= 'A' && word.data[i] <= 'F'))
                        return false;
        return word.len == CONTAINER_ID;
}

static bool address_has_bits_behind(const uint8_t address[static 16], unsigned n_bits) {
        for (unsigned i = n_bits; i < IPV6_BITS; i++)
                if (address[i / 8] & (0x80U >> (i % 8)))
                        return true;
        return false;
}

bool word_parse_prefix(Bytes word, PolicyNetwork *ret) {
        size_t slash = bytes_find(word, '/');
        PolicyNetwork network = { .n_bits = IPV6_BITS };
        uint64_t bits;
        bool is_ipv4;

        if (!parse_address(bytes_slice(word, 0, slash), network.address, &is_ipv4))
                return false;
        if (slash < word.len) {
                if (!parse_u64(bytes_skip(word, slash + 1), 3, &bits))
                        return false;
                if (bits > (is_ipv4 ? IPV4_BITS : IPV6_BITS))
                        return false;
                network.n_bits = (unsigned) bits + (is_ipv4 ? IPV6_BITS - IPV4_BITS : 0);
        }
        if (address_has_bits_behind(network.address, network.n_bits))
                return false;
        *ret = network;
        return true;
}

static bool word_is_prefix(Bytes word) {
        PolicyNetwork network;

        return word_parse_prefix(word, &network);
}

static bool word_is_host(Bytes word) {
        if (word.len > 0 && word.data[0] == '[')
                return word.data[word.len - 1] == ']' && word_is_address(word);
        return word.len <= WORD_HOST_MAX && word_is_of(word, "._-");
}

/* scheme://host[:port], as browsers send it: no path, no slash at the end. */
static bool word_is_origin(Bytes word) {
        size_t colon = bytes_search(word, BYTES("://"));
        Bytes scheme = bytes_slice(word, 0, colon), host = bytes_skip(word, colon + strlen("://"));
        size_t end = host.len;

        if (!word_is_of(scheme, "+.-") || is_digit(scheme.data[0]))
                return false;
        while (end > 0 && is_digit(host.data[end - 1]))
                end--;
        if (end > 0 && host.data[end - 1] == ':') {
                if (!port_range_fits(bytes_skip(host, end)))
                        return false;
                host.len = end - 1;
        }
        return word_is_host(host);
}

static bool word_is_user(Bytes word) {
        size_t colon = bytes_find(word, ':');

        if (!word_is_of(bytes_slice(word, 0, colon), "._-"))
                return false;
        return colon == word.len || word_is_of(bytes_skip(word, colon + 1), "._-");
}

/* Enumerations are checked by their key's words. */
static bool word_is_never(Bytes word) {
        (void) word;
        return false;
}

static const struct {
        bool (*fits)(Bytes word);
        const char *problem;
} grammars[_WORD_KIND_MAX] = {
        [WORD_BOOL] = { word_is_bool, "is neither yes nor no" },
        [WORD_ENUM] = { word_is_never, "is no word of this key" },
        [WORD_SIZE] = { word_is_size, "is no size: write 65536, 64K or 1M" },
        [WORD_TIME] = { word_is_time, "is no time: write 500ms, 30s or 5min" },
        [WORD_COUNT] = { word_is_count, "is no number" },
        [WORD_API] = { word_is_api, "is no API version from 1.24 on: write 1.N" },
        [WORD_PATH] = { word_is_path, "is no plain absolute path: it begins with /, has no empty, "
                                      ". or .. segment, "
                                      "no / at its end, none of * ? : \\" },
        [WORD_SOCKET] = { word_is_socket, "is no path of a socket: it begins with /, has no empty, "
                                          ". or .. segment, "
                                          "none of * ? : \\, and at most 107 bytes" },
        [WORD_DEVICE] = { word_is_device, "is no path (or glob) that begins with /" },
        [WORD_BIND] = { word_is_bind, "is no bind root: write /path, /path:ro, exact:/path or "
                                      "exact:/path:ro, with "
                                      "a plain absolute path (no glob, no / at its end)" },
        [WORD_NAME] = { word_is_name, "is no name: letters, digits, '.', '_' and '-'" },
        [WORD_GLOB] = { word_is_glob, "holds a byte that no name or glob has: letters, digits and "
                                      "._:@/*?- are known; blanks part words" },
        [WORD_SCOPE] = { word_is_scope,
                         "could be an id (hex digits alone match it) or holds a byte that no name "
                         "or "
                         "glob has: name objects so that one letter is above f, as in web-*" },
        [WORD_PORT] = { word_is_port, "is no port: write [address:]port[-port][/tcp|udp|sctp], 1 "
                                      "to 65535, an IPv6 "
                                      "address in brackets" },
        [WORD_UID] = { word_is_uid,
                       "is no numeric id: names are not resolved, see id -u and id -g" },
        [WORD_CONTAINER] = { word_is_container, "is no full container id of 64 hex digits: names "
                                                "and short ids are not "
                                                "trusted here, see docker ps --no-trunc" },
        [WORD_ADDRESS] = { word_is_address, "is no IP address" },
        [WORD_PREFIX] = { word_is_prefix, "is no address prefix: write 172.17.0.0/16 or [::1]/128, "
                                          "with no bits set "
                                          "behind the prefix" },
        [WORD_HOST] = { word_is_host, "is no host name: write it without scheme, port and path" },
        [WORD_ORIGIN] = { word_is_origin, "is no origin: write scheme://host or "
                                          "scheme://host:port, without a path" },
        [WORD_USER] = { word_is_user, "is no user: write user or user:group" },
        [WORD_CAPABILITY] = { grammar_is_capability, "is no capability: write it as in "
                                                     "capabilities(7), with or without CAP_, "
                                                     "in upper case" },
};

/* Faults that have a cure of their own, whatever the kind. */
static const char *word_common_problem(Bytes word) {
        for (size_t i = 0; i < word.len; i++) {
                switch (word.data[i]) {
                case '=':
                        return "holds '=': a key begins a line of its own";
                case '"':
                case '\'':
                        return "holds a quote: words are not quoted and end at blanks";
                case '#':
                case ';':
                        return "looks like a comment: a comment begins after a blank";
                case ',':
                        return "holds a comma: blanks part words";
                default:
                        break;
                }
        }
        return NULL;
}

const char *word_problem(WordKind kind, Bytes word) {
        const char *problem;

        assert(kind < _WORD_KIND_MAX);

        problem = word_common_problem(word);
        if (problem)
                return problem;
        return grammars[kind].fits(word) ? NULL : grammars[kind].problem;
}

bool word_has_specifiers(WordKind kind) {
        return kind == WORD_PATH || kind == WORD_SOCKET || kind == WORD_BIND || kind == WORD_DEVICE;
}

bool word_next(Bytes *rest, Bytes *ret_word) {
        size_t n = 0;

        assert(rest);
        assert(ret_word);

        *rest = bytes_trim(*rest);
        if (rest->len == 0)
                return false;
        while (n < rest->len && rest->data[n] != ' ' && rest->data[n] != '\t')
                n++;
        *ret_word = bytes_slice(*rest, 0, n);
        *rest = bytes_skip(*rest, n);
        return true;
}

bool word_is_in(const char *list, Bytes word) {
        Bytes rest = bytes_of(list), known;

        while (word_next(&rest, &known))
                if (bytes_eq(known, word))
                        return true;
        return false;
}

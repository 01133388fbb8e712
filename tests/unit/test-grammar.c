/* SPDX-License-Identifier: Apache-2.0 */
/* policy/grammar: binds, ports, users and images are cut as the engine cuts them, or not at all. */
#include "policy/grammar.h"

#include "config-case.h"

static const struct {
        const char *text;
        bool is_plain;
} paths[] = {
        { "/", true },         { "/srv", true },     { "/srv/a.b/..c", true }, { "", false },
        { "srv", false },      { "//", false },      { "/srv/", false },       { "/srv//a", false },
        { "/srv/./a", false }, { "/srv/..", false }, { "/../srv", false },     { "/.", false },
};

START_TEST(a_plain_path_has_no_empty_and_no_dot_segment) {
        ck_assert_msg(grammar_is_plain_path(bytes_of(paths[_i].text)) == paths[_i].is_plain, "%s",
                      paths[_i].text);
}
END_TEST

static const struct {
        const char *root;
        const char *path;
        bool is_covered;
} roots[] = {
        { "/srv", "/srv", true },
        { "/srv", "/srv/a", true },
        { "/srv:ro", "/srv/a", true },
        { "/srv", "/srva", false },
        { "/srv", "/srv/../etc", false },
        { "/srv", "/srv/", false },
        { "/srv", "/etc", false },
        { "/srv", "srv", false },
        { "/srv/app", "/srv", false },
        { "exact:/etc/localtime", "/etc/localtime", true },
        { "exact:/etc/localtime:ro", "/etc/localtime", true },
        { "exact:/srv", "/srv/a", false },
        { "/", "/etc", true },
};

START_TEST(a_root_covers_itself_and_what_lies_below_it) {
        BindRoot root = grammar_bind_root(bytes_of(roots[_i].root));

        ck_assert_msg(grammar_root_covers(&root, bytes_of(roots[_i].path)) == roots[_i].is_covered,
                      "%s %s", roots[_i].root, roots[_i].path);
}
END_TEST

static const struct {
        const char *text;
        BindError error;
        const char *source;
        const char *target;
        bool is_read_only;
} binds[] = {
        { "/srv:/data", BIND_OK, "/srv", "/data", false },
        { "/srv:/data:ro", BIND_OK, "/srv", "/data", true },
        { "/srv:/data:rw", BIND_OK, "/srv", "/data", false },
        { "/srv:/data:", BIND_OK, "/srv", "/data", false },
        { "vol:/data:nocopy,ro", BIND_OK, "vol", "/data", true },
        { "/srv:/data:rprivate,ro", BIND_OK, "/srv", "/data", true },
        { "/data", BIND_OK, "", "/data", false },
        { "/srv:/data:z", BIND_BAD_OPTION, NULL, NULL, false },
        { "/srv:/data:Z", BIND_BAD_OPTION, NULL, NULL, false },
        { "/srv:/data:rshared", BIND_BAD_OPTION, NULL, NULL, false },
        { "/srv:/data:RO", BIND_BAD_OPTION, NULL, NULL, false },
        { "/srv:/data:ro,rw", BIND_BAD_OPTION, NULL, NULL, false },
        { "/srv:/data:ro,ro", BIND_BAD_OPTION, NULL, NULL, false },
        { "/srv:/data:ro,", BIND_BAD_OPTION, NULL, NULL, false },
        { "/srv:/data:,ro", BIND_BAD_OPTION, NULL, NULL, false },
        { "/srv:/data:ro:x", BIND_NOT_A_BIND, NULL, NULL, false },
        { "/srv/a:b:/data", BIND_NOT_A_BIND, NULL, NULL, false },
        { ":/data", BIND_NOT_A_BIND, NULL, NULL, false },
        { "::/data", BIND_NOT_A_BIND, NULL, NULL, false },
        { "/srv:", BIND_NOT_A_BIND, NULL, NULL, false },
        { "/srv:/", BIND_NOT_A_BIND, NULL, NULL, false },
        { "data", BIND_NOT_A_BIND, NULL, NULL, false },
        { "", BIND_NOT_A_BIND, NULL, NULL, false },
        { "C:\\x:/data", BIND_NOT_A_BIND, NULL, NULL, false },
};

START_TEST(a_bind_is_cut_as_the_engine_cuts_it) {
        BindString bind;

        ck_assert_msg(grammar_bind(bytes_of(binds[_i].text), &bind) == binds[_i].error, "%s",
                      binds[_i].text);
        if (binds[_i].error != BIND_OK)
                return;
        ck_assert(bytes_eq_str(bind.source, binds[_i].source));
        ck_assert(bytes_eq_str(bind.target, binds[_i].target));
        ck_assert_int_eq(bind.is_read_only, binds[_i].is_read_only);
}
END_TEST

static const struct {
        const char *text;
        unsigned low, high; /* 0: no range */
} ranges[] = {
        { "80", 80, 80 },     { "1-65535", 1, 65535 }, { "8000-8010", 8000, 8010 },
        { "080", 80, 80 },    { "0", 0, 0 },           { "", 0, 0 },
        { "65536", 0, 0 },    { "80-", 0, 0 },         { "-80", 0, 0 },
        { "90-80", 0, 0 },    { "+80", 0, 0 },         { " 80", 0, 0 },
        { "80-90-95", 0, 0 }, { "0-5", 0, 0 },         { "http", 0, 0 },
};

START_TEST(a_port_range_is_digits_from_1_to_65535) {
        unsigned low = 0, high = 0;
        bool is_range = grammar_port_range(bytes_of(ranges[_i].text), &low, &high);

        ck_assert_msg(is_range == (ranges[_i].low > 0), "%s", ranges[_i].text);
        if (!is_range)
                return;
        ck_assert_uint_eq(low, ranges[_i].low);
        ck_assert_uint_eq(high, ranges[_i].high);
}
END_TEST

static const struct {
        const char *text;
        const char *protocol; /* NULL: no port */
} container_ports[] = {
        { "80", "tcp" },     { "80/tcp", "tcp" },
        { "53/udp", "udp" }, { "8000-8010/sctp", "sctp" },
        { "80/TCP", NULL },  { "80/", NULL },
        { "/tcp", NULL },    { "80/tcp/udp", NULL },
        { "0/tcp", NULL },   { "127.0.0.1:80/tcp", NULL },
        { "", NULL },
};

START_TEST(a_container_port_has_a_known_protocol) {
        Bytes protocol;
        bool is_port = grammar_container_port(bytes_of(container_ports[_i].text), &protocol);

        ck_assert_msg(is_port == (container_ports[_i].protocol != NULL), "%s",
                      container_ports[_i].text);
        if (is_port)
                ck_assert(bytes_eq_str(protocol, container_ports[_i].protocol));
}
END_TEST

START_TEST(a_word_of_ports_is_read_with_its_address) {
        PortWord word;
        uint8_t address[16];

        ck_assert(grammar_port_word(BYTES("127.0.0.1:8100-8199/tcp"), &word));
        ck_assert(grammar_address(BYTES("::ffff:127.0.0.1"), address));
        ck_assert(word.has_address && memcmp(word.address, address, 16) == 0);
        ck_assert_uint_eq(word.low, 8100);
        ck_assert_uint_eq(word.high, 8199);
        ck_assert(bytes_eq_str(word.protocol, "tcp"));

        ck_assert(grammar_port_word(BYTES("[::1]:80"), &word));
        ck_assert(grammar_address(BYTES("::1"), address));
        ck_assert(word.has_address && memcmp(word.address, address, 16) == 0);
        ck_assert_uint_eq(word.protocol.len, 0);

        ck_assert(grammar_port_word(BYTES("*:80"), &word));
        ck_assert(!word.has_address);
        ck_assert(grammar_port_word(BYTES("80"), &word));
        ck_assert(!word.has_address);
        ck_assert(!grammar_port_word(BYTES("any"), &word));
        ck_assert(!grammar_port_word(BYTES("ephemeral"), &word));
}
END_TEST

START_TEST(an_address_is_one_to_every_reader) {
        static const char *const bad[] = { "",           "localhost", "127.0.0.01",   "127.1",
                                           "0x7f000001", "[::1]",     "fe80::1%eth0", "127.0.0.1 ",
                                           "1.2.3.4.5" };
        uint8_t address[16];

        ck_assert(grammar_address(BYTES("0.0.0.0"), address));
        ck_assert(grammar_address(BYTES("::"), address));
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                ck_assert_msg(!grammar_address(bytes_of(bad[i]), address), "%s", bad[i]);
}
END_TEST

static const struct {
        const char *text;
        bool is_non_root;
} users[] = {
        { "1000", true },        { "1", true },      { "1000:1000", true },
        { "999999999", true },   { "", false },      { "0", false },
        { "00", false },         { "+0", false },    { "1000:0", false },
        { "0:1000", false },     { "root", false },  { "1000:", false },
        { ":1000", false },      { "01", false },    { "1e3", false },
        { "1000:a", false },     { "1:1:1", false }, { "1000000000", false },
        { "4294967296", false }, { "-1", false },    { " 1", false },
};

START_TEST(only_plain_numbers_are_surely_not_root) {
        ck_assert_msg(grammar_is_non_root(bytes_of(users[_i].text)) == users[_i].is_non_root, "%s",
                      users[_i].text);
}
END_TEST

static const struct {
        const char *text;
        const char *name; /* NULL: no name of an image */
        const char *tag;
} images[] = {
        { "alpine", "docker.io/library/alpine", "" },
        { "alpine:3", "docker.io/library/alpine", "3" },
        { "library/alpine:3", "docker.io/library/alpine", "3" },
        { "acme/app:1", "docker.io/acme/app", "1" },
        { "docker.io/alpine", "docker.io/library/alpine", "" },
        { "index.docker.io/alpine:3", "docker.io/library/alpine", "3" },
        { "index.docker.io/acme/app", "docker.io/acme/app", "" },
        { "ghcr.io/acme/app:1", "ghcr.io/acme/app", "1" },
        { "localhost/app", "localhost/app", "" },
        { "localhost:5000/app:1", "localhost:5000/app", "1" },
        { "alpine:3.evil.example/x", NULL, NULL },
        { "Registry/app", "Registry/app", "" },
        { "deadbeef", NULL, NULL },
        { "bb", NULL, NULL },
        { "bb:latest", "docker.io/library/bb", "latest" },
        { "sha256:bb", NULL, NULL },
        { "Alpine", NULL, NULL },
        { "alpine:", NULL, NULL },
        { "", NULL, NULL },
        { "../alpine", NULL, NULL },
        { "alpine ", NULL, NULL },
};

START_TEST(an_image_is_known_by_its_full_name) {
        ImageName image;
        bool is_name = grammar_image(bytes_of(images[_i].text), &image);

        ck_assert_msg(is_name == (images[_i].name != NULL), "%s", images[_i].text);
        if (!is_name)
                return;
        ck_assert_msg(bytes_eq_str((Bytes){ image.name, image.name_len }, images[_i].name),
                      "%s: %.*s", images[_i].text, (int) image.name_len, image.name);
        ck_assert(bytes_eq_str(image.tag, images[_i].tag));
}
END_TEST

#define HEX64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
        const char *word;
        const char *image;
        bool matches;
} image_words[] = {
        { "*", "ghcr.io/a/b/c:1", true },
        { "**", "alpine", true },
        { "docker.io/library/*", "alpine:3", true },
        { "docker.io/library/*", "acme/app", false },
        { "docker.io/*", "alpine", false },
        { "docker.io/**", "alpine", true },
        { "docker.io/**", "acme/app:1", true },
        { "docker.io/**", "docker.io.evil.example/app", false },
        { "docker.io/openpalm/**", "openpalm/web:2", true },
        { "docker.io/openpalm/**", "openpalm2/web", false },
        { "docker.io/openpalm/*", "docker.io/openpalm/a/b", false },
        { "ghcr.io/acme/**", "ghcr.io/acme/a/b:1", true },
        { "ghcr.io/*/app", "ghcr.io/acme/app", true },
        { "ghcr.io/*/app", "ghcr.io/a/b/app", false },
        { "ghcr.io/**/app", "ghcr.io/a/b/app", true },
        { "**/app", "ghcr.io/a/b/app:1", true },
        { "*/app", "localhost/app", true },
        { "alpine:*", "alpine:3", true },
        { "alpine:*", "docker.io/library/alpine", true },
        { "alpine:*", "alpine@sha256:" HEX64, true },
        { "alpine:*", "alpine2:3", false },
        { "alpine:*", "evil.example/alpine:3", false },
        { "alpine:3", "alpine:3", true },
        { "alpine:3", "alpine", false },
        { "alpine:latest", "alpine", true },
        { "alpine:3*", "alpine:3.19", true },
        { "alpine:3*", "alpine:3@sha256:" HEX64, false },
        { "alpine", "alpine:3@sha256:" HEX64, true },
        { "alpine@sha256:" HEX64, "alpine@sha256:" HEX64, true },
        { "alpine@sha256:" HEX64, "alpine:3@sha256:" HEX64, true },
        { "alpine@sha256:" HEX64, "alpine:3", false },
        { "acme/*", "acme/app", true },
        { "acme/*", "docker.io/acme/app:2", true },
        { "**:1.0", "ghcr.io/acme/app:1.0", true },
        { "**:1.0", "ghcr.io/acme/app:1.1", false },
        { "localhost:5000/*", "localhost:5000/app:1", true },
        { "*a*b/*c", "xaxb/yc", false },
        { "**a/*b*c", "ghcr.io/xa/ya/zbqbc", true },
};

START_TEST(a_word_of_images_stops_at_slashes_unless_doubled) {
        ImageName image;

        ck_assert_msg(grammar_image(bytes_of(image_words[_i].image), &image), "%s",
                      image_words[_i].image);
        ck_assert_msg(grammar_image_matches(bytes_of(image_words[_i].word), &image) ==
                              image_words[_i].matches,
                      "%s %s", image_words[_i].word, image_words[_i].image);
}
END_TEST

static void add(TCase *t) {
        tcase_add_loop_test(t, a_plain_path_has_no_empty_and_no_dot_segment, 0,
                            (int) ARRAY_SIZE(paths));
        tcase_add_loop_test(t, a_root_covers_itself_and_what_lies_below_it, 0,
                            (int) ARRAY_SIZE(roots));
        tcase_add_loop_test(t, a_bind_is_cut_as_the_engine_cuts_it, 0, (int) ARRAY_SIZE(binds));
        tcase_add_loop_test(t, a_port_range_is_digits_from_1_to_65535, 0, (int) ARRAY_SIZE(ranges));
        tcase_add_loop_test(t, a_container_port_has_a_known_protocol, 0,
                            (int) ARRAY_SIZE(container_ports));
        tcase_add_test(t, a_word_of_ports_is_read_with_its_address);
        tcase_add_test(t, an_address_is_one_to_every_reader);
        tcase_add_loop_test(t, only_plain_numbers_are_surely_not_root, 0, (int) ARRAY_SIZE(users));
        tcase_add_loop_test(t, an_image_is_known_by_its_full_name, 0, (int) ARRAY_SIZE(images));
        tcase_add_loop_test(t, a_word_of_images_stops_at_slashes_unless_doubled, 0,
                            (int) ARRAY_SIZE(image_words));
}

int main(void) {
        return case_run("grammar", add);
}

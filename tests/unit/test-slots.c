/* SPDX-License-Identifier: Apache-2.0 */
/* docker/endpoint: what may stand in the slots of a path: ids and image references. */
#include "docker/endpoint.h"
#include "util/macros.h"

#include <check.h>

START_TEST(ids_are_names_of_at_most_255_bytes) {
        static const char *const good[] = { "a", "0", "web", "Web_1.x-y", "a--", "e3b0c44298fc" };
        static const char *const bad[] = {
                "", "-a", ".a", "_a", "a b", "a:b", "a/b", "a+", "\xc3"
        };
        char text[256];

        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                ck_assert_msg(endpoint_is_id(bytes_of(good[i])), "%s", good[i]);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                ck_assert_msg(!endpoint_is_id(bytes_of(bad[i])), "%s", bad[i]);

        memset(text, 'a', sizeof(text));
        ck_assert(endpoint_is_id((Bytes){ text, 255 }));
        ck_assert(!endpoint_is_id((Bytes){ text, 256 }));
        ck_assert(!endpoint_is_id(BYTES("a\0b")));
}
END_TEST

#define HEX64 "2297d7149bf322bc663679e8ce1fa0c2c0c4f63e050fa43bb3e1021da8ce7c32"

static const char *const good_images[] = {
        "alpine",
        "alpine:3",
        "alpine:3.14_x-Y",
        "library/alpine",
        "a/b/c/d",
        "reg:5000/a",
        "reg:5000/a:1",
        "REG.example.COM/a",
        "localhost/a",
        "a__b",
        "a--b",
        "a---b/c",
        "a.b",
        "0",
        "xn--a.b-c:1/d",
        ("sha256:" HEX64),
        ("a@sha256:" HEX64),
        ("a:1@sha256:" HEX64),
        "a:_x",
        "2297d7149bf3",
        ("a@sha256+b64:" HEX64),
};

static const char *const bad_images[] = {
        "",
        ":",
        "a:",
        ":a",
        "a:b:c",
        "A",
        "a/B",
        "a/",
        "/a",
        "a//b",
        "a..b",
        "a___b",
        "-a",
        "a-",
        "a_",
        ".a",
        "a.",
        "a:-b",
        "a:.b",
        "a@",
        "a@b",
        "@a",
        "a@sha256:",
        "a@sha256:ab",
        "a@sha256:zz",
        ("a@sha256:A" HEX64),
        ("a@sha256:" HEX64 "F"),
        "a b",
        "a%2f",
        "a:b/c",
        "reg:/a",
        "reg:x/a",
        "-r.io/a",
        "r-.io/a",
        "r..io/a",
        "r.io./a",
        "a/../b",
        "a/./b",
        "a_-b",
        "a:b@c",
        ("a@1a:" HEX64),
        ("a@:" HEX64),
        ("a@sha256-:" HEX64),
        ("a@@sha256:" HEX64),
        "\xc3\xa4",
        "a+b",
};

START_TEST(images_are_references) {
        for (size_t i = 0; i < ARRAY_SIZE(good_images); i++)
                ck_assert_msg(endpoint_is_image(bytes_of(good_images[i])), "%s", good_images[i]);
        for (size_t i = 0; i < ARRAY_SIZE(bad_images); i++)
                ck_assert_msg(!endpoint_is_image(bytes_of(bad_images[i])), "%s", bad_images[i]);
}
END_TEST

START_TEST(images_have_at_most_512_bytes_and_tags_128) {
        char text[600];

        memset(text, 'a', sizeof(text));
        ck_assert(endpoint_is_image((Bytes){ text, 512 }));
        ck_assert(!endpoint_is_image((Bytes){ text, 513 }));
        text[1] = ':';
        ck_assert(endpoint_is_image((Bytes){ text, 2 + 128 }));
        ck_assert(!endpoint_is_image((Bytes){ text, 2 + 129 }));
}
END_TEST

START_TEST(hex_digits_alone_could_be_an_id) {
        ck_assert(endpoint_could_be_hex_id(BYTES("0")));
        ck_assert(endpoint_could_be_hex_id(BYTES("cafe")));
        ck_assert(endpoint_could_be_hex_id(BYTES("CAFE01")));
        ck_assert(endpoint_could_be_hex_id(BYTES(HEX64)));
        ck_assert(!endpoint_could_be_hex_id(BYTES("")));
        ck_assert(!endpoint_could_be_hex_id(BYTES("cafes")));
        ck_assert(!endpoint_could_be_hex_id(BYTES("0x1")));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("slots");
        TCase *tc = tcase_create("slots");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, ids_are_names_of_at_most_255_bytes);
        tcase_add_test(tc, images_are_references);
        tcase_add_test(tc, images_have_at_most_512_bytes_and_tags_128);
        tcase_add_test(tc, hex_digits_alone_could_be_an_id);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}

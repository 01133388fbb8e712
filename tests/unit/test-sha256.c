/* SPDX-License-Identifier: Apache-2.0 */
/* util/sha256: the examples of FIPS 180 and NIST, and lengths around the borders of a block. */
#include "util/sha256.h"

#include "util/macros.h"

#include <check.h>

static void digest_of(Bytes bytes, size_t piece, char ret_text[static 65]) {
        uint8_t digest[SHA256_SIZE];
        Sha256 s;

        sha256_init(&s);
        for (; bytes.len > 0; bytes = bytes_skip(bytes, piece))
                sha256_update(&s, bytes_slice(bytes, 0, piece));
        sha256_final(&s, digest);
        sha256_format(digest, ret_text);
}

static const struct {
        const char *text, *digest;
} examples[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
          "lmn"
          "opqrsmnopqrstnopqrstu",
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

START_TEST(gives_the_published_digests) {
        char text[65];

        digest_of(bytes_of(examples[_i].text), SIZE_MAX, text);
        ck_assert_str_eq(text, examples[_i].digest);
}
END_TEST

START_TEST(gives_the_published_digest_of_a_million_letters) {
        _cleanup_free_ char *letters = malloc(1000000);
        char text[65];

        memset(letters, 'a', 1000000);
        digest_of((Bytes){ letters, 1000000 }, 4096, text);
        ck_assert_str_eq(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* Digests of 0x00 0x01 ... up to each length, taken from Python's hashlib. */
static const struct {
        size_t len;
        const char *digest;
} borders[] = {
        { 1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
        { 54, "675f28acc0b90a72d1c3a570fe83ac565555db358cf01826dc8eefb2bf7ca0f3" },
        { 55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59" },
        { 56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562" },
        { 57, "2fe741af801cc238602ac0ec6a7b0c3a8a87c7fc7d7f02a3fe03d1c12eac4d8f" },
        { 63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488" },
        { 64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108" },
        { 65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781" },
        { 119, "da18797ed7c3a777f0847f429724a2d8cd5138e6ed2895c3fa1a6d39d18f7ec6" },
        { 120, "f52b23db1fbb6ded89ef42a23ce0c8922c45f25c50b568a93bf1c075420bbb7c" },
        { 127, "92ca0fa6651ee2f97b884b7246a562fa71250fedefe5ebf270d31c546bfea976" },
        { 128, "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5" },
        { 129, "5099c6a56203f9687f7d33f4bfdf576d31dc91f6b695ecea38b2770c87631135" },
        { 255, "3f8591112c6bbe5c963965954e293108b7208ed2af893e500d859368c654eabe" },
};

START_TEST(pads_right_around_the_borders_of_a_block) {
        char bytes[256], text[65];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (char) i;
        digest_of((Bytes){ bytes, borders[_i].len }, SIZE_MAX, text);
        ck_assert_str_eq(text, borders[_i].digest);
}
END_TEST

START_TEST(gives_the_same_digest_for_all_cuts) {
        char bytes[200], whole[65], cut[65];

        memset(bytes, 0x5a, sizeof(bytes));
        digest_of((Bytes){ bytes, sizeof(bytes) }, SIZE_MAX, whole);
        for (size_t piece = 1; piece < sizeof(bytes); piece++) {
                digest_of((Bytes){ bytes, sizeof(bytes) }, piece, cut);
                ck_assert_str_eq(cut, whole);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("sha256");
        TCase *tc = tcase_create("sha256");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, gives_the_published_digests, 0, (int) ARRAY_SIZE(examples));
        tcase_add_test(tc, gives_the_published_digest_of_a_million_letters);
        tcase_add_loop_test(tc, pads_right_around_the_borders_of_a_block, 0,
                            (int) ARRAY_SIZE(borders));
        tcase_add_test(tc, gives_the_same_digest_for_all_cuts);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}

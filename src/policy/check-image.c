/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which image runs. An image is judged by its full name, since the engine completes short ones; an
 * id hides the name, and a few hex digits are one (POLICY 6 "Ids").
 */
#include "policy/check-parts.h"

#include "policy/checks.h"
#include "policy/grammar.h"

#include <stdio.h>

static bool image_deny_id(Judge *j, Bytes image) {
        if (judge_is_yes(j, RULE_CREATE_IMAGE_IDS))
                return true;

        return judge_deny_word(j, RULE_CREATE_IMAGE_IDS, "yes", "image-id",
                               "an id, or what the engine could take for one, hides the name of "
                               "the image:",
                               image);
}

/* The full name as a word of images. */
static bool image_deny(Judge *j, const ImageName *image, Bytes text) {
        char word[GRAMMAR_IMAGE_MAX];
        Bytes end = image->digest.len > 0 ? image->digest : image->tag;
        const char *separator = image->digest.len > 0 ? "@" : end.len > 0 ? ":" : "";

        (void) snprintf(word, sizeof(word), "%.*s%s%.*s", (int) image->name_len, image->name,
                        separator, (int) end.len, end.len > 0 ? end.data : "");
        return judge_deny_word(j, RULE_CREATE_IMAGES, word, "image-not-allowed",
                               "the image is not allowed:", text);
}

bool check_image_is_ambiguous(const Policy *p, const Words *words, Bytes text) {
        if (!p->is_podman || !grammar_image_is_short(text))
                return false;

        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq_str(words->items[i].text, "*") ||
                    bytes_eq_str(words->items[i].text, "**"))
                        return false;

        return true;
}

bool check_image(Judge *j, const Field *f, const BodyValue *v) {
        const Words *words = judge_words(j, RULE_CREATE_IMAGES);
        ImageName image;

        (void) f;
        if (grammar_is_image_id(v->string))
                return image_deny_id(j, v->string);
        if (v->string.len == 0)
                return judge_deny(j, RULE_NONE, "image-grammar", "it has to name an image",
                                  BYTES_NONE);
        if (!grammar_image(v->string, &image))
                return judge_deny(j, RULE_NONE, "image-grammar", "no name of an image:", v->string);
        if (check_image_is_ambiguous(j->policy, words, v->string))
                return judge_deny(j, RULE_NONE, "image-short",
                                  "Podman may take it for an image of another registry, so the "
                                  "registry has to be named:",
                                  v->string);

        for (size_t i = 0; i < words->n; i++)
                if (grammar_image_matches(words->items[i].text, &image))
                        return true;

        return image_deny(j, &image, v->string);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which images may be pulled, pushed, named and removed. It trusts that docker/query took each key
 * once and decoded it once, as the engine does. It refuses
 *   - a name that the engine would put together otherwise than it reads (two tags, a tag and a
 *     digest), and all tags of a name of which only some are allowed;
 *   - an image that `images` does not name; an id where `images` says more than "*", since it hides
 *     the name, unless `image-ids` allows ids;
 *   - a tag that gives an allowed name to another image: create would then run what it may not.
 */
#include "policy/check-query-parts.h"

#include "policy/check-parts.h"
#include "policy/grammar.h"

#include <string.h>

#define QUERY_REFERENCE_MAX 512 /* POLICY 2: as of an image slot */

/* What follows the name in "registry:5000/path:tag@digest": ":tag@digest". */
static Bytes image_suffix(Bytes reference) {
        size_t last = reference.len;

        while (last > 0 && reference.data[last - 1] != '/')
                last--;
        for (size_t i = last; i < reference.len; i++)
                if (reference.data[i] == ':' || reference.data[i] == '@')
                        return bytes_skip(reference, i);

        return BYTES_NONE;
}

/* Such words alone allow a pull of all tags: those without a tag, or with any. */
static bool image_word_has_all_tags(Bytes word) {
        Bytes suffix = image_suffix(word);

        return suffix.len == 0 || bytes_eq_str(suffix, ":*");
}

static bool image_is_allowed(const Words *words, const ImageName *image, bool is_all) {
        for (size_t i = 0; i < words->n; i++)
                if ((!is_all || image_word_has_all_tags(words->items[i].text)) &&
                    grammar_image_matches(words->items[i].text, image))
                        return true;

        return false;
}

/* The engine sets the query's tag in place of the name's own: only where both say the same, or one
 * says nothing, do all engines agree. *ret_reference is written to room. */
static bool image_join(Bytes name, Bytes tag, char room[QUERY_REFERENCE_MAX],
                       Bytes *ret_reference) {
        Bytes own = image_suffix(name);
        bool is_digest = bytes_find(tag, ':') < tag.len;

        *ret_reference = name;
        if (tag.len == 0 || (own.len > 0 && own.data[0] == (is_digest ? '@' : ':') &&
                             bytes_eq(bytes_skip(own, 1), tag)))
                return true;
        if (own.len > 0 || name.len + 1 + tag.len > QUERY_REFERENCE_MAX)
                return false;

        memcpy(room, name.data, name.len);
        room[name.len] = is_digest ? '@' : ':';
        memcpy(room + name.len + 1, tag.data, tag.len);
        *ret_reference = (Bytes){ room, name.len + 1 + tag.len };
        return true;
}

static Decision image_deny_short(const PolicyFacts *facts, Bytes key, Bytes reference) {
        return query_deny(facts, key, RULE_NONE, "image-short",
                          "Podman may take it for an image of another registry, so the registry "
                          "has to be named:",
                          reference, BYTES_NONE);
}

static Bytes query_value(const Request *req, const char *key) {
        const QueryPair *pair = target_find_pair(req->target, key);

        return pair ? pair->value : BYTES_NONE;
}

static Decision image_deny_second_tag(const PolicyFacts *facts, Bytes tag) {
        return query_deny(facts, BYTES("tag"), RULE_NONE, "image-ambiguous",
                          "the name has a tag or digest of its own, and then comes", tag,
                          BYTES_NONE);
}

static bool image_rules_are_open(const Policy *p) {
        const Words *words = &p->rules[RULE_PULL_IMAGES];

        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq_str(words->items[i].text, "*"))
                        return true;

        return false;
}

static Decision image_judge_reference(const Policy *p, const PolicyFacts *facts, Bytes key,
                                      Bytes reference, bool no_tag_is_all) {
        ImageName image;
        bool is_all;

        if (!grammar_image(reference, &image))
                return query_deny(facts, key, RULE_NONE, "image-grammar",
                                  "no name of an image:", reference, BYTES_NONE);

        if (check_image_is_ambiguous(p, &p->rules[RULE_PULL_IMAGES], reference))
                return image_deny_short(facts, key, reference);

        is_all = no_tag_is_all && image.tag.len == 0 && image.digest.len == 0;
        if (image_is_allowed(&p->rules[RULE_PULL_IMAGES], &image, is_all))
                return query_allow;
        return query_deny(facts, key, RULE_PULL_IMAGES, "image-not-allowed",
                          is_all ? "not all tags are allowed of" : "the image is not allowed:",
                          reference, (Bytes){ image.name, image.name_len });
}

/* A name that was put together is gone with its room: what the client sent is shown. */
static Decision image_judge_joined(const Policy *p, const PolicyFacts *facts, Bytes key,
                                   Bytes reference, bool no_tag_is_all, Bytes sent) {
        Decision d = image_judge_reference(p, facts, key, reference, no_tag_is_all);

        d.subject = sent;
        return d;
}

Decision query_judge_image_pull(const Policy *p, const Request *req, const PolicyFacts *facts) {
        Bytes tag = query_value(req, "tag");
        const Bytes key = BYTES("fromImage");
        Bytes name = query_value(req, "fromImage"), reference;
        char room[QUERY_REFERENCE_MAX];

        /* docker pull -a ends the name with a colon, which the engine takes off. */
        if (name.len > 1 && bytes_ends_with(name, BYTES(":")))
                name.len--;
        if (name.len == 0 || name.len >= QUERY_REFERENCE_MAX)
                return query_deny(facts, key, RULE_NONE, "image-grammar",
                                  "no name of an image:", name, BYTES_NONE);
        if (!image_join(name, tag, room, &reference))
                return image_deny_second_tag(facts, tag);

        return image_judge_joined(p, facts, key, reference, true, name);
}

/* The name that it gets, of repo and tag. */
static Decision image_judge_new_name(const Policy *p, const Request *req,
                                     const PolicyFacts *facts) {
        Bytes repo = query_value(req, "repo");
        Bytes tag = query_value(req, "tag");
        char room[QUERY_REFERENCE_MAX];
        Bytes reference;

        if (repo.len == 0)
                return query_deny(facts, BYTES("repo"), RULE_NONE, "image-grammar",
                                  "the query names no repo", BYTES_NONE, BYTES_NONE);
        if (!image_join(repo, tag, room, &reference))
                return image_deny_second_tag(facts, tag);

        /* image-ids is for ids: a name like one would be in the way of who means the id. */
        if (grammar_is_image_id(reference))
                return query_deny(facts, BYTES("repo"), RULE_NONE, "image-id",
                                  "the engine could take this name for an id:", repo, BYTES_NONE);

        return image_judge_joined(p, facts, BYTES("repo"), reference, false, repo);
}

/* The image of the path, which may be an id. */
static Decision image_judge_slot(const Policy *p, const PolicyFacts *facts, Bytes reference,
                                 bool no_tag_is_all, Bytes slot) {
        const Words *ids = &p->rules[RULE_CREATE_IMAGE_IDS];

        if (!grammar_is_image_id(reference))
                return image_judge_joined(p, facts, BYTES_NONE, reference, no_tag_is_all, slot);
        if (ids->n == 1 && bytes_eq_str(ids->items[0].text, "yes"))
                return query_allow;

        return query_deny(facts, BYTES_NONE, RULE_CREATE_IMAGE_IDS, "image-id",
                          "an id, or what the engine could take for one, hides the name of the "
                          "image:",
                          slot, BYTES("yes"));
}

/* A push without any tag sends all of them: docker push -a. */
static Decision image_judge_push(const Policy *p, const Request *req, const PolicyFacts *facts) {
        Bytes tag = query_value(req, "tag");
        char room[QUERY_REFERENCE_MAX];
        Bytes reference;

        if (!image_join(req->match.slot, tag, room, &reference))
                return image_deny_second_tag(facts, tag);

        return image_judge_slot(p, facts, reference, true, req->match.slot);
}

Decision query_judge_image_name(const Policy *p, const Request *req, const PolicyFacts *facts) {
        Bytes name = bytes_of(req->endpoint->name);
        Decision d;

        if (image_rules_are_open(p))
                return query_allow;
        if (bytes_eq_str(name, "image.push"))
                return image_judge_push(p, req, facts);

        d = image_judge_slot(p, facts, req->match.slot, false, req->match.slot);
        if (d.verdict == VERDICT_ALLOW && bytes_eq_str(name, "image.tag"))
                return image_judge_new_name(p, req, facts);
        return d;
}

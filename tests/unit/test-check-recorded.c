/* SPDX-License-Identifier: Apache-2.0 */
/* What docker, compose 1 and 2, docker-py, dockerode and testcontainers really sent to create their
 * containers passes a small policy; what asks for more than it lists is refused at that member. */
#include "check-create.h"

#define RECORDED   TEST_DATA "/recorded-requests.jsonl"
#define LINE_MAX_  65536
#define N_RECORDED 26 /* creates in the file */

/* "bb", the image of the recordings, is made of hex digits: the engine could take it for an id. */
#define SMALL                                                                                      \
        "[container.create]\n"                                                                     \
        "image-ids = yes\n"                                                                        \
        "bind-mounts = /srv/app\n"                                                                 \
        "volumes = op_data o1_data\n"                                                              \
        "networks = default op_anet o1_anet\n"                                                     \
        "ports = 127.0.0.1:8100 127.0.0.1:9000\n"

static const struct {
        const char *removed; /* a line of SMALL */
        const char *added;
        unsigned n_refused;
        const char *reason;
        const char *field; /* of every refused body */
} policies[] = {
        { NULL, "links = nosuch\nports = ephemeral\n", 0, NULL, NULL },
        { NULL, "", 2, "link-not-allowed", "/HostConfig/Links/0" },
        { NULL, "links = nosuch\n", 2, "port-ephemeral", "/HostConfig/PublishAllPorts" },
        { "image-ids = yes\n", "", 17, "image-id", "/Image" },
        { "volumes = op_data o1_data\n", "links = nosuch\nports = ephemeral\n", 4, NULL, NULL },
        { "bind-mounts = /srv/app\n", "links = nosuch\nports = ephemeral\n", 5, "bind-not-allowed",
          "/HostConfig/Binds/0" },
        { "networks = default op_anet o1_anet\n", "links = nosuch\nports = ephemeral\n", 8,
          "network-not-allowed", "/HostConfig/NetworkMode" },
};

static void policy_text(char *text, size_t size, const char *removed, const char *added) {
        const char *at = removed ? strstr(SMALL, removed) : &SMALL[strlen(SMALL)];

        ck_assert_ptr_nonnull(at);
        (void) snprintf(text, size, "%.*s%s%s", (int) (at - SMALL), SMALL,
                        at + (removed ? strlen(removed) : 0), added);
}

/* The texts of one line: "POST /v1.41/containers/create?name=x" and the body. */
static bool recorded_is_create(const BodyValue *record, char *line, size_t size,
                               BodyValue *ret_body) {
        BodyValue method, target;

        ck_assert(body_find(record, "method", &method) && body_find(record, "target", &target) &&
                  body_find(record, "body", ret_body));
        if (!bytes_eq_str(method.string, "POST") ||
            bytes_search(target.string, BYTES("/containers/create")) == target.string.len)
                return false;

        ck_assert(target.string.len + strlen("POST ") < size);
        (void) snprintf(line, size, "POST %.*s", (int) target.string.len, target.string.data);
        return true;
}

/* Judges one record; counts it, and says whether it was refused. */
static bool recorded_is_refused(const char *text, const char *config, unsigned *n_creates,
                                Decision *ret) {
        _cleanup_(body_freep) Body *record = NULL;
        _cleanup_free_ char *json = NULL;
        static char line[8192];
        BodyValue root, body;

        /* Some other bodies are archives, which JSON can't hold here. */
        if (!strstr(text, "/containers/create"))
                return false;

        ck_assert_int_eq(
                body_parse(bytes_trim((Bytes){ text, strcspn(text, "\n") }), &body_limits, &record),
                BODY_OK);
        root = body_root(record);
        if (!recorded_is_create(&root, line, sizeof(line), &body))
                return false;

        json = bytes_dup(bytes_slice(body.string, 0, bytes_find(body.string, '\n')));
        ck_assert_ptr_nonnull(json);
        (*n_creates)++;
        *ret = check_judge(line, &schema_container_create, config, json, &create_facts);
        ck_assert_msg(ret->verdict == VERDICT_ALLOW || ret->reason, "%s", line);
        return ret->verdict != VERDICT_ALLOW;
}

START_TEST(recorded_bodies_pass_what_lists_them) {
        unsigned n_creates = 0, n_refused = 0;
        static char text[LINE_MAX_];
        char config[1024];
        Decision d;
        FILE *f;

        policy_text(config, sizeof(config), policies[_i].removed, policies[_i].added);
        f = fopen(RECORDED, "re");
        ck_assert_ptr_nonnull(f);
        while (fgets(text, sizeof(text), f)) {
                ck_assert_ptr_nonnull(strchr(text, '\n'));
                if (!recorded_is_refused(text, config, &n_creates, &d))
                        continue;

                n_refused++;
                ck_assert_msg(policies[_i].n_refused > 0, "%.300s: %s at %s", text, d.reason,
                              create_notes.field);
                if (policies[_i].reason)
                        check_expect(text, d, policies[_i].reason, policies[_i].field);
        }
        (void) fclose(f);

        ck_assert_uint_eq(n_creates, N_RECORDED);
        ck_assert_uint_eq(n_refused, policies[_i].n_refused);
}
END_TEST

static void add(TCase *t) {
        tcase_add_loop_test(t, recorded_bodies_pass_what_lists_them, 0, (int) ARRAY_SIZE(policies));
}

int main(void) {
        return case_run("check-recorded", add);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* audit/record: what the journal gets, and what it never gets. */
#include "audit/record.h"

#include "audit/message-ids.h"
#include "util/macros.h"

#include <check.h>
#include <stdio.h>

static char room[AUDIT_RECORD_MAX];

#define FIELDS_MAX 64

typedef struct Field {
        char name[65];
        Bytes value;
} Field;

static Field fields[FIELDS_MAX];
static size_t n_fields;

/* Reads a datagram the way journald does; false when it would not be taken as we mean it. */
static bool read_fields(Bytes rest) {
        n_fields = 0;

        while (rest.len > 0) {
                size_t line = bytes_find(rest, '\n'), name = bytes_find(rest, '=');
                Field *f = &fields[n_fields];
                uint64_t len = 0;

                if (line == rest.len || n_fields == FIELDS_MAX)
                        return false;

                if (name < line) {
                        f->value = bytes_slice(rest, name + 1, line - name - 1);
                } else {
                        name = line;
                        if (rest.len - line - 1 < 8)
                                return false;
                        for (size_t i = 0; i < 8; i++)
                                len |= (uint64_t) (uint8_t) rest.data[line + 1 + i] << (8 * i);
                        if (len > rest.len - line - 9 || rest.len - line - 9 - len < 1)
                                return false;
                        f->value = bytes_slice(rest, line + 9, len);
                        line += 8 + len + 1;
                        if (rest.data[line] != '\n')
                                return false;
                }

                if (name == 0 || name > 64 || rest.data[0] == '_')
                        return false;
                memcpy(f->name, rest.data, name);
                f->name[name] = '\0';
                if (strspn(f->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != name)
                        return false;

                n_fields++;
                rest = bytes_skip(rest, line + 1);
        }

        return true;
}

static void format(const AuditRecord *rec) {
        size_t len = audit_record_format(rec, room);

        ck_assert_uint_gt(len, 0);
        ck_assert_uint_le(len, AUDIT_RECORD_MAX);
        ck_assert_msg(read_fields((Bytes){ room, len }), "%.*s", (int) len, room);
        for (size_t i = 0; i < n_fields; i++)
                for (size_t j = 0; j < i; j++)
                        ck_assert_str_ne(fields[i].name, fields[j].name);
}

/* The value of the field as text, or NULL. */
static const char *field(const char *name) {
        static char text[AUDIT_RECORD_MAX + 1];

        for (size_t i = 0; i < n_fields; i++)
                if (strcmp(fields[i].name, name) == 0) {
                        memcpy(text, fields[i].value.data, fields[i].value.len);
                        text[fields[i].value.len] = '\0';
                        return text;
                }

        return NULL;
}

static void check_field(const char *name, const char *value) {
        const char *found = field(name);

        if (!value) {
                ck_assert_msg(!found, "%s: %s", name, found);
                return;
        }
        ck_assert_msg(found, "no %s", name);
        ck_assert_str_eq(found, value);
}

static const Endpoint *find_endpoint(const char *name) {
        for (size_t i = 0; i < endpoint_count(); i++)
                if (strcmp(endpoint_at(i)->name, name) == 0)
                        return endpoint_at(i);

        ck_abort_msg("%s", name);
        return NULL;
}

/* Every field that a record can have, but SOCKGATE_DROPPED. */
static const char *const full[][2] = {
        { "MESSAGE", "denied: POST /v1.41/containers/create: not allowed by the policy "
                     "`/etc` (container.create) [01J0]" },
        { "MESSAGE_ID", MESSAGE_ID_DENY },
        { "PRIORITY", "4" },
        { "SYSLOG_IDENTIFIER", "sockgated" },
        { "SOCKGATE_EVENT", "request" },
        { "SOCKGATE_REQ_ID", "01J0" },
        { "SOCKGATE_CONN_ID", "7" },
        { "SOCKGATE_LISTENER", "docker.sock" },
        { "SOCKGATE_PEER", "unix:uid=1000,pid=123" },
        { "SOCKGATE_UID", "1000" },
        { "SOCKGATE_GID", "100" },
        { "SOCKGATE_PID", "123" },
        { "SOCKGATE_UNIT", "web.service" },
        { "SOCKGATE_CONTAINER", "aa" },
        { "SOCKGATE_METHOD", "POST" },
        { "SOCKGATE_PATH", "/v1.41/containers/create" },
        { "SOCKGATE_QUERY_KEYS", "name=web&platform=" },
        { "SOCKGATE_USER_AGENT", "Docker-Client/27.0" },
        { "SOCKGATE_API", "1.41" },
        { "SOCKGATE_ENDPOINT", "container.create" },
        { "SOCKGATE_VERDICT", "deny" },
        { "SOCKGATE_REASON", "not-granted" },
        { "SOCKGATE_FIELD", "/HostConfig/Binds/0" },
        { "SOCKGATE_VALUE", "/etc" },
        { "SOCKGATE_RULE", "/etc/sockgate/admin.conf:12" },
        { "SOCKGATE_HINT", "[allow] endpoints = container.create" },
        { "SOCKGATE_POLICY", "admin" },
        { "SOCKGATE_STATUS", "403" },
        { "SOCKGATE_UPSTREAM_STATUS", "201" },
        { "SOCKGATE_BYTES_IN", "10" },
        { "SOCKGATE_BYTES_OUT", "20" },
        { "SOCKGATE_DURATION_US", "30" },
        { "SOCKGATE_BODY_SHA256", "b0" },
        { "SOCKGATE_CONFIG_SHA256", "c0" },
};

START_TEST(writes_every_field_of_a_denial) {
        const Peer peer = {
                .uid = 1000,
                .gid = 100,
                .pid = 123,
                .unit = "web.service",
                .container = "aa",
        };
        const AuditRecord rec = {
                .verdict = AUDIT_VERDICT_DENY,
                .req_id = "01J0",
                .conn_id = 7,
                .listener = "docker.sock",
                .peer = &peer,
                .method = BYTES("POST"),
                .target = BYTES("/v1.41/containers/create?name=web&platform="),
                .user_agent = BYTES("Docker-Client/27.0"),
                .api_minor = 41,
                .endpoint = find_endpoint("container.create"),
                .reason = "not-granted",
                .text = "not allowed by the policy",
                .field = BYTES("/HostConfig/Binds/0"),
                .value = BYTES("/etc"),
                .rule = { "/etc/sockgate/admin.conf", 12 },
                .hint = "container.create",
                .policy = "admin",
                .status = 403,
                .upstream_status = 201,
                .bytes_in = 10,
                .bytes_out = 20,
                .duration_usec = 30,
                .body_sha256 = "b0",
                .config_sha256 = "c0",
        };

        format(&rec);
        for (size_t i = 0; i < ARRAY_SIZE(full); i++)
                check_field(full[i][0], full[i][1]);
        ck_assert_uint_eq(n_fields, ARRAY_SIZE(full));
}
END_TEST

START_TEST(leaves_out_what_is_not_known) {
        static const char *const expected[][2] = {
                { "MESSAGE", "allowed" },
                { "MESSAGE_ID", MESSAGE_ID_ALLOW },
                { "PRIORITY", "6" },
                { "SYSLOG_IDENTIFIER", "sockgated" },
                { "SOCKGATE_EVENT", "request" },
                { "SOCKGATE_VERDICT", "allow" },
                { "SOCKGATE_BYTES_IN", "0" },
                { "SOCKGATE_BYTES_OUT", "0" },
                { "SOCKGATE_DURATION_US", "0" },
        };

        format(&(AuditRecord){ .verdict = AUDIT_VERDICT_ALLOW });
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
                check_field(expected[i][0], expected[i][1]);
        ck_assert_uint_eq(n_fields, ARRAY_SIZE(expected));
}
END_TEST

static const struct {
        AuditEvent event;
        AuditVerdict verdict;
        uint64_t n_dropped;
        const char *word, *verdict_word, *priority, *message_id;
} kinds[] = {
        { AUDIT_EVENT_REQUEST, AUDIT_VERDICT_ALLOW, 0, "request", "allow", "6", MESSAGE_ID_ALLOW },
        { AUDIT_EVENT_REQUEST, AUDIT_VERDICT_DENY, 0, "request", "deny", "4", MESSAGE_ID_DENY },
        { AUDIT_EVENT_REQUEST, AUDIT_VERDICT_WOULD_DENY, 0, "request", "would-deny", "4",
          MESSAGE_ID_WOULD_DENY },
        { AUDIT_EVENT_REQUEST, AUDIT_VERDICT_REJECT, 0, "request", "reject", "4",
          MESSAGE_ID_REJECT },
        { AUDIT_EVENT_REQUEST, AUDIT_VERDICT_FAULT, 0, "request", "fault", "3", MESSAGE_ID_FAULT },
        { AUDIT_EVENT_DECISION, AUDIT_VERDICT_ALLOW, 0, "decision", "allow", "6",
          MESSAGE_ID_ALLOW },
        { AUDIT_EVENT_TUNNEL_END, AUDIT_VERDICT_ALLOW, 0, "tunnel-end", "allow", "6",
          MESSAGE_ID_END },
        { AUDIT_EVENT_START, AUDIT_VERDICT_NONE, 0, "start", NULL, "5", MESSAGE_ID_START },
        { AUDIT_EVENT_RELOAD, AUDIT_VERDICT_NONE, 0, "reload", NULL, "5", MESSAGE_ID_RELOAD },
        { AUDIT_EVENT_FAULT, AUDIT_VERDICT_NONE, 0, "fault", NULL, "3", MESSAGE_ID_FAULT },
        { AUDIT_EVENT_FAULT, AUDIT_VERDICT_NONE, 5, "fault", NULL, "3", MESSAGE_ID_DROPPED },
};

START_TEST(names_kind_verdict_and_priority) {
        char n[24];

        format(&(AuditRecord){ .event = kinds[_i].event,
                               .verdict = kinds[_i].verdict,
                               .n_dropped = kinds[_i].n_dropped });
        check_field("SOCKGATE_EVENT", kinds[_i].word);
        check_field("SOCKGATE_VERDICT", kinds[_i].verdict_word);
        check_field("PRIORITY", kinds[_i].priority);
        check_field("MESSAGE_ID", kinds[_i].message_id);
        (void) snprintf(n, sizeof(n), "%u", (unsigned) kinds[_i].n_dropped);
        check_field("SOCKGATE_DROPPED", kinds[_i].n_dropped > 0 ? n : NULL);
        ck_assert_ptr_nonnull(field("MESSAGE"));

        format(&(AuditRecord){ .event = kinds[_i].event,
                               .verdict = kinds[_i].verdict,
                               .message_id = MESSAGE_ID_AUDIT_UNAVAILABLE });
        check_field("MESSAGE_ID", MESSAGE_ID_AUDIT_UNAVAILABLE);
}
END_TEST

static const struct {
        AuditRecord rec;
        const char *message;
} messages[] = {
        { { .verdict = AUDIT_VERDICT_DENY,
            .req_id = "R",
            .method = BYTES("GET"),
            .target = BYTES("/x?y=1"),
            .reason = "unknown-endpoint" },
          "denied: GET /x: unknown-endpoint [R]" },
        { { .verdict = AUDIT_VERDICT_REJECT, .reason = "bare-lf" }, "rejected: bare-lf" },
        { { .verdict = AUDIT_VERDICT_DENY, .text = "no configuration allows this value:" },
          "denied: no configuration allows this value" },
        { { .verdict = AUDIT_VERDICT_DENY, .text = "no bind root covers:", .value = BYTES("/x") },
          "denied: no bind root covers: `/x`" },
        { { .verdict = AUDIT_VERDICT_WOULD_DENY, .method = BYTES("GET"), .target = BYTES("/x") },
          "would be denied: GET /x" },
        { { .event = AUDIT_EVENT_TUNNEL_END,
            .verdict = AUDIT_VERDICT_ALLOW,
            .method = BYTES("POST"),
            .target = BYTES("/x"),
            .reason = "client-closed" },
          "ended: POST /x: client-closed" },
        { { .event = AUDIT_EVENT_START, .text = "started: 3 sockets" }, "started: 3 sockets" },
        { { .event = AUDIT_EVENT_RELOAD }, "reload" },
        { { .event = AUDIT_EVENT_FAULT, .reason = "config-broken" }, "fault: config-broken" },
        { { .event = AUDIT_EVENT_FAULT, .n_dropped = 12 }, "12 audit records were lost" },
};

START_TEST(says_it_in_one_line) {
        format(&messages[_i].rec);
        check_field("MESSAGE", messages[_i].message);
}
END_TEST

START_TEST(names_tcp_peers_by_address_and_port) {
        Peer peer = { .is_tcp = true, .address = "172.17.0.2", .port = 41234 };
        const AuditRecord rec = { .peer = &peer };

        format(&rec);
        check_field("SOCKGATE_PEER", "tcp:172.17.0.2:41234");
        check_field("SOCKGATE_UID", NULL);
        check_field("SOCKGATE_PID", NULL);

        peer.address = "fe80::1";
        format(&rec);
        check_field("SOCKGATE_PEER", "tcp:[fe80::1]:41234");
}
END_TEST

START_TEST(names_peers_of_another_pid_namespace_without_a_pid) {
        const Peer peer = { .uid = 0 };

        format(&(AuditRecord){ .peer = &peer });
        check_field("SOCKGATE_PEER", "unix:uid=0,pid=0");
        check_field("SOCKGATE_UID", "0");
        check_field("SOCKGATE_PID", NULL);
}
END_TEST

static const struct {
        const char *target;
        const char *keys; /* NULL: no field */
} queries[] = {
        { "/x", NULL },
        { "/x?", NULL },
        { "/x?fromImage=alpine&tag=3", "fromImage=alpine&tag=3" },
        { "/x?filters=%7B%22label%22%3A%22secret%22%7D&all=1", "filters&all=1" },
        { "/x?buildargs=TOKEN", "buildargs" },
        { "/x?authconfig=secret&labels=secret&remote=https://u:p@h/", "authconfig&labels&remote" },
        { "/x?fromSrc=https://u:p@h/&changes=ENV+A=secret", "fromSrc&changes" },
        { "/x?message=secret&comment=secret&author=secret", "message&comment&author" },
        { "/x?NAME=secret&names2=secret&nam=secret", "NAME&names2&nam" },
        { "/x?name", "name" },
        { "/x?name=a=b", "name=a=b" },
        { "/x?=secret&&name=a", "&&name=a" },
        { "/x?path=/data?x", "path=/data?x" },
        { "/x?name=a\nSOCKGATE_UID=0", "name=a\\x0aSOCKGATE_UID=0" },
        { "/x?a\nB=c", "a\\x0aB" },
};

START_TEST(shows_query_keys_and_the_values_of_listed_ones) {
        format(&(AuditRecord){ .target = bytes_of(queries[_i].target) });
        check_field("SOCKGATE_QUERY_KEYS", queries[_i].keys);
        check_field("SOCKGATE_PATH", "/x");
        for (size_t i = 0; i < n_fields; i++)
                ck_assert_uint_eq(bytes_search(fields[i].value, BYTES("secret")),
                                  fields[i].value.len);
}
END_TEST

/* Every byte in every place that a client fills: no new field, no control character, no cut. */
START_TEST(a_client_cannot_forge_anything) {
        static char all[3 * 256];
        const Bytes text = { all, sizeof(all) };
        const AuditRecord rec = {
                .verdict = AUDIT_VERDICT_DENY,
                .method = text,
                .target = text,
                .user_agent = text,
                .field = text,
                .value = text,
                .reason = "x",
        };
        static const char *const own[] = { "MESSAGE", "SOCKGATE_HINT", "SOCKGATE_RULE" };

        for (size_t i = 0; i < sizeof(all); i++)
                all[i] = (char) (i % 256);
        format(&rec);

        for (size_t i = 0; i < n_fields; i++)
                for (size_t j = 0; j < fields[i].value.len; j++) {
                        char c = fields[i].value.data[j];
                        bool is_own = false;

                        for (size_t k = 0; k < ARRAY_SIZE(own); k++)
                                is_own = is_own || strcmp(fields[i].name, own[k]) == 0;
                        ck_assert((c >= 0x21 && c <= 0x7e) || (is_own && c == ' '));
                }
        ck_assert_ptr_null(field("SOCKGATE_UID"));
}
END_TEST

static char long_text[20000];

START_TEST(the_longest_record_keeps_all_its_fields) {
        static char own[5000];
        char unit[1000], container[65], sha[65];
        Peer peer = { .uid = UINT32_MAX, .gid = UINT32_MAX, .pid = INT32_MAX };
        const Bytes text = { long_text, sizeof(long_text) };
        AuditRecord rec = {
                .verdict = AUDIT_VERDICT_WOULD_DENY,
                .event = AUDIT_EVENT_TUNNEL_END,
                .req_id = "01J00000000000000000000000",
                .conn_id = UINT64_MAX,
                .listener = own,
                .peer = &peer,
                .method = text,
                .target = text,
                .user_agent = text,
                .api_minor = 999,
                .endpoint = find_endpoint("container.checkpoint-remove"),
                .reason = "a-reason-as-long-as-reasons-get",
                .text = own,
                .field = text,
                .value = text,
                .rule = { own, UINT32_MAX },
                .hint = own,
                .policy = own,
                .status = 999,
                .upstream_status = 999,
                .bytes_in = UINT64_MAX,
                .bytes_out = UINT64_MAX,
                .duration_usec = UINT64_MAX,
                .body_sha256 = sha,
                .config_sha256 = sha,
                .n_dropped = UINT64_MAX,
        };

        /* Bytes that take four each, and own texts that need the longer form. */
        memset(long_text, '\n', sizeof(long_text));
        long_text[2000] = '?';
        memset(own, '\t', sizeof(own) - 1);
        memset(unit, '\n', sizeof(unit) - 1);
        unit[sizeof(unit) - 1] = '\0';
        memset(sha, 'f', 64);
        sha[64] = '\0';
        memset(container, 'f', 64);
        container[64] = '\0';
        peer.unit = unit;
        peer.container = container;

        format(&rec);
        ck_assert_uint_eq(n_fields, 35);
        check_field("SOCKGATE_DROPPED", "18446744073709551615");
        ck_assert_uint_eq(strlen(field("SOCKGATE_PATH")), AUDIT_TEXT_MAX);
        ck_assert_str_eq(field("SOCKGATE_PATH") + AUDIT_TEXT_MAX - 8, "\\x0a\\...");
}
END_TEST

START_TEST(own_texts_with_line_ends_take_the_length_prefixed_form) {
        format(&(AuditRecord){ .event = AUDIT_EVENT_START, .text = "a\nSOCKGATE_UID=0\n" });
        check_field("MESSAGE", "a\nSOCKGATE_UID=0\n");
        check_field("SOCKGATE_UID", NULL);

        format(&(AuditRecord){ .rule = { "/etc/x\ny", 3 }, .hint = "k = v\n" });
        check_field("SOCKGATE_RULE", "/etc/x\ny:3");
        check_field("SOCKGATE_HINT", "k = v\n");
}
END_TEST

START_TEST(a_hint_is_a_line_or_the_name_of_an_operation) {
        format(&(AuditRecord){ .hint = "build.session" });
        check_field("SOCKGATE_HINT", "[allow] endpoints = build.session");
        format(&(AuditRecord){ .hint = "[build] judge = no" });
        check_field("SOCKGATE_HINT", "[build] judge = no");
}
END_TEST

static const struct {
        const char *text;
        size_t max;
        const char *escaped;
} escapes[] = {
        { "", 10, "" },
        { "", 0, "" },
        { "abc", 3, "abc" },
        { "abcdefgh", 8, "abcdefgh" },
        { "abcdefghi", 8, "abcd\\..." },
        { "abc", 2, "" },
        { "abcde", 4, "\\..." },
        { "abcdef", 5, "a\\..." },
        { "a b", 10, "a\\x20b" },
        { "a\\b", 10, "a\\x5cb" },
        { "\\...", 10, "\\x5c..." },
        { "\x7f\x80\xff\x01", 16, "\\x7f\\x80\\xff\\x01" },
        { "a\n", 5, "a\\x0a" },
        { "a\n", 4, "\\..." },
        { "\n\n\n", 11, "\\x0a\\..." },
        { "\n\n\n", 12, "\\x0a\\x0a\\x0a" },
        { "!~", 2, "!~" },
        { "\xe2\x80\xae", 12, "\\xe2\\x80\\xae" },
};

START_TEST(escapes_and_marks_cuts) {
        size_t max = escapes[_i].max, len;
        char *out = malloc(max > 0 ? max : 1);

        ck_assert_ptr_nonnull(out);
        len = audit_escape(bytes_of(escapes[_i].text), out, max);
        ck_assert_uint_le(len, max);
        ck_assert_msg(bytes_eq_str((Bytes){ out, len }, escapes[_i].escaped), "%d: %.*s", _i,
                      (int) len, out);
        free(out);
}
END_TEST

int main(void) {
        Suite *s = suite_create("record");
        TCase *t = tcase_create("record");
        SRunner *r;
        int n_failed;

        tcase_add_test(t, writes_every_field_of_a_denial);
        tcase_add_test(t, leaves_out_what_is_not_known);
        tcase_add_loop_test(t, names_kind_verdict_and_priority, 0, (int) ARRAY_SIZE(kinds));
        tcase_add_loop_test(t, says_it_in_one_line, 0, (int) ARRAY_SIZE(messages));
        tcase_add_test(t, names_tcp_peers_by_address_and_port);
        tcase_add_test(t, names_peers_of_another_pid_namespace_without_a_pid);
        tcase_add_loop_test(t, shows_query_keys_and_the_values_of_listed_ones, 0,
                            (int) ARRAY_SIZE(queries));
        tcase_add_test(t, a_client_cannot_forge_anything);
        tcase_add_test(t, the_longest_record_keeps_all_its_fields);
        tcase_add_test(t, own_texts_with_line_ends_take_the_length_prefixed_form);
        tcase_add_test(t, a_hint_is_a_line_or_the_name_of_an_operation);
        tcase_add_loop_test(t, escapes_and_marks_cuts, 0, (int) ARRAY_SIZE(escapes));
        suite_add_tcase(s, t);

        r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        n_failed = srunner_ntests_failed(r);
        srunner_free(r);
        return n_failed > 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* policy/judge: reads a body as Go would, refuses where Go is lenient, and says where and why. */
#include "policy/judge.h"

#include "request-fixture.h"

DEFINE_CLEANUP(Policy *, policy_unref)
DEFINE_CLEANUP(Body *, body_free)

static const Peer peer = { .uid = 1000 };
static JudgeNotes notes;

/* A schema of the test's own: one member of every type. */
static FieldCheck is_even;
static FieldCheck never_sees_null;
static SchemaCheck has_no_both;

static const Field inner_fields[] = {
        { .name = "Name", .type = FIELD_STRING, .harmless = HARMLESS_WORDS, .words = "|local" },
        { .name = "Size", .type = FIELD_INT, .harmless = HARMLESS_RANGE, .min = -1, .max = 100 },
};
static const Schema inner = {
        .name = "inner",
        .fields = inner_fields,
        .n_fields = ARRAY_SIZE(inner_fields),
        .check = has_no_both,
};

#define ROW(n, t, h, ...)                                                                          \
        { .name = (n), .type = FIELD_##t, .harmless = HARMLESS_##h, __VA_ARGS__ }

static const Field outer_fields[] = {
        ROW("Flag", BOOL, ANY, .min = 0),
        ROW("Zero", STRING, ZERO, .min = 0),
        ROW("Number", INT, ANY, .min = 0),
        ROW("Short", INT, ANY, .width = WIDTH_U16),
        ROW("Word", INT, ANY, .width = WIDTH_U32),
        ROW("Long", INT, ANY, .width = WIDTH_U64),
        ROW("Ratio", FLOAT, ANY, .min = 0),
        ROW("Text", STRING, ANY, .check = never_sees_null),
        ROW("Cmd", STRSLICE, ANY, .min = 0),
        ROW("Struct", STRUCT, ROWS, .rows = &inner),
        ROW("List", STRINGS, ANY, .min = 0),
        ROW("Ints", INTS, ANY, .width = WIDTH_U16),
        ROW("Structs", STRUCTS, ROWS, .rows = &inner),
        ROW("Lists", STRING_LISTS, ANY, .min = 0),
        ROW("Map", MAP_STRING, ANY, .min = 0),
        ROW("Set", MAP_EMPTY, ANY, .min = 0),
        ROW("MapStruct", MAP_STRUCT, ROWS, .rows = &inner),
        ROW("MapStructs", MAP_STRUCTS, ROWS, .rows = &inner),
        ROW("Null", STRINGS, NULL, .min = 0),
        ROW("Any", ANY, ZERO, .min = 0),
        ROW("Even", INT, ZERO, .check = is_even, .key = RULE_CREATE_PORTS),
        ROW("Keyed", STRUCTS, ZERO, .rows = &inner, .key = RULE_CREATE_DEVICES),
        ROW("Secret", STRUCTS, ZERO, .rows = &inner),
};
static const Schema outer = {
        .name = "outer",
        .fields = outer_fields,
        .n_fields = ARRAY_SIZE(outer_fields),
};

static const Field wanted_fields[] = { ROW("Even", INT, NONE, .check = is_even) };
static const Schema wanted = { .name = "wanted", .fields = wanted_fields, .n_fields = 1 };
static const Field around_fields[] = { ROW("Inner", STRUCT, ROWS, .rows = &wanted) };
static const Schema around = { .name = "around", .fields = around_fields, .n_fields = 1 };

static bool is_even(Judge *j, const Field *f, const BodyValue *v) {
        if (v->type == BODY_INTEGER && v->integer % 2 == 0)
                return true;

        return judge_deny(j, f->key, "odd", "is odd",
                          v->type == BODY_NULL ? BYTES("none") : BYTES("9"));
}

static bool never_sees_null(Judge *j, const Field *f, const BodyValue *v) {
        ck_assert_int_eq(v->type, BODY_STRING);
        return !bytes_eq_str(v->string, "narrow") ||
               judge_deny(j, f->key, "narrow", "is narrow", v->string);
}

static bool has_no_both(Judge *j, const Schema *s, const BodyValue *object) {
        BodyValue name, size;

        ck_assert_ptr_eq(s, &inner);
        (void) body_find(object, "Name", &name);
        (void) body_find(object, "Size", &size);
        return name.string.len == 0 || size.integer == 0 ||
               judge_deny(j, RULE_NONE, "both", "says both", BYTES_NONE);
}

/* The texts of the decision are in notes. */
static Decision judge_text(const Schema *s, Bytes text) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const PolicyFacts facts = { .peer = &peer, .notes = &notes };
        _cleanup_(body_freep) Body *b = NULL;
        Judge j = { .policy = p, .facts = &facts };
        BodyError error = body_parse(text, &body_limits, &b);
        Decision d;

        memset(&notes, 0, sizeof(notes));
        if (error != BODY_OK)
                return (Decision){ .status = 400, .reason = body_error_reason(error) };

        j.root = body_root(b);
        d = judge_body(&j, s);
        d.place = (Place){ 0 };
        return d;
}

typedef struct Case {
        const char *body;
        const char *reason; /* NULL: allowed */
        const char *field;
} Case;

static const Case allowed[] = {
        { "{}", NULL, NULL },
        { "{\"Flag\":true,\"Zero\":\"\",\"Number\":-5,\"Text\":\"x\",\"Cmd\":\"a b\"}", NULL,
          NULL },
        { "{\"Flag\":null,\"Zero\":null,\"Number\":null,\"Text\":null,\"Cmd\":null,\"Struct\":null,"
          "\"List\":null,\"Ints\":null,\"Structs\":null,\"Lists\":null,\"Map\":null,\"Set\":null,"
          "\"MapStruct\":null,\"MapStructs\":null,\"Null\":null,\"Any\":null,\"Even\":null}",
          NULL, NULL },
        { "{\"Cmd\":[\"a\",\"b\"],\"List\":[],\"Lists\":[[],[\"a\"]],\"Ints\":[0,65535]}", NULL,
          NULL },
        { "{\"Short\":65535,\"Word\":4294967295,\"Long\":9223372036854775807}", NULL, NULL },
        { "{\"Number\":-9223372036854775808,\"Ratio\":0.5}", NULL, NULL },
        { "{\"Ratio\":1}", NULL, NULL },
        { "{\"Struct\":{\"Name\":\"local\"},\"Structs\":[{},{\"Size\":-1},{\"Size\":100}]}", NULL,
          NULL },
        { "{\"Map\":{\"a\":\"1\",\"A\":\"2\",\"\xc5\xbf\":null},\"Set\":{\"/a\":{},\"/b\":null}}",
          NULL, NULL },
        { "{\"MapStruct\":{\"n\":null,\"m\":{\"Name\":\"\"}},\"MapStructs\":{\"80\":null,\"81\":[],"
          "\"82\":[{\"Size\":1}]}}",
          NULL, NULL },
        { "{\"Any\":{},\"Even\":4}", NULL, NULL },
        { "{\"unknown\":null,\"a\":false,\"b\":0,\"c\":\"\",\"d\":[],\"e\":{}}", NULL, NULL },
        { "{\"Keyed\":[{\"Size\":1}],\"Secret\":[]}", NULL, NULL },
        { "{\"Text\":\"\\u006e\\u0061rro\"}", NULL, NULL },
};

static const Case malformed[] = {
        /* Spelling. */
        { "{\"flag\":true}", "key-spelling", "/flag" },
        { "{\"flag\":false}", "key-spelling", "/flag" },
        { "{\"FLAG\":null}", "key-spelling", "/FLAG" },
        { "{\"Flag\":true,\"flag\":true}", "key-spelling", "/flag" },
        { "{\"\\u212aeyed\":[]}", "key-spelling",
          "/\xe2\x84\xaa"
          "eyed" },
        { "{\"\xe2\x84\xaa"
          "eyed\":[]}",
          "key-spelling",
          "/\xe2\x84\xaa"
          "eyed" },
        { "{\"Li\\u017ft\":[]}", "key-spelling", "/Li\xc5\xbft" },
        { "{\"Struct\":{\"name\":\"\"}}", "key-spelling", "/Struct/name" },
        { "{\"Structs\":[{},{\"\\u017fize\":0}]}", "key-spelling", "/Structs/1/\xc5\xbfize" },
        { "{\"MapStruct\":{\"a/b~c\":{\"NAME\":\"\"}}}", "key-spelling",
          "/MapStruct/a~1b~0c/NAME" },
        { "{\"\xc3\xa9\":null}", "key-not-ascii", "/\xc3\xa9" },
        { "{\"Struct\":{\"\xc3\xa9\":null}}", "key-not-ascii", "/Struct/\xc3\xa9" },

        /* Twice. */
        { "{\"x\":null,\"X\":null}", "json-duplicate-key", "/X" },
        { "{\"Flag\":true,\"Flag\":true}", "json-duplicate-key", NULL },
        { "{\"Fl\\u0061g\":true,\"Flag\":true}", "json-duplicate-key", NULL },
        { "{\"Map\":{\"a\":\"1\",\"a\":\"2\"}}", "json-duplicate-key", NULL },
        { "{\"Struct\":{},\"Struct\":{\"Size\":1}}", "json-duplicate-key", NULL },

        /* Types. */
        { "{\"Flag\":1}", "json-type", "/Flag" },
        { "{\"Flag\":\"true\"}", "json-type", "/Flag" },
        { "{\"Zero\":0}", "json-type", "/Zero" },
        { "{\"Text\":[\"x\"]}", "json-type", "/Text" },
        { "{\"Number\":\"1\"}", "json-type", "/Number" },
        { "{\"Number\":1.0}", "json-type", "/Number" },
        { "{\"Number\":-0}", "json-type", "/Number" },
        { "{\"Word\":-0}", "json-type", "/Word" },
        { "{\"Number\":1e2}", "json-type", "/Number" },
        { "{\"Number\":true}", "json-type", "/Number" },
        { "{\"Number\":9223372036854775808}", "json-invalid", NULL },
        { "{\"Long\":9223372036854775808}", "json-invalid", NULL },
        { "{\"Long\":-1}", "json-type", "/Long" },
        { "{\"Short\":65536}", "json-type", "/Short" },
        { "{\"Short\":-1}", "json-type", "/Short" },
        { "{\"Word\":4294967296}", "json-type", "/Word" },
        { "{\"Ints\":[1,70000]}", "json-type", "/Ints/1" },
        { "{\"Ratio\":\"0.5\"}", "json-type", "/Ratio" },
        { "{\"Cmd\":1}", "json-type", "/Cmd" },
        { "{\"Cmd\":{}}", "json-type", "/Cmd" },
        { "{\"List\":\"a\"}", "json-type", "/List" },
        { "{\"List\":{}}", "json-type", "/List" },
        { "{\"List\":[[]]}", "json-type", "/List/0" },
        { "{\"Lists\":[\"a\"]}", "json-type", "/Lists/0" },
        { "{\"Lists\":[[\"a\",1]]}", "json-type", "/Lists/0/1" },
        { "{\"Struct\":[]}", "json-type", "/Struct" },
        { "{\"Struct\":\"\"}", "json-type", "/Struct" },
        { "{\"Structs\":{}}", "json-type", "/Structs" },
        { "{\"Structs\":[[]]}", "json-type", "/Structs/0" },
        { "{\"Map\":[]}", "json-type", "/Map" },
        { "{\"Map\":{\"a\":1}}", "json-type", "/Map/a" },
        { "{\"Set\":{\"/a\":{\"b\":1}}}", "json-type", "/Set/~1a" },
        { "{\"Set\":{\"/a\":[]}}", "json-type", "/Set/~1a" },
        { "{\"MapStructs\":{\"80\":{}}}", "json-type", "/MapStructs/80" },

        /* null in lists. */
        { "{\"Cmd\":[null]}", "json-null", "/Cmd/0" },
        { "{\"List\":[\"a\",null]}", "json-null", "/List/1" },
        { "{\"Lists\":[null]}", "json-null", "/Lists/0" },
        { "{\"Structs\":[null]}", "json-null", "/Structs/0" },
        { "{\"MapStructs\":{\"80\":[null]}}", "json-null", "/MapStructs/80/0" },

        /* Before anything is judged. */
        { "{\"Zero\":\"x\",\"Flag\":1}", "json-type", "/Flag" },
        { "{\"unknown\":1,\"flag\":true}", "key-spelling", "/flag" },
};

static const Case denied[] = {
        { "{\"Zero\":\"x\"}", "field-refused", "/Zero" },
        { "{\"unknown\":1}", "field-unknown", "/unknown" },
        { "{\"unknown\":true}", "field-unknown", "/unknown" },
        { "{\"unknown\":0.0}", "field-unknown", "/unknown" },
        { "{\"unknown\":\" \"}", "field-unknown", "/unknown" },
        { "{\"unknown\":[null]}", "field-unknown", "/unknown" },
        { "{\"unknown\":{\"a\":null}}", "field-unknown", "/unknown" },
        { "{\"a/b~\":1}", "field-unknown", "/a~1b~0" },
        { "{\"Struct\":{\"x\":1}}", "field-unknown", "/Struct/x" },
        { "{\"Any\":[0]}", "field-refused", "/Any" },
        { "{\"Null\":[]}", "field-refused", "/Null" },
        { "{\"Struct\":{\"Name\":\"LOCAL\"}}", "field-refused", "/Struct/Name" },
        { "{\"Struct\":{\"Name\":\"loca\"}}", "field-refused", "/Struct/Name" },
        { "{\"Struct\":{\"Name\":\"|\"}}", "field-refused", "/Struct/Name" },
        { "{\"Struct\":{\"Name\":\"|local\"}}", "field-refused", "/Struct/Name" },
        { "{\"Struct\":{\"Size\":-2}}", "field-refused", "/Struct/Size" },
        { "{\"Structs\":[{},{\"Size\":101}]}", "field-refused", "/Structs/1/Size" },
        { "{\"MapStruct\":{\"n\":{\"Size\":101}}}", "field-refused", "/MapStruct/n/Size" },
        { "{\"MapStructs\":{\"80/tcp\":[{},{\"Size\":101}]}}", "field-refused",
          "/MapStructs/80~1tcp/1/Size" },
        { "{\"Secret\":[{}]}", "field-refused", "/Secret" },
        { "{\"Keyed\":[{\"Size\":101}]}", "field-refused", "/Keyed/0/Size" },
        { "{\"Even\":3}", "odd", "/Even" },
        { "{\"Text\":\"narrow\"}", "narrow", "/Text" },
        { "{\"Text\":\"n\\u0061rrow\"}", "narrow", "/Text" },
        { "{\"Structs\":[{\"Name\":\"local\",\"Size\":1}]}", "both", "/Structs/0" },

        /* Rows are walked in their order, whatever the client's. */
        { "{\"Even\":3,\"Zero\":\"x\"}", "field-refused", "/Zero" },
        { "{\"unknown\":1,\"Even\":3}", "odd", "/Even" },
};

START_TEST(allows_what_is_harmless) {
        const Case *c = &allowed[_i];
        Decision d = judge_text(&outer, bytes_of(c->body));

        ck_assert_msg(d.verdict == VERDICT_ALLOW, "%s: %s %s", c->body, d.reason, notes.field);
}
END_TEST

static void check_case(const Case *c, Decision d) {
        ck_assert_msg(d.verdict == VERDICT_DENY, "%s", c->body);
        ck_assert_msg(strcmp(d.reason, c->reason) == 0, "%s: %s at %s", c->body, d.reason,
                      notes.field);
        if (!c->field)
                return;

        ck_assert_str_eq(notes.field, c->field);
        ck_assert(bytes_eq_str(d.field, c->field));
        ck_assert_ptr_nonnull(d.text);
}

START_TEST(rejects_what_go_would_read_otherwise) {
        const Case *c = &malformed[_i];
        Decision d = judge_text(&outer, bytes_of(c->body));

        check_case(c, d);
        ck_assert_uint_eq(d.status, 400);
        ck_assert(!c->field || d.is_malformed);
}
END_TEST

START_TEST(denies_what_no_row_allows) {
        const Case *c = &denied[_i];
        Decision d = judge_text(&outer, bytes_of(c->body));

        check_case(c, d);
        ck_assert_uint_eq(d.status, 0);
        ck_assert(!d.is_malformed);
}
END_TEST

/* The engine's default is what an absent member asks for; structs are walked even when absent. */
static const char *const absent[] = { "{}", "{\"Inner\":null}", "{\"Inner\":{}}",
                                      "{\"Inner\":{\"Even\":null}}" };

START_TEST(judges_an_absent_member_that_is_never_harmless) {
        Decision d = judge_text(&around, bytes_of(absent[_i]));

        ck_assert_int_eq(d.verdict, VERDICT_DENY);
        ck_assert_str_eq(d.reason, "odd");
        ck_assert_str_eq(notes.field, "/Inner/Even");
        ck_assert_str_eq(notes.value, "none");
        ck_assert_int_eq(judge_text(&around, BYTES("{\"Inner\":{\"Even\":2}}")).verdict,
                         VERDICT_ALLOW);
}
END_TEST

static void fill(char *room, size_t n, char c) {
        memset(room, c, n);
        room[n] = '\0';
}

START_TEST(keys_of_structs_are_short_and_those_of_maps_need_not_be) {
        char key[66], text[256];

        fill(key, 64, 'x');
        (void) snprintf(text, sizeof(text), "{\"%s\":null,\"Map\":{\"%s%s\":\"\"}}", key, key, key);
        ck_assert_int_eq(judge_text(&outer, bytes_of(text)).verdict, VERDICT_ALLOW);
        fill(key, 65, 'x');
        (void) snprintf(text, sizeof(text), "{\"%s\":null}", key);
        ck_assert_str_eq(judge_text(&outer, bytes_of(text)).reason, "json-too-long");
}
END_TEST

START_TEST(unknown_keys_are_few) {
        char text[1024] = "{";
        size_t len = 1;

        for (int i = 0; i < 64; i++)
                len += (size_t) snprintf(text + len, sizeof(text) - len, "\"k%d\":0,", i);
        text[len - 1] = '}';
        ck_assert_int_eq(judge_text(&outer, bytes_of(text)).verdict, VERDICT_ALLOW);
        (void) snprintf(text + len - 1, sizeof(text) - len + 1, ",\"k64\":0}");
        ck_assert_str_eq(judge_text(&outer, bytes_of(text)).reason, "json-too-many");
}
END_TEST

/* Deeper than any row: nothing follows it there. */
START_TEST(depth_of_what_is_unknown_is_not_walked) {
        char text[256] = "{\"unknown\":";
        size_t len = strlen(text);

        memset(text + len, '[', 30);
        memset(text + len + 30, ']', 30);
        text[len + 60] = '}';
        ck_assert_str_eq(judge_text(&outer, bytes_of(text)).reason, "field-unknown");
}
END_TEST

static Judge new_judge(const Policy *p, const PolicyFacts *facts) {
        return (Judge){ .policy = p, .facts = facts };
}

START_TEST(pointers_are_cut_between_characters_and_come_back) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const PolicyFacts facts = { .peer = &peer, .notes = &notes };
        Judge j = new_judge(p, &facts);
        char name[JUDGE_POINTER_MAX];
        size_t first, second;

        first = judge_push(&j, BYTES("Binds"));
        second = judge_push_index(&j, 12);
        ck_assert(bytes_eq_str((Bytes){ j.pointer, j.pointer_len }, "/Binds/12"));
        judge_pop(&j, second);
        ck_assert(bytes_eq_str((Bytes){ j.pointer, j.pointer_len }, "/Binds"));

        fill(name, JUDGE_POINTER_MAX - 9, 'x');
        second = judge_push(&j, bytes_of(name)); /* one byte is left */
        ck_assert_uint_eq(j.pointer_len, JUDGE_POINTER_MAX - 2);
        (void) judge_push(&j, BYTES("~"));
        ck_assert_uint_eq(j.pointer_len, JUDGE_POINTER_MAX - 1);
        ck_assert_int_eq(j.pointer[JUDGE_POINTER_MAX - 2], '/');
        (void) judge_push(&j, BYTES("\xc3\xa9"));
        (void) judge_push(&j, BYTES("more"));
        ck_assert_uint_eq(j.pointer_len, JUDGE_POINTER_MAX);

        (void) judge_deny(&j, RULE_NONE, "x", "x", BYTES_NONE);
        ck_assert_uint_lt(j.decision.field.len, sizeof(notes.field));
        judge_pop(&j, second);
        judge_pop(&j, first);
        ck_assert_uint_eq(j.pointer_len, 0);
}
END_TEST

START_TEST(the_first_refusal_stands) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const PolicyFacts facts = { .peer = &peer, .notes = &notes };
        Judge j = new_judge(p, &facts);

        ck_assert(!judge_deny(&j, RULE_CREATE_PORTS, "one", "one", BYTES("80")));
        ck_assert(!judge_deny(&j, RULE_CREATE_IMAGES, "two", "two", BYTES("81")));
        ck_assert(!judge_reject(&j, "three", "three"));
        ck_assert_str_eq(j.decision.reason, "one");
        ck_assert_str_eq(notes.value, "80");
        ck_assert_str_eq(j.decision.hint, "[container.create] ports = 80");
}
END_TEST

static const struct {
        RuleKey key;
        const char *value;
        const char *hint;
} hints[] = {
        { RULE_CREATE_BIND_MOUNTS, "/srv/app", "[container.create] bind-mounts = /srv/app" },
        { RULE_CREATE_IMAGES, "ghcr.io/a/b:1@sha256:0f",
          "[container.create] images = ghcr.io/a/b:1@sha256:0f" },
        { RULE_CREATE_IMAGES, "*", "[container.create] images = ..." },
        { RULE_CREATE_IMAGES, "a b", "[container.create] images = ..." },
        { RULE_CREATE_IMAGES, "a\nb", "[container.create] images = ..." },
        { RULE_CREATE_SYSCTLS, "a=b", "[container.create] sysctls = ..." },
        { RULE_CREATE_IMAGES, "", "[container.create] images = ..." },
        { RULE_CREATE_IMAGES, "caf\xc3\xa9", "[container.create] images = ..." },
        { RULE_CREATE_PRIVILEGED, "", "[container.create] privileged = yes" },
        { RULE_CREATE_ENDPOINT_STATE, "10.0.0.1", "[container.create] endpoint-state = ignore" },
        { RULE_EXEC_ENV, "", "[exec.create] env = yes" },
        { RULE_SCOPE_CONTAINERS, "web", "[scope] containers = web" },
};

START_TEST(hints_offer_no_more_than_was_asked_for) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const PolicyFacts facts = { .peer = &peer, .notes = &notes };
        Judge j = new_judge(p, &facts);

        (void) judge_deny(&j, hints[_i].key, "x", "x", bytes_of(hints[_i].value));
        ck_assert_str_eq(j.decision.hint, hints[_i].hint);
}
END_TEST

START_TEST(hints_may_name_another_word_than_the_value) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const PolicyFacts facts = { .peer = &peer, .notes = &notes };
        Judge j = new_judge(p, &facts);

        (void) judge_deny_word(&j, RULE_CREATE_NAMESPACES, "network", "x", "x", BYTES("host"));
        ck_assert_str_eq(j.decision.hint, "[container.create] namespaces = network");
        ck_assert_str_eq(notes.value, "host");
}
END_TEST

START_TEST(values_are_cut_between_characters) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const PolicyFacts facts = { .peer = &peer, .notes = &notes };
        Judge j = new_judge(p, &facts);
        char value[512];

        fill(value, sizeof(value) - 1, 'x');
        memcpy(value + sizeof(notes.value) - 2, "\xc3\xa9", 2);
        (void) judge_deny(&j, RULE_CREATE_IMAGES, "x", "x", bytes_of(value));
        ck_assert_uint_eq(strlen(notes.value), sizeof(notes.value) - 2);
        ck_assert_str_eq(j.decision.hint, "[container.create] images = ...");
}
END_TEST

START_TEST(without_notes_nothing_of_the_body_is_kept) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const PolicyFacts facts = { .peer = &peer };
        Judge j = new_judge(p, &facts);

        (void) judge_push(&j, BYTES("Image"));
        (void) judge_deny(&j, RULE_CREATE_IMAGES, "x", "x", BYTES("alpine"));
        ck_assert_ptr_null(j.decision.subject.data);
        ck_assert_ptr_null(j.decision.field.data);
        ck_assert_ptr_null(j.decision.hint);
}
END_TEST

START_TEST(rules_are_read_by_number) {
        _cleanup_(policy_unrefp) Policy *p = fixture_policy();
        const PolicyFacts facts = { .peer = &peer };
        Judge j = new_judge(p, &facts);
        Place place = { 0 };

        ck_assert(!judge_is_yes(&j, RULE_CREATE_PRIVILEGED));
        fixture_words(&p->rules[RULE_CREATE_PRIVILEGED], "no on");
        fixture_words(&p->rules[RULE_CREATE_TMPFS], "yes no");
        fixture_words(&p->rules[RULE_CREATE_VOLUMES], "app_* data");
        ck_assert(judge_is_yes(&j, RULE_CREATE_PRIVILEGED));
        ck_assert(!judge_is_yes(&j, RULE_CREATE_TMPFS));
        ck_assert(judge_has_word(&j, RULE_CREATE_VOLUMES, "data"));
        ck_assert(!judge_has_word(&j, RULE_CREATE_VOLUMES, "app_db"));
        ck_assert(judge_matches(&j, RULE_CREATE_VOLUMES, BYTES("app_db"), &place));
        ck_assert_uint_eq(place.line, 5);
        ck_assert(judge_matches(&j, RULE_CREATE_VOLUMES, BYTES("data"), NULL));
        ck_assert(!judge_matches(&j, RULE_CREATE_VOLUMES, BYTES("app"), NULL));
        ck_assert(!judge_matches(&j, RULE_CREATE_IMAGES, BYTES("alpine"), NULL));
}
END_TEST

/* The real rows, by the policy that says nothing. */
static const Case create[] = {
        { "{}", "", NULL },
        { "{\"HostConfig\":{\"privileged\":true}}", "key-spelling", "/HostConfig/privileged" },
        { "{\"HostConfig\":{\"Privileged\":\"true\"}}", "json-type", "/HostConfig/Privileged" },
        { "{\"HostConfig\":{\"Bind\\u017f\":[]}}", "key-spelling", "/HostConfig/Bind\xc5\xbf" },
        { "{\"HostConfig\":{\"Mounts\":[{\"type\":\"bind\"}]}}", "key-spelling",
          "/HostConfig/Mounts/0/type" },
        { "{\"HostConfig\":{\"PidsLimit\":9223372036854775808}}", "json-invalid", NULL },
        { "{\"hostConfig\":{}}", "key-spelling", "/hostConfig" },
};

START_TEST(rejects_malformed_creates_whatever_the_policy_says) {
        const Case *c = &create[_i];
        Decision d = judge_text(&schema_container_create, bytes_of(c->body));

        ck_assert_int_eq(d.verdict, VERDICT_DENY);
        if (c->reason[0] != '\0')
                ck_assert_str_eq(d.reason, c->reason);
        if (c->field)
                ck_assert_str_eq(notes.field, c->field);
}
END_TEST

static void add_tables(TCase *t) {
        tcase_add_loop_test(t, allows_what_is_harmless, 0, (int) ARRAY_SIZE(allowed));
        tcase_add_loop_test(t, rejects_what_go_would_read_otherwise, 0,
                            (int) ARRAY_SIZE(malformed));
        tcase_add_loop_test(t, denies_what_no_row_allows, 0, (int) ARRAY_SIZE(denied));
        tcase_add_loop_test(t, judges_an_absent_member_that_is_never_harmless, 0,
                            (int) ARRAY_SIZE(absent));
        tcase_add_loop_test(t, hints_offer_no_more_than_was_asked_for, 0, (int) ARRAY_SIZE(hints));
        tcase_add_loop_test(t, rejects_malformed_creates_whatever_the_policy_says, 0,
                            (int) ARRAY_SIZE(create));
}

int main(void) {
        Suite *s = suite_create("judge");
        TCase *t = tcase_create("judge");

        add_tables(t);
        tcase_add_test(t, keys_of_structs_are_short_and_those_of_maps_need_not_be);
        tcase_add_test(t, unknown_keys_are_few);
        tcase_add_test(t, depth_of_what_is_unknown_is_not_walked);
        tcase_add_test(t, pointers_are_cut_between_characters_and_come_back);
        tcase_add_test(t, the_first_refusal_stands);
        tcase_add_test(t, hints_may_name_another_word_than_the_value);
        tcase_add_test(t, values_are_cut_between_characters);
        tcase_add_test(t, without_notes_nothing_of_the_body_is_kept);
        tcase_add_test(t, rules_are_read_by_number);
        suite_add_tcase(s, t);
        return fixture_run(s);
}

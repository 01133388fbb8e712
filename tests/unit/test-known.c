/* SPDX-License-Identifier: Apache-2.0 */
/* Ids that were seen being made, and objects that the engine spoke of: bounds, owners, ages, and
 * how an inspect is read. */
#include "policy/known.h"
#include "util/macros.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

DEFINE_CLEANUP(Known *, known_free)

static const Peer ann = { .uid = 1000 };
static const Peer bob = { .uid = 1001 };
static const Peer host_a = { .is_tcp = true, .raw_address = { 10, 1 } };
static const Peer host_b = { .is_tcp = true, .raw_address = { 10, 2 } };

/* The id number n: 64 digits. */
static Bytes id_of(unsigned n) {
        static char rooms[4][OBJECT_ID_SIZE];
        static unsigned next;
        char *room = rooms[next++ % ARRAY_SIZE(rooms)];

        (void) snprintf(room, OBJECT_ID_SIZE, "%08x%056x", n, n);
        return bytes_of(room);
}

START_TEST(gives_an_exec_to_its_maker_alone) {
        _cleanup_(known_freep) Known *k = known_new();

        ck_assert_int_eq(known_add_exec(k, id_of(1), &ann, 100), 0);
        ck_assert_int_eq(known_add_exec(k, id_of(2), &host_a, 100), 0);
        ck_assert(known_has_exec(k, id_of(1), &ann, 200));
        ck_assert(!known_has_exec(k, id_of(1), &bob, 200));
        ck_assert(!known_has_exec(k, id_of(1), &host_a, 200));
        ck_assert(known_has_exec(k, id_of(2), &host_a, 200));
        ck_assert(!known_has_exec(k, id_of(2), &host_b, 200));
        ck_assert(!known_has_exec(k, id_of(3), &ann, 200));
        ck_assert_uint_eq(known_last_exec(k), 100);
}
END_TEST

START_TEST(forgets_an_exec_after_its_time) {
        _cleanup_(known_freep) Known *k = known_new();

        ck_assert_int_eq(known_add_exec(k, id_of(1), &ann, 100), 0);
        ck_assert(known_has_exec(k, id_of(1), &ann, 100 + KNOWN_EXEC_USEC));
        ck_assert(!known_has_exec(k, id_of(1), &ann, 101 + KNOWN_EXEC_USEC));
}
END_TEST

START_TEST(keeps_the_newest_execs_when_the_ring_is_full) {
        _cleanup_(known_freep) Known *k = known_new();

        for (unsigned i = 0; i <= KNOWN_EXECS_MAX; i++)
                ck_assert_int_eq(known_add_exec(k, id_of(i), &ann, 1), 0);
        ck_assert(!known_has_exec(k, id_of(0), &ann, 1));
        ck_assert(known_has_exec(k, id_of(1), &ann, 1));
        ck_assert(known_has_exec(k, id_of(KNOWN_EXECS_MAX), &ann, 1));
}
END_TEST

START_TEST(takes_full_ids_alone) {
        _cleanup_(known_freep) Known *k = known_new();
        Bytes full = id_of(7);

        ck_assert_int_eq(known_add_exec(k, bytes_slice(full, 0, 12), &ann, 1), 0);
        ck_assert_int_eq(known_add_created(k, BYTES("web")), 0);
        ck_assert_uint_eq(known_last_exec(k), 0);
        ck_assert(!known_has_exec(k, bytes_slice(full, 0, 12), &ann, 1));
        ck_assert(!known_has_created(k, BYTES("web")));
        ck_assert(!known_has_exec(NULL, full, &ann, 1));
        ck_assert(!known_has_created(NULL, full));
}
END_TEST

START_TEST(remembers_what_was_created_here) {
        _cleanup_(known_freep) Known *k = known_new();

        for (unsigned i = 0; i <= KNOWN_CREATED_MAX; i++)
                ck_assert_int_eq(known_add_created(k, id_of(i)), 0);
        ck_assert(!known_has_created(k, id_of(0)));
        ck_assert(known_has_created(k, id_of(KNOWN_CREATED_MAX)));
}
END_TEST

static Object object_of(unsigned n, ObjectKind kind) {
        Object o = { .kind = kind };

        (void) snprintf(o.id, sizeof(o.id), "%s", id_of(n).data);
        (void) snprintf(o.name, sizeof(o.name), "web");
        return o;
}

START_TEST(finds_objects_by_kind_and_full_id) {
        _cleanup_(known_freep) Known *k = known_new();
        Object web = object_of(1, OBJECT_CONTAINER), gone = object_of(2, OBJECT_CONTAINER);

        gone.is_missing = true;
        ck_assert_int_eq(known_add_object(k, &web), 0);
        ck_assert_int_eq(known_add_object(k, &gone), 0);
        ck_assert_ptr_nonnull(known_find_object(k, OBJECT_CONTAINER, id_of(1)));
        ck_assert_ptr_null(known_find_object(k, OBJECT_NETWORK, id_of(1)));
        ck_assert_ptr_null(known_find_object(k, OBJECT_CONTAINER, id_of(2)));
        ck_assert_ptr_null(known_find_object(k, OBJECT_CONTAINER, BYTES("web")));

        known_forget_objects(k);
        ck_assert_ptr_null(known_find_object(k, OBJECT_CONTAINER, id_of(1)));
}
END_TEST

#define ID "00000001000000000000000000000000000000000000000000000000000000ab"

typedef struct Inspect {
        ObjectKind kind;
        const char *json;
        const char *name, *project; /* name NULL: refused */
} Inspect;

static const Inspect inspects[] = {
        { OBJECT_CONTAINER,
          "{\"Id\":\"" ID
          "\",\"Name\":\"/web\",\"Config\":{\"Labels\":{\"com.docker.compose.project\":\"shop\"}}}",
          "web", "shop" },
        { OBJECT_CONTAINER, "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":{\"Labels\":{}}}",
          "web", "" },
        { OBJECT_CONTAINER, "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":{\"Labels\":null}}",
          "web", "" },
        { OBJECT_CONTAINER, "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":{}}", "web", "" },
        /* labels elsewhere are not the container's */
        { OBJECT_CONTAINER,
          "{\"Id\":\"" ID "\",\"Name\":\"/"
          "web\",\"Labels\":{\"com.docker.compose.project\":\"shop\"},\"Config\":{}}",
          "web", "" },
        { OBJECT_CONTAINER, "{\"Id\":\"" ID "\",\"Name\":\"/web\"}", NULL, NULL },
        { OBJECT_CONTAINER, "{\"Id\":\"abc\",\"Name\":\"/web\",\"Config\":{}}", NULL, NULL },
        { OBJECT_CONTAINER, "{\"Id\":\"" ID "\",\"Config\":{}}", NULL, NULL },
        { OBJECT_CONTAINER, "{\"Id\":\"" ID "\",\"Name\":7,\"Config\":{}}", NULL, NULL },
        { OBJECT_CONTAINER, "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Config\":{\"Labels\":[]}}",
          NULL, NULL },
        { OBJECT_CONTAINER,
          "{\"Id\":\"" ID
          "\",\"Name\":\"/web\",\"Config\":{\"Labels\":{\"com.docker.compose.project\":1}}}",
          NULL, NULL },
        { OBJECT_CONTAINER, "[]", NULL, NULL },
        { OBJECT_CONTAINER, "", NULL, NULL },
        { OBJECT_NETWORK,
          "{\"Name\":\"shop_default\",\"Id\":\"" ID
          "\",\"Labels\":{\"com.docker.compose.project\":\"shop\"}}",
          "shop_default", "shop" },
        { OBJECT_NETWORK, "{\"Name\":\"shop_default\",\"Labels\":{}}", NULL, NULL },
        { OBJECT_VOLUME,
          "{\"Name\":\"shop_data\",\"Labels\":{\"com.docker.compose.project\":\"shop\"}}",
          "shop_data", "shop" },
        { OBJECT_VOLUME, "{\"Name\":\"data\",\"Labels\":null}", "data", "" },
        { OBJECT_VOLUME, "{\"Labels\":null}", NULL, NULL },
};

START_TEST(reads_an_inspect_as_the_engine_writes_it) {
        const Inspect *c = &inspects[_i];
        Object o = { .kind = c->kind };
        bool is_good = object_read_inspect(bytes_of(c->json), &o);

        ck_assert_msg(is_good == (c->name != NULL), "%s", c->json);
        if (!is_good)
                return;
        ck_assert_str_eq(o.name, c->name);
        ck_assert_str_eq(o.project, c->project);
        ck_assert_str_eq(o.id, c->kind == OBJECT_VOLUME ? "" : ID);
}
END_TEST

START_TEST(reads_the_id_of_what_was_made) {
        char id[OBJECT_ID_SIZE];

        ck_assert(object_read_id(BYTES("{\"Id\":\"" ID "\",\"Warnings\":[]}"), id));
        ck_assert_str_eq(id, ID);
        ck_assert(!object_read_id(BYTES("{\"id\":\"" ID "\"}"), id));
        ck_assert(!object_read_id(BYTES("{\"Id\":\"abc\"}"), id));
        ck_assert(!object_read_id(BYTES("{\"Id\":\"" ID "\""), id));
}
END_TEST

START_TEST(finds_what_was_asked_for_this_request) {
        Objects objects = { .n = 1, .items[0] = { .kind = OBJECT_NETWORK, .asked = "web" } };

        ck_assert_ptr_nonnull(objects_find(&objects, OBJECT_NETWORK, BYTES("web")));
        ck_assert_ptr_null(objects_find(&objects, OBJECT_CONTAINER, BYTES("web")));
        ck_assert_ptr_null(objects_find(&objects, OBJECT_NETWORK, BYTES("we")));
        ck_assert_ptr_null(objects_find(NULL, OBJECT_NETWORK, BYTES("web")));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("known");
        TCase *tc = tcase_create("known");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, gives_an_exec_to_its_maker_alone);
        tcase_add_test(tc, forgets_an_exec_after_its_time);
        tcase_add_test(tc, keeps_the_newest_execs_when_the_ring_is_full);
        tcase_add_test(tc, takes_full_ids_alone);
        tcase_add_test(tc, remembers_what_was_created_here);
        tcase_add_test(tc, finds_objects_by_kind_and_full_id);
        tcase_add_loop_test(tc, reads_an_inspect_as_the_engine_writes_it, 0,
                            (int) ARRAY_SIZE(inspects));
        tcase_add_test(tc, reads_the_id_of_what_was_made);
        tcase_add_test(tc, finds_what_was_asked_for_this_request);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

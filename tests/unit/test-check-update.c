/* SPDX-License-Identifier: Apache-2.0 */
/* policy/check-update: which limits may be set anew, and to what. */
#include "check-case.h"

static const Peer peer = { .uid = 1000 };
static JudgeNotes notes;
static const PolicyFacts facts = { .peer = &peer, .notes = &notes };

#define FIELDS(list) "[container.update]\nfields = " list "\n"
#define UNLIMITED    "unlimited = yes\n"

static const CheckCase cases[] = {
        { FIELDS("Memory NanoCpus"), "{\"Memory\":1048576,\"NanoCpus\":500000000}", NULL, NULL },
        { FIELDS("Memory"), "{\"Memory\":1048576,\"NanoCpus\":0,\"CpuShares\":null}", NULL, NULL },
        { "", "{}", NULL, NULL },
        { "", "{\"Memory\":0,\"KernelMemory\":0,\"MemorySwappiness\":null}", NULL, NULL },
        { "", "{\"Memory\":1}", "update-field-not-allowed", "/Memory" },
        { FIELDS("Memory"), "{\"NanoCpus\":1}", "update-field-not-allowed", "/NanoCpus" },

        { FIELDS("MemorySwap"), "{\"MemorySwap\":-1}", "update-unlimited", "/MemorySwap" },
        { FIELDS("MemorySwap") UNLIMITED, "{\"MemorySwap\":-1}", NULL, NULL },
        { FIELDS("CpuQuota"), "{\"CpuQuota\":-1}", "update-unlimited", "/CpuQuota" },
        { FIELDS("PidsLimit"), "{\"PidsLimit\":0}", "update-unlimited", "/PidsLimit" },
        { FIELDS("PidsLimit"), "{\"PidsLimit\":-1}", "update-unlimited", "/PidsLimit" },
        { FIELDS("PidsLimit"), "{\"PidsLimit\":null}", NULL, NULL },
        { FIELDS("PidsLimit"), "{\"PidsLimit\":100}", NULL, NULL },
        { FIELDS("PidsLimit") UNLIMITED, "{\"PidsLimit\":0}", NULL, NULL },
        { "[container.update]\n" UNLIMITED, "{\"PidsLimit\":0}", "update-field-not-allowed",
          "/PidsLimit" },

        { FIELDS("BlkioWeight"), "{\"BlkioWeight\":10}", NULL, NULL },
        { FIELDS("BlkioWeight"), "{\"BlkioWeight\":1000}", NULL, NULL },
        { FIELDS("BlkioWeight"), "{\"BlkioWeight\":9}", "update-range", "/BlkioWeight" },
        { FIELDS("BlkioWeight"), "{\"BlkioWeight\":1001}", "update-range", "/BlkioWeight" },

        { FIELDS("CpusetCpus"), "{\"CpusetCpus\":\"0-2,4\"}", NULL, NULL },
        { FIELDS("CpusetCpus"), "{\"CpusetCpus\":\"all\"}", "update-cpuset", "/CpusetCpus" },
        { FIELDS("CpusetCpus"), "{\"CpusetMems\":\"0\"}", "update-field-not-allowed",
          "/CpusetMems" },

        { FIELDS("RestartPolicy"), "{\"RestartPolicy\":{\"Name\":\"always\"}}", NULL, NULL },
        { FIELDS("RestartPolicy"),
          "{\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":3}}", NULL, NULL },
        { "", "{\"RestartPolicy\":{\"Name\":\"\",\"MaximumRetryCount\":0}}", NULL, NULL },
        { "", "{\"RestartPolicy\":{\"Name\":\"always\"}}", "update-field-not-allowed",
          "/RestartPolicy/Name" },
        { FIELDS("RestartPolicy") "[container.create]\nrestart-policies = no\n",
          "{\"RestartPolicy\":{\"Name\":\"always\"}}", "restart-policy-not-allowed",
          "/RestartPolicy/Name" },

        { FIELDS("Memory"), "{\"CpuRealtimeRuntime\":1}", "field-refused", "/CpuRealtimeRuntime" },
        { FIELDS("Memory"), "{\"BlkioDeviceReadBps\":[]}", "field-refused", "/BlkioDeviceReadBps" },
        { FIELDS("Memory"), "{\"Devices\":[{\"PathOnHost\":\"/dev/sda\"}]}", "field-refused",
          "/Devices" },
        { FIELDS("Memory"), "{\"Privileged\":true}", "field-unknown", "/Privileged" },
};

START_TEST(judges_limits_of_a_running_container) {
        const CheckCase *c = &cases[_i];

        check_expect(c->body,
                     check_judge("POST /containers/web/update", &schema_container_update, c->ini,
                                 c->body, &facts),
                     c->reason, c->pointer);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("check-update");
        TCase *tc = tcase_create("check-update");

        tcase_add_loop_test(tc, judges_limits_of_a_running_container, 0, ARRAY_SIZE(cases));
        suite_add_tcase(suite, tc);
        return fixture_run(suite);
}

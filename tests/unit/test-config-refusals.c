/* SPDX-License-Identifier: Apache-2.0 */
/* config/config: which texts are refused, with which line and cure. */
#include "config-case.h"

/* Refused: the line, and a piece of the text that the operator reads. */
static const struct {
        const char *text;
        unsigned line;
        const char *says;
} refusals[] = {
        /* Sections, keys and what is near them. */
        { "[polcy]\n", 1, "unknown section [polcy] (did you mean policy?)" },
        { "[polcy]\nmode = shadow\n", 1, "unknown section" },
        { "\n[zzzzzz]\n", 2, "unknown section [zzzzzz]" },
        { "[container.creat]\n", 1, "did you mean container.create?" },
        { "[alow]\nCONTAINERS = yes\n", 1, "did you mean allow?" },
        { "[policy]\nmodes = shadow\n", 2, "unknown key 'modes' in [policy] (did you mean mode?)" },
        { "[limits]\nidle-timeout = 1s\n", 2, "unknown key 'idle-timeout'" },
        { "[container.create]\nbind-mount = /a\n", 2, "did you mean bind-mounts?" },
        { "[upstream]\nmode = enforce\n", 2, "unknown key 'mode' in [upstream]" },
        { "[audit]\nlog = all\nlogs = all\n", 3, "did you mean log?" },
        /* The reader's refusals come with their line. */
        { "mode = shadow\n", 1, "before the first [section]" },
        { "[policy]\n\nmode\n", 3, "no '='" },
        { "[policy]\nmode = \x01\n", 2, "control character" },
        /* Scalars. */
        { "[policy]\nmode = shadw\n", 2, "'shadw' is no word of this key; known: enforce shadow" },
        { "[policy]\nmode = Shadow\n", 2, "known: enforce shadow" },
        { "[policy]\nmode =\n", 2, "has no value" },
        { "[policy]\nmode = enforce shadow\n", 2, "takes one word" },
        { "[policy]\napi-min = 1.23\n", 2, "1.24" },
        { "[policy]\napi-min = 2.0\n", 2, "1.24" },
        { "[policy]\napi-min = 1.1000\n", 2, "1.24" },
        { "[policy]\napi-min = 1.024\n", 2, "1.24" },
        { "[policy]\napi-min = 1.\n", 2, "1.24" },
        { "[policy]\naccept-writable-roots = maybe\n", 2, "neither yes nor no" },
        { "[upstream]\nengine = containerd\n", 2, "known: docker podman" },
        { "[upstream]\nsocket = docker.sock\n", 2, "begins with /" },
        { "[upstream]\nsocket = /\n", 2, "no path of a socket" },
        { "[upstream]\nsocket = /run/../docker.sock\n", 2, "no path of a socket" },
        { "[upstream]\nsocket = //run/docker.sock\n", 2, "no path of a socket" },
        { "[upstream]\nsocket = unix:///run/docker.sock\n", 2, "no path of a socket" },
        { "[upstream]\nsocket = /run/%x.sock\n", 2, "unknown specifier" },
        { "[upstream]\nsocket = /run/docker.sock%\n", 2, "unknown specifier" },
        { "[upstream]\nsocket = "
          "/1234567890123456789012345678901234567890123456789012345678901234567890123456789"
          "0123456789012345678901234567\n",
          2, "107 bytes" },
        { "[audit]\nlog = none\n", 2, "known: all changes denied" },
        { "[audit]\nrequired = yes\n", 2, "known: no changes all" },
        /* Limits. */
        { "[limits]\njudged-body = 8388609\n", 2, "8M is the most" },
        { "[limits]\njudged-body = 9M\n", 2, "8M is the most" },
        { "[limits]\njudged-body = 0\n", 2, "no meaning" },
        { "[limits]\njudged-bytes = 1023K\n", 2, "less than judged-body" },
        { "[limits]\njudged-bytes = 2M\njudged-body = 4M\n", 2, "less than judged-body" },
        { "[limits]\njudged-bytes = 2G\n", 2, "too large" },
        { "[limits]\nconnections = 0\n", 2, "no meaning" },
        { "[limits]\nconnections = 65537\n", 2, "too large" },
        { "[limits]\nconnections = -1\n", 2, "is no number" },
        { "[limits]\nconnections-per-peer = 0\n", 2, "no meaning" },
        { "[limits]\nhead-timeout = 0\n", 2, "no meaning" },
        { "[limits]\nbody-timeout = 0s\n", 2, "no meaning" },
        { "[limits]\ndrain-timeout = 0ms\n", 2, "no meaning" },
        { "[limits]\nhead-timeout = 10 s\n", 2, "'s' is no time" },
        { "[limits]\nhead-timeout = soon\n", 2, "is no time" },
        { "[limits]\nidle-exit = 8761h\n", 2, "too large" },
        /* Words that look like something else. */
        { "[container.create]\nimages = a=b\n", 2, "holds '='" },
        { "[container.create]\nimages = = a\n", 2, "holds '='" },
        { "[container.create]\nimages = \"alpine\"\n", 2, "holds a quote" },
        { "[container.create]\nimages = 'alpine'\n", 2, "holds a quote" },
        { "[container.create]\nimages = alpine,busybox\n", 2, "holds a comma" },
        { "[container.create]\nimages = alpine#1\n", 2, "looks like a comment" },
        { "[container.create]\nimages = alpine;1\n", 2, "looks like a comment" },
        { "[container.create]\nimages = alpine [a]\n", 2, "'[a]' holds a byte" },
        { "[container.create]\nimages = {a}\n", 2, "holds a byte" },
        { "[container.create]\nimages = %i\n", 2, "holds a byte" },
        { "[container.create]\nimages = \xC3\xA4\n", 2, "holds a byte" },
        /* Bind roots: their grammar. */
        { "[container.create]\nbind-mounts = srv/app\n", 2, "is no bind root" },
        { "[container.create]\nbind-mounts = /srv/app/\n", 2, "is no bind root" },
        { "[container.create]\nbind-mounts = /srv/./app\n", 2, "is no bind root" },
        { "[container.create]\nbind-mounts = /srv/*\n", 2, "is no bind root" },
        { "[container.create]\nbind-mounts = /srv:rw\n", 2, "is no bind root" },
        { "[container.create]\nbind-mounts = exact:srv\n", 2, "is no bind root" },
        { "[container.create]\nbind-mounts = Exact:/srv\n", 2, "is no bind root" },
        { "[container.create]\nbind-mounts = :ro\n", 2, "is no bind root" },
        { "[container.create]\nbind-mounts = /srv/%u\n", 2, "unknown specifier" },
        /* Bind roots: what nobody may give away. */
        { "[container.create]\nbind-mounts = /\n", 2, "the whole host" },
        { "[container.create]\nbind-mounts = exact:/\n", 2, "the whole host" },
        { "[container.create]\nbind-mounts = /run/docker.sock\n", 2, "the engine's socket" },
        { "[container.create]\nbind-mounts = exact:/run/docker.sock:ro\n", 2,
          "the engine's socket" },
        { "[container.create]\nbind-mounts = /var/run/docker.sock\n", 2, "the engine's socket" },
        { "[container.create]\nbind-mounts = /run\n", 2, "the engine's socket" },
        { "[container.create]\nbind-mounts = /var/run\n", 2, "the engine's socket" },
        { "[upstream]\nsocket = /opt/e/s\n[container.create]\nbind-mounts = /opt\n", 4,
          "the engine's socket" },
        { "[container.create]\nbind-mounts = /var\n", 2, "the engine's data" },
        { "[container.create]\nbind-mounts = /var/lib/docker/volumes\n", 2, "the engine's data" },
        { "[container.create]\nbind-mounts = /etc\n", 2, "the configuration" },
        { "[container.create]\nbind-mounts = exact:/etc/sockgate/web.conf\n", 2,
          "the configuration" },
        { "[container.create]\nbind-mounts = /usr/lib\n", 2, "the configuration" },
        { "[container.create]\nbind-mounts = /run/sockgate\n", 2, "the sockets of other" },
        { "[container.create]\nbind-mounts = /var/run/sockgate/admin\n", 2,
          "the sockets of other" },
        { "[container.create]\nbind-mounts = /run/sockgate/webs\n", 2, "the sockets of other" },
        { "[container.create]\nbind-mounts = /proc/1\n", 2, "/proc" },
        { "[container.create]\nbind-mounts = exact:/sys:ro\n", 2, "/sys" },
        { "[container.create]\nbind-mounts = /dev/shm\n", 2, "/dev" },
        { "[container.create]\nbind-mounts = /srv /srv/b /\n", 2, "'/' is, holds or lies" },
        /* Ports. */
        { "[container.create]\nports = 0\n", 2, "is no port" },
        { "[container.create]\nports = 65536\n", 2, "is no port" },
        { "[container.create]\nports = 9000-8000\n", 2, "is no port" },
        { "[container.create]\nports = 80-\n", 2, "is no port" },
        { "[container.create]\nports = 80/icmp\n", 2, "is no port" },
        { "[container.create]\nports = localhost:80\n", 2, "is no port" },
        { "[container.create]\nports = 127.0.0:80\n", 2, "is no port" },
        { "[container.create]\nports = ::1:80\n", 2, "is no port" },
        { "[container.create]\nports = :80\n", 2, "is no port" },
        { "[container.create]\nports = all\n", 2, "also: any ephemeral" },
        /* Other words of [container.create]. */
        { "[container.create]\nnamespaces = net\n", 2, "known: network pid" },
        { "[container.create]\ncapabilities = net_admin\n", 2, "is no capability" },
        { "[container.create]\ncapabilities = NET_ADMINS\n", 2, "is no capability" },
        { "[container.create]\ndevices = fuse\n", 2, "begins with /" },
        { "[container.create]\ndns = resolver\n", 2, "is no IP address" },
        { "[container.create]\nrequire = read-only memory\n", 2, "known: no-new-privileges" },
        { "[container.create]\nrestart-policies = never\n", 2, "known: no always" },
        { "[container.create]\nruntimes = run*\n", 2, "is no name" },
        { "[container.create]\nusers = any 1000\n", 2, "'any' stands alone" },
        { "[container.create]\nusers = non-root\nusers = 1000\n", 2, "'non-root' stands alone" },
        { "[container.create]\njoin-containers = web no\n", 2, "'no' stands alone" },
        { "[container.create]\ndns = any 1.1.1.1\n", 2, "'any' stands alone" },
        { "[container.create]\nusers = a:b:c\n", 2, "is no user" },
        { "[container.update]\nfields = Memroy\n", 2, "known: BlkioWeight" },
        { "[build]\nkeys = dockerfile\n", 2, "known: buildid" },
        { "[container.archive]\npaths = data\n", 2, "is no plain absolute path" },
        { "[network.create]\nsubnets = 10.0.0.0/33\n", 2, "is no address prefix" },
        /* Peers. */
        { "[peers]\nuids = root\n", 2, "is no numeric id" },
        { "[peers]\nuids = -1\n", 2, "is no numeric id" },
        { "[peers]\nuids = 4294967295\n", 2, "is no numeric id" },
        { "[peers]\ngids = 99999999999\n", 2, "is no numeric id" },
        { "[peers]\ncontainers = web\n", 2, "is no full container id" },
        { "[peers]\ncontainers = 0123456789ab\n", 2, "is no full container id" },
        { "[peers]\naddresses = 172.17.0.1/16\n", 2, "is no address prefix" },
        { "[peers]\naddresses = 172.17.0.0/33\n", 2, "is no address prefix" },
        { "[peers]\naddresses = 172.17.0.0/\n", 2, "is no address prefix" },
        { "[peers]\naddresses = 172.17.*\n", 2, "is no address prefix" },
        { "[peers]\naddresses = [127.0.0.1]\n", 2, "is no address prefix" },
        { "[peers]\naddresses = [::1/128]\n", 2, "is no address prefix" },
        { "[peers]\naddresses = fe80::1/10\n", 2, "is no address prefix" },
        { "[peers]\nhosts = http://proxy\n", 2, "is no host name" },
        { "[peers]\nhosts = proxy:2375\n", 2, "is no host name" },
        { "[peers]\nhosts = *.example.org\n", 2, "is no host name" },
        { "[peers]\norigins = example.org\n", 2, "is no origin" },
        { "[peers]\norigins = https://example.org/\n", 2, "is no origin" },
        { "[peers]\norigins = https://example.org:0\n", 2, "is no origin" },
        { "[peers]\norigins = https://\n", 2, "is no origin" },
        { "[peers]\norigins = null\n", 2, "is no origin" },
        { "[peers]\nuids = 1000\naddresses = 10.0.0.0/8\n", 3, "admits nobody" },
        { "[peers]\naddresses = 10.0.0.0/8\nunits = a.service\n", 2, "admits nobody" },
        /* Scope. */
        { "[scope]\ncontainers = *\n", 2, "could be an id" },
        { "[scope]\ncontainers = web-* ab*\n", 2, "'ab*' could be an id" },
        { "[scope]\ncontainers = cafe\n", 2, "could be an id" },
        { "[scope]\nnetworks = F00*\n", 2, "could be an id" },
        /* Presets. */
        { "[policy]\npreset = logz\n", 2, "unknown preset 'logz'; known: logs life nest" },
        { "[policy]\npreset = ../logs\n", 2, "is no name" },
};

START_TEST(refuses_as_the_table_says) {
        ConfigError error;
        Policy *p = NULL;
        int r;

        r = case_parse(refusals[_i].text, &case_options, &p, &error);
        ck_assert_msg(r == -EINVAL, "%s: not refused", refusals[_i].text);
        ck_assert_ptr_null(p);
        ck_assert_str_eq(error.path, "main.conf");
        ck_assert_msg(error.line == refusals[_i].line, "%s: line %u", refusals[_i].text,
                      error.line);
        ck_assert_msg(strstr(error.text, refusals[_i].says) != NULL, "%s: says '%s'",
                      refusals[_i].text, error.text);
}
END_TEST

static void add(TCase *tc) {
        tcase_add_loop_test(tc, refuses_as_the_table_says, 0, (int) ARRAY_SIZE(refusals));
}

int main(void) {
        return case_run("config-refusals", add);
}

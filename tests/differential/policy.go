// SPDX-License-Identifier: Apache-2.0

// The rules of confs/*.conf once more, written from the manual and not from the judge: what the
// engine would do with an allowed body has to be within them. Every function returns what is not.

package main

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

type Root struct {
	path     string
	exact    bool
	readOnly bool
}

type Port struct {
	addr      string // "": any
	low, high int
	proto     string // "": any
}

type Policy struct {
	images     []string // nil: any
	imageIDs   bool
	roots      []Root
	volumes    []string
	anonymous  bool
	networks   []string
	namespaces []string
	static     bool
	state      bool
	links      []string
	caps       []string
	devices    []string
	sysctls    []string
	ports      []Port
	anyPort    bool
	ephemeral  bool
	restart    []string
	drivers    []string
	nonRoot    bool
	denyLabels []string
	require    []string

	fields    []string
	unlimited bool

	commands []string
	users    []string
	anyUser  bool
	env      bool
	dirs     []string

	volumeNames   []string
	volumeOptions []string
	netNames      []string
	netOptions    []string
	subnets       []string
}

var policies = map[string]*Policy{
	"strict": {
		networks: []string{"default", "bridge", "none"},
		restart:  []string{"no", "always", "unless-stopped", "on-failure"},
		drivers:  []string{"json-file", "local", "journald", "none"},
		commands: []string{"*"}, volumeNames: []string{"*"}, netNames: []string{"*"},
	},
	"admin": {
		images: []string{"docker.io/library/*", "ghcr.io/acme/**", "localhost:5999/x/bb:1"},
		roots: []Root{{"/srv/app", false, false}, {"/etc/localtime", true, true},
			{"/srv/shown", false, true}},
		volumes:  []string{"app_*"},
		networks: []string{"default", "bridge", "app_*"},
		ports:    []Port{{"127.0.0.1", 8100, 8199, ""}, {"", 9000, 9000, "tcp"}, {"", 7000, 7001, "udp"}},
		restart:  []string{"no", "on-failure"},
		drivers:  []string{"json-file", "none"},
		nonRoot:  true, require: []string{"no-new-privileges", "drop-all-capabilities"},
		caps: []string{"CHOWN", "NET_BIND_SERVICE"}, denyLabels: []string{"traefik.*"},
		fields:   []string{"Memory", "PidsLimit"},
		commands: []string{"echo", "sh"}, users: []string{"1000"},
		volumeNames: []string{"app_*"}, netNames: []string{"app_*"},
		subnets: []string{"172.30."},
	},
	"loose": {
		imageIDs: true,
		roots:    []Root{{"/srv", false, false}, {"/home/web", false, false}},
		volumes:  []string{"*"}, anonymous: true,
		networks:   []string{"default", "bridge", "none", "*"},
		namespaces: []string{"pid", "ipc", "cgroup"},
		static:     true, state: true, links: []string{"db*"},
		caps:    []string{"NET_ADMIN", "SYS_TIME"},
		devices: []string{"/dev/fuse", "/dev/snd/*"}, sysctls: []string{"net.*"},
		anyPort: true, ephemeral: true,
		restart: []string{"no", "always", "unless-stopped", "on-failure"},
		drivers: []string{"json-file", "local", "journald", "none"},
		require: []string{"memory-limit", "pids-limit"},
		fields: []string{"Memory", "MemorySwap", "NanoCpus", "PidsLimit", "CpusetCpus",
			"RestartPolicy", "CpuQuota"},
		unlimited: true,
		commands:  []string{"*"}, anyUser: true, env: true, dirs: []string{"/app", "/data/*"},
		volumeNames: []string{"*"}, volumeOptions: []string{"type", "o", "device"},
		netNames: []string{"*"}, netOptions: []string{"com.docker.network.bridge.enable_icc"},
	},
}

// What is wrong with one body.
type Report struct {
	policy *Policy
	wrong  []string
}

func (r *Report) add(format string, args ...interface{}) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

func (r *Report) never(bad bool, what string) {
	if bad {
		r.add("%s", what)
	}
}

func in(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// A glob of names: * is any run.
func matches(globs []string, text string) bool {
	for _, glob := range globs {
		parts := strings.Split(glob, "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		if cached(strings.Join(parts, ".*")).MatchString(text) {
			return true
		}
	}
	return false
}

var patterns = map[string]*regexp.Regexp{}

func cached(pattern string) *regexp.Regexp {
	re := patterns[pattern]
	if re == nil {
		re = regexp.MustCompile(`(?s)\A(?:` + pattern + `)\z`)
		patterns[pattern] = re
	}
	return re
}

var hexOnly = regexp.MustCompile(`\A[0-9a-fA-F]+\z`)

// distribution/reference, in short.
func fullReference(image string) (name, rest string) {
	name = image
	if i := strings.IndexByte(name, '@'); i >= 0 {
		name, rest = name[:i], name[i:]
	}
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, rest = name[:i], name[i:]+rest
	}
	domain, remote := "docker.io", name
	if i := strings.IndexByte(name, '/'); i >= 0 &&
		(strings.ContainsAny(name[:i], ".:") || name[:i] == "localhost" ||
			strings.ToLower(name[:i]) != name[:i]) {
		domain, remote = name[:i], name[i+1:]
	}
	if domain == "index.docker.io" {
		domain = "docker.io"
	}
	if domain == "docker.io" && !strings.Contains(remote, "/") {
		remote = "library/" + remote
	}
	return domain + "/" + remote, rest
}

var imageGrammar = regexp.MustCompile(`\A(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*` +
	`(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,})?\z`)

func (r *Report) image(image string) {
	if image == "" {
		return // the engine refuses it
	}
	if strings.HasPrefix(image, "sha256:") || hexOnly.MatchString(image) {
		r.never(!r.policy.imageIDs, "image by id "+image)
		return
	}
	r.never(!imageGrammar.MatchString(image), "image grammar "+image)
	if r.policy.images == nil {
		return
	}
	name, rest := fullReference(image)
	for _, glob := range r.policy.images {
		pattern, tag := fullReference(glob)
		pattern = regexp.QuoteMeta(pattern)
		pattern = strings.ReplaceAll(pattern, `\*\*`, `.*`)
		pattern = strings.ReplaceAll(pattern, `\*`, `[^/]*`)
		if cached(pattern).MatchString(name) && (tag == "" || tag == rest) {
			return
		}
	}
	r.add("image %s", image)
}

func (r *Report) source(source string, readOnly bool) {
	if !strings.HasPrefix(source, "/") || path.Clean(source) != source {
		r.add("bind source %q is not canonical", source)
		return
	}
	for _, root := range r.policy.roots {
		below := strings.HasPrefix(source, root.path+"/") && !root.exact
		if (source == root.path || below) && (readOnly || !root.readOnly) {
			return
		}
	}
	r.add("bind source %q is below no root", source)
}

func (r *Report) volume(name string) {
	if name == "" {
		r.never(!r.policy.anonymous, "anonymous volume")
		return
	}
	r.never(!cached(`[A-Za-z0-9][A-Za-z0-9_.-]*`).MatchString(name), "volume name "+name)
	r.never(!matches(r.policy.volumes, name), "volume "+name)
}

func (r *Report) bind(bind string, targets map[string]bool) {
	parts := strings.Split(bind, ":")
	if len(parts) == 1 {
		r.volume("")
		targets[path.Clean(bind)] = true
		return
	}
	readOnly := false
	if len(parts) > 3 {
		r.add("bind %q has too many parts", bind)
	} else if len(parts) == 3 && parts[2] != "" { // the engine takes no options for none
		for _, option := range strings.Split(parts[2], ",") {
			readOnly = readOnly || option == "ro"
			r.never(!in([]string{"ro", "rw", "rprivate", "private", "nocopy"}, option),
				"bind option in "+bind)
		}
	}
	r.never(!strings.HasPrefix(parts[1], "/"), "bind target in "+bind)
	targets[path.Clean(parts[1])] = true
	if strings.HasPrefix(parts[0], "/") {
		r.source(parts[0], readOnly)
	} else {
		r.volume(parts[0])
	}
}

func (r *Report) driver(d *VolumeDriver) {
	if d != nil {
		r.never(d.Name != "" && d.Name != "local", "volume driver "+d.Name)
		r.never(len(d.Options) > 0, "options of a mount's volume driver")
	}
}

func (r *Report) mount(m Mount, targets map[string]bool) {
	targets[path.Clean(m.Target)] = true
	r.never(m.ClusterOptions != nil && m.Type == "cluster", "cluster mount")
	r.never(m.ImageOptions != nil && m.ImageOptions.Subpath != "", "image subpath")
	switch m.Type {
	case "bind":
		r.source(m.Source, m.ReadOnly)
	case "volume":
		r.volume(m.Source)
	case "tmpfs":
		r.never(m.Source != "", "source of a tmpfs")
	default:
		r.add("mount type %q", m.Type)
	}
	if b := m.BindOptions; b != nil {
		r.never(!in([]string{"", "private", "rprivate"}, b.Propagation), "propagation "+b.Propagation)
		r.never(b.ReadOnlyNonRecursive, "ReadOnlyNonRecursive")
	}
	if v := m.VolumeOptions; v != nil {
		r.driver(v.DriverConfig)
		r.never(v.Subpath != "", "volume subpath")
	}
	if t := m.TmpfsOptions; t != nil {
		r.never(len(t.Options) > 0, "raw options of a tmpfs")
		r.never(t.SizeBytes < 0 || t.Mode > 07777, "tmpfs size or mode")
	}
}

func (r *Report) mounts(cfg *Config, hc *HostConfig) {
	targets := map[string]bool{}
	for _, bind := range hc.Binds {
		r.bind(bind, targets)
	}
	for _, m := range hc.Mounts {
		r.mount(m, targets)
	}
	for target, options := range hc.Tmpfs {
		targets[path.Clean(target)] = true
		for _, option := range strings.Split(options, ",") {
			r.never(!cached(`|ro|rw|(no)?exec|(no)?suid|(no)?dev|(size|mode|uid|gid)=[0-9A-Za-z%]+`).
				MatchString(option) || option == "suid" || option == "dev", "tmpfs option "+option)
		}
	}
	for target := range cfg.Volumes {
		r.never(!targets[path.Clean(target)] && !r.policy.anonymous, "anonymous volume "+target)
	}
	r.never(len(hc.VolumesFrom) > 0, "VolumesFrom")
	r.never(hc.VolumeDriver != "" && hc.VolumeDriver != "local", "VolumeDriver "+hc.VolumeDriver)
}

func (r *Report) network(name string) {
	switch {
	case name == "host":
		r.never(!in(r.policy.namespaces, "network"), "network host")
	case strings.ContainsAny(name, ":/"):
		r.add("network %q", name)
	case hexOnly.MatchString(name):
		r.add("network by id %q", name)
	default:
		// A glob never means none.
		r.never(name == "none" && !in(r.policy.networks, "none"), "network none")
		r.never(!matches(r.policy.networks, name), "network "+name)
	}
}

func (r *Report) endpoint(e *Endpoint) {
	if e == nil {
		return
	}
	if a := e.IPAMConfig; a != nil {
		r.never(!r.policy.static && (a.IPv4Address != "" || a.IPv6Address != "" || len(a.LinkLocalIPs) > 0),
			"static address")
	}
	r.never(!r.policy.static && e.MacAddress != "" && !r.policy.state, "MacAddress of an endpoint")
	r.linkList(e.Links)
	r.never(len(e.DriverOpts) > 0, "DriverOpts of an endpoint")
	r.never(e.GwPriority != 0, "GwPriority")
	state := e.NetworkID != "" || e.EndpointID != "" || e.Gateway != "" || e.IPAddress != "" ||
		e.IPPrefixLen != 0 || e.IPv6Gateway != "" || e.GlobalIPv6Address != "" ||
		e.GlobalIPv6PrefixLen != 0 || len(e.DNSNames) > 0
	r.never(state && !r.policy.state, "state of an endpoint")
}

func (r *Report) linkList(links []string) {
	for _, link := range links {
		name := strings.SplitN(link, ":", 2)[0]
		r.never(!matches(r.policy.links, strings.TrimPrefix(name, "/")), "link "+link)
	}
}

func (r *Report) namespace(kind, mode string, harmless ...string) {
	if mode == "" || mode == "default" || mode == "private" || in(harmless, mode) {
		return
	}
	r.never(mode != "host" || !in(r.policy.namespaces, kind), kind+" namespace "+mode)
}

func (r *Report) port(key, ip, port string) {
	if port == "" || port == "0" {
		r.never(!r.policy.ephemeral, "port of the engine's choice for "+key)
		return
	}
	if r.policy.anyPort {
		return
	}
	proto := "tcp"
	if i := strings.IndexByte(key, '/'); i >= 0 {
		proto = key[i+1:]
	}
	ends := strings.SplitN(port, "-", 2)
	low, err := strconv.ParseUint(ends[0], 10, 16)
	high := low
	if err == nil && len(ends) == 2 {
		high, err = strconv.ParseUint(ends[1], 10, 16)
	}
	if err != nil || low > high {
		return // the engine refuses it
	}
	for _, p := range r.policy.ports {
		if (p.addr == "" || p.addr == ip) && (p.proto == "" || p.proto == proto) &&
			p.low <= int(low) && int(high) <= p.high {
			return
		}
	}
	r.add("port %s on %q for %s", port, ip, key)
}

func (r *Report) portMap(hc *HostConfig) {
	for key, bindings := range hc.PortBindings {
		r.never(len(bindings) == 0 && !r.policy.ephemeral, "port without bindings "+key)
		for _, b := range bindings {
			r.port(key, b.HostIP, b.HostPort)
		}
	}
	r.never(hc.PublishAllPorts && !r.policy.ephemeral && !r.policy.anyPort, "PublishAllPorts")
}

var number = regexp.MustCompile(`\A[1-9][0-9]{0,8}\z`)
var numericUser = regexp.MustCompile(`\A[1-9][0-9]{0,8}(:[1-9][0-9]{0,8})?\z`)

func capability(name string) string {
	return strings.TrimPrefix(strings.ToUpper(name), "CAP_")
}

func (r *Report) privileges(cfg *Config, hc *HostConfig) {
	noNew, dropsAll := false, false

	r.never(hc.Privileged, "Privileged")
	for _, c := range hc.CapAdd {
		// The engine knows no capability without a name.
		r.never(c != "" && !in(r.policy.caps, capability(c)), "capability "+c)
	}
	for _, c := range hc.CapDrop {
		dropsAll = dropsAll || capability(c) == "ALL"
	}
	for _, option := range hc.SecurityOpt {
		value := strings.TrimPrefix(option, "no-new-privileges")
		r.never(value == option || !in([]string{"", ":true", "=true"}, value), "security option "+option)
		noNew = true
	}
	for _, group := range hc.GroupAdd {
		r.never(!number.MatchString(group), "group "+group)
	}
	r.never(r.policy.nonRoot && !numericUser.MatchString(cfg.User), "user "+cfg.User)
	r.never(in(r.policy.require, "no-new-privileges") && !noNew, "no-new-privileges is missing")
	r.never(in(r.policy.require, "drop-all-capabilities") && !dropsAll, "CapDrop ALL is missing")
	r.never(len(hc.Capabilities) > 0, "Capabilities")
}

func (r *Report) namespaces(hc *HostConfig) {
	if hc.NetworkMode == "" {
		r.network("default")
	} else {
		r.network(hc.NetworkMode)
	}
	r.namespace("pid", hc.PidMode)
	r.namespace("ipc", hc.IpcMode, "none", "shareable")
	r.namespace("uts", hc.UTSMode)
	r.namespace("user", hc.UsernsMode)
	r.namespace("cgroup", hc.CgroupnsMode)
	r.never(hc.Cgroup != "", "Cgroup")
}

func (r *Report) limits(res *Resources) {
	r.never(res.Memory < 0 || res.NanoCPUs < 0 || res.CPUShares < 0 || res.CPUPeriod < 0 ||
		res.CPUQuota < -1 || res.MemoryReservation < 0 || res.MemorySwap < -1 ||
		res.BlkioWeight > 1000, "a negative or wild limit")
	r.never(res.CgroupParent != "", "CgroupParent")
	r.never(len(res.BlkioWeightDevice)+len(res.BlkioDeviceReadBps)+len(res.BlkioDeviceWriteBps)+
		len(res.BlkioDeviceReadIOps)+len(res.BlkioDeviceWriteIOps) > 0, "limits of host devices")
	r.never(res.CPURealtimePeriod != 0 || res.CPURealtimeRuntime != 0, "real time")
	r.never(len(res.DeviceCgroupRules) > 0, "DeviceCgroupRules")
	r.never(len(res.DeviceRequests) > 0, "DeviceRequests")
	r.never(res.KernelMemory != 0 || res.KernelMemoryTCP != 0, "KernelMemory")
	r.never(res.MemorySwappiness != nil && (*res.MemorySwappiness < -1 || *res.MemorySwappiness > 100),
		"MemorySwappiness")
	r.never(res.OomKillDisable != nil && *res.OomKillDisable, "OomKillDisable")
	r.never(res.CPUCount != 0 || res.CPUPercent != 0 || res.IOMaximumIOps != 0 ||
		res.IOMaximumBandwidth != 0, "limits of Windows")
	for _, u := range res.Ulimits {
		r.never(u != nil && (u.Hard < -1 || u.Soft < -1), "Ulimits")
	}
	for _, d := range res.Devices {
		r.never(!matches(r.policy.devices, d.PathOnHost) || path.Clean(d.PathOnHost) != d.PathOnHost,
			"device "+d.PathOnHost)
		r.never(!cached(`[rwm]{0,3}`).MatchString(d.CgroupPermissions), "permissions of a device")
	}
}

// The engine's own lists in 20.10; to hide more is fine.
var maskedPaths = []string{"/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
	"/sys/firmware"}
var readonlyPaths = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}

func (r *Report) holds(list, wanted []string, what string) {
	if list == nil {
		return
	}
	for _, word := range wanted {
		if !in(list, word) {
			r.add("%s without %s", what, word)
			return
		}
	}
}

var logOptions = map[string][]string{
	"json-file": {"max-size", "max-file", "compress", "mode", "labels", "labels-regex", "env", "env-regex", "tag"},
	"journald":  {"labels", "env"},
}

func (r *Report) log(l LogConfig) {
	known := logOptions[l.Type]
	if l.Type == "" || l.Type == "local" {
		known = logOptions["json-file"]
	}
	r.never(l.Type != "" && !in(r.policy.drivers, l.Type), "log driver "+l.Type)
	for option := range l.Config {
		r.never(!in(known, option), "log option "+option)
	}
}

func (r *Report) restart(name string) {
	r.never(name != "" && name != "no" && !in(r.policy.restart, name), "restart policy "+name)
}

func (r *Report) host(cfg *Config, hc *HostConfig) {
	r.mounts(cfg, hc)
	r.privileges(cfg, hc)
	r.namespaces(hc)
	r.portMap(hc)
	r.limits(&hc.Resources)
	r.log(hc.LogConfig)
	r.restart(hc.RestartPolicy.Name)
	r.linkList(hc.Links)
	r.holds(hc.MaskedPaths, maskedPaths, "MaskedPaths")
	r.holds(hc.ReadonlyPaths, readonlyPaths, "ReadonlyPaths")
	for key := range hc.Sysctls {
		r.never(!matches(r.policy.sysctls, key), "sysctl "+key)
	}
	r.never(len(hc.Annotations)+len(hc.StorageOpt) > 0, "Annotations or StorageOpt")
	r.never(hc.Runtime != "" && hc.Runtime != "runc", "runtime "+hc.Runtime)
	r.never(hc.Isolation != "" || hc.InitPath != "" || hc.DiskQuota != 0, "Isolation, InitPath, DiskQuota")
	r.never(hc.OomScoreAdj < 0 || hc.OomScoreAdj > 1000, "OomScoreAdj")
	r.never(hc.ShmSize < 0, "ShmSize")
	r.never(in(r.policy.require, "memory-limit") && hc.Memory <= 0, "no memory limit")
	r.never(in(r.policy.require, "pids-limit") && (hc.PidsLimit == nil || *hc.PidsLimit <= 0),
		"no limit of pids")
}

func (r *Report) create(cfg *Config, hc *HostConfig, nc *NetworkingConfig) {
	if cfg == nil {
		cfg = &Config{}
	}
	if hc == nil {
		hc = &HostConfig{}
	}
	r.image(cfg.Image)
	r.host(cfg, hc)
	r.never(cfg.MacAddress != "" && !r.policy.static, "MacAddress")
	r.never(len(cfg.OnBuild) > 0, "OnBuild")
	for label := range cfg.Labels {
		r.never(matches(r.policy.denyLabels, label), "label "+label)
	}
	if nc != nil {
		for name, e := range nc.EndpointsConfig {
			r.network(name)
			r.endpoint(e)
		}
	}
}

func (r *Report) number(field string, n int64) {
	if n != 0 {
		r.never(!in(r.policy.fields, field), "update of "+field)
		r.never(n < 0 && !r.policy.unlimited, "unlimited "+field)
	}
}

func (r *Report) update(u *Update) {
	res := u.Resources
	r.number("CpuShares", res.CPUShares)
	r.number("Memory", res.Memory)
	r.number("NanoCpus", res.NanoCPUs)
	r.number("BlkioWeight", int64(res.BlkioWeight))
	r.number("CpuPeriod", res.CPUPeriod)
	r.number("CpuQuota", res.CPUQuota)
	r.number("MemoryReservation", res.MemoryReservation)
	r.number("MemorySwap", res.MemorySwap)
	r.never(res.CpusetCpus != "" && !in(r.policy.fields, "CpusetCpus"), "update of CpusetCpus")
	r.never(res.CpusetMems != "" && !in(r.policy.fields, "CpusetMems"), "update of CpusetMems")
	if res.PidsLimit != nil {
		r.never(!in(r.policy.fields, "PidsLimit"), "update of PidsLimit")
		r.never(*res.PidsLimit <= 0 && !r.policy.unlimited, "unlimited PidsLimit")
	}
	if u.RestartPolicy.Name != "" {
		r.never(!in(r.policy.fields, "RestartPolicy"), "update of RestartPolicy")
		r.never(!in(r.policy.restart, u.RestartPolicy.Name), "restart policy "+u.RestartPolicy.Name)
	}
	r.never(len(res.Devices) > 0, "update of Devices")
	r.never(res.BlkioWeightDevice != nil || res.BlkioDeviceReadBps != nil ||
		res.BlkioDeviceWriteBps != nil || res.BlkioDeviceReadIOps != nil ||
		res.BlkioDeviceWriteIOps != nil, "lists of Blkio, which clear limits")
	// What fields names was judged above, -1 of unlimited too.
	res.Devices = nil
	res.CPUShares, res.Memory, res.NanoCPUs, res.CPUPeriod, res.CPUQuota = 0, 0, 0, 0, 0
	res.MemoryReservation, res.MemorySwap = 0, 0
	r.limits(&res)
}

func (r *Report) execCreate(e *ExecCreate) {
	r.never(e.Privileged, "Privileged")
	r.never(e.User != "" && !r.policy.anyUser && !in(r.policy.users, e.User), "user "+e.User)
	r.never(len(e.Env) > 0 && !r.policy.env, "Env")
	r.never(e.WorkingDir != "" && (!matches(r.policy.dirs, e.WorkingDir) ||
		path.Clean(e.WorkingDir) != e.WorkingDir), "working directory "+e.WorkingDir)
	r.never(len(e.Cmd) > 0 && !matches(r.policy.commands, e.Cmd[0]), "command")
}

func (r *Report) volumeCreate(v *VolumeCreate) {
	r.never(v.Name != "" && !matches(r.policy.volumeNames, v.Name), "volume "+v.Name)
	r.never(v.Name == "" && !in(r.policy.volumeNames, "*"), "volume without a name")
	r.never(v.Driver != "" && v.Driver != "local", "driver "+v.Driver)
	for option := range v.DriverOpts {
		r.never(!in(r.policy.volumeOptions, option), "volume option "+option)
	}
	r.localMount(v.DriverOpts)
}

// The local driver mounts whatever type and device say.
func (r *Report) localMount(options map[string]string) {
	device, isBind := options["device"], false
	for _, flag := range strings.Split(options["o"], ",") {
		isBind = isBind || flag == "bind" || flag == "rbind"
	}
	if isBind {
		r.source(device, false)
	} else if device != "" {
		r.never(!in([]string{"tmpfs", "nfs", "nfs4", "cifs"}, options["type"]), "volume of "+device)
	}
}

func (r *Report) networkCreate(n *NetworkCreate) {
	r.never(in([]string{"host", "none", "bridge", "default"}, n.Name) || hexOnly.MatchString(n.Name) ||
		!matches(r.policy.netNames, n.Name), "network "+n.Name)
	r.never(n.Driver != "" && n.Driver != "bridge", "driver "+n.Driver)
	r.never(n.Scope != "" && n.Scope != "local", "scope "+n.Scope)
	r.never(n.Ingress || n.ConfigOnly || n.ConfigFrom != nil && n.ConfigFrom.Network != "", "swarm's members")
	for option := range n.Options {
		r.never(!in(r.policy.netOptions, option), "network option "+option)
	}
	if n.IPAM == nil {
		return
	}
	r.never(n.IPAM.Driver != "" && n.IPAM.Driver != "default", "IPAM driver")
	r.never(len(n.IPAM.Options) > 0, "IPAM options")
	for _, c := range n.IPAM.Config {
		r.subnet(c.Subnet)
		r.subnet(c.IPRange)
		r.subnet(c.Gateway)
		for _, address := range c.AuxAddress {
			r.subnet(address)
		}
	}
}

// Subnets of the policies are whole bytes.
func (r *Report) subnet(text string) {
	if text == "" {
		return
	}
	for _, prefix := range r.policy.subnets {
		if strings.HasPrefix(text, prefix) {
			bits := 32
			if i := strings.IndexByte(text, '/'); i >= 0 {
				bits, _ = strconv.Atoi(text[i+1:])
			}
			r.never(bits < 8*strings.Count(prefix, "."), "subnet "+text)
			return
		}
	}
	r.add("subnet %s", text)
}

// SPDX-License-Identifier: Apache-2.0

// Targets: what was accepted must be one path and one list of pairs for net/url, for the engine's
// router (gorilla/mux) and for Podman's reading of queries (any case, the last value wins).

package main

import (
	"bufio"
	"log"
	"net/url"
	"os"
	"path"
	"reflect"
	"regexp"
	"sort"
	"strings"
)

type Route struct {
	name, method string
	pattern      *regexp.Regexp
}

func readTable(file string, f func(column map[string]string)) {
	in, err := os.Open(file)
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	var header []string
	for lines.Scan() {
		cells := strings.Split(lines.Text(), "\t")
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		if header == nil {
			header = cells
			continue
		}
		column := map[string]string{}
		for i := range header {
			if i < len(cells) {
				column[header[i]] = cells[i]
			}
		}
		f(column)
	}
}

// A template of gorilla/mux as the regular expression that it stands for.
func compile(template string) *regexp.Regexp {
	variable := regexp.MustCompile(`\{([a-z]+)(?::([^}]*))?\}`)
	expression, end := "", 0
	for _, m := range variable.FindAllStringSubmatchIndex(template, -1) {
		inner := "[^/]+"
		if m[4] >= 0 {
			inner = template[m[4]:m[5]]
		}
		expression += regexp.QuoteMeta(template[end:m[0]]) + "(" + inner + ")"
		end = m[1]
	}
	return regexp.MustCompile(`\A(?:/v[0-9][0-9A-Za-z.-]*)?` + expression +
		regexp.QuoteMeta(template[end:]) + `\z`)
}

func readRoutes(file string) []Route {
	var routes []Route
	readTable(file, func(column map[string]string) {
		template := column["path_template"]
		if template == "" {
			template = column["path"]
		}
		if strings.HasPrefix(template, "/") && column["name"] != "options" {
			routes = append(routes, Route{column["name"], column["method"], compile(template)})
		}
	})
	// The engine registers checkpoints before containers, whose DELETE takes all below it.
	sort.SliceStable(routes, func(a, b int) bool {
		return strings.Contains(routes[a].name, "checkpoint") && !strings.Contains(routes[b].name, "checkpoint")
	})
	return routes
}

func route(routes []Route, method, path string) (name, slot string) {
	for _, r := range routes {
		if r.method != method && !strings.HasPrefix(r.method, "ANY") {
			continue
		}
		if m := r.pattern.FindStringSubmatch(path); m != nil {
			if len(m) > 1 {
				slot = m[1]
			}
			return r.name, slot
		}
	}
	return "", ""
}

// gorilla/mux redirects what is not clean.
func isClean(p string) bool {
	return p != "" && path.Clean(p) == p
}

func checkTarget(r *Report, routes []Route, repeatable map[string]bool, c *Case, v *Verdict) {
	received, err := url.ParseRequestURI(c.target)
	if err != nil {
		r.add("Go refuses what was received: %v", err)
		return
	}
	sent, err := url.ParseRequestURI(v.target)
	if err != nil {
		r.add("Go refuses what would be sent: %v", err)
		return
	}
	r.never(received.Path != sent.Path, "the path changed its meaning: "+v.target)
	r.never(!isClean(sent.Path), "the path is not clean: "+v.target)
	r.never(sent.EscapedPath() != sent.Path, "the path is escaped: "+v.target)
	r.never(sent.Host != "" || sent.Scheme != "" || sent.Fragment != "", "more than a path: "+v.target)

	name, slot := route(routes, c.method, sent.Path)
	if name == "image.pull" && v.endpoint == "image.import" {
		name = v.endpoint // one route, two operations
	}
	if v.reason != "never-granted" {
		r.never(name != v.endpoint, "the engine routes to "+name)
		r.never(slot != v.slot, "the engine's slot is "+slot)
	}
	checkQuery(r, repeatable, sent.RawQuery, v)
}

func checkQuery(r *Report, repeatable map[string]bool, raw string, v *Verdict) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		r.add("Go refuses the query: %v", err)
		return
	}
	judged := url.Values{}
	for _, pair := range v.pairs {
		judged.Add(pair[0], pair[1])
	}
	r.never(!reflect.DeepEqual(values, judged), "the query's pairs are "+values.Encode())

	folded := map[string]string{}
	for key, list := range judged {
		other, ok := folded[strings.ToLower(key)]
		r.never(ok, "Podman takes "+key+" for "+other)
		folded[strings.ToLower(key)] = key
		r.never(len(list) > 1 && !repeatable[v.endpoint+" "+key], "the key "+key+" is there twice")
	}
	checkPull(r, v, values)
}

func checkPull(r *Report, v *Verdict, values url.Values) {
	if v.endpoint != "image.pull" || v.verdict != "allow" || r.policy == nil {
		return
	}
	// The engine parses fromImage first, and tag takes the place of what it says.
	image, tag := strings.TrimSuffix(values.Get("fromImage"), ":"), values.Get("tag")
	digest := ""
	if i := strings.IndexByte(image, '@'); i >= 0 {
		image, digest = image[:i], image[i:]
	}
	if i := strings.LastIndexByte(image, ':'); tag != "" && i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	if tag != "" && strings.Contains(tag, ":") {
		image += "@" + tag
	} else if tag != "" {
		image += ":" + tag + digest
	} else {
		image += digest
	}
	r.image(image)
	for _, key := range []string{"fromSrc", "repo", "message", "changes"} {
		for _, value := range values[key] {
			r.never(!in([]string{"", "0", "false", "null", "{}", "[]"}, value), key+" of a pull")
		}
	}
}

func targets(policy, data, cases, verdicts string) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	routes := readRoutes(data + "/endpoints.tsv")
	if policy == "podman" {
		routes = append(routes, readRoutes(data+"/libpod.tsv")...)
	}
	repeatable := map[string]bool{}
	readTable(data+"/query-fields.tsv", func(column map[string]string) {
		repeatable[column["endpoint"]+" "+column["key"]] = column["repeatable"] == "y"
	})
	n := counts{}
	compare(cases, verdicts, func(index int, c *Case, v *Verdict) {
		n.add(v)
		if v.endpoint == "" {
			return
		}
		r := &Report{policy: policies[policy]}
		checkTarget(r, routes, repeatable, c, v)
		show(out, index, r)
	})
	n.show(out)
}

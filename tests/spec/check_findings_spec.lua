-- SPDX-License-Identifier: Apache-2.0
-- mpijobd check: what cannot be meant in policies, and how it is told.
local support = require "support"
local script = require "support.script"
local simulator = require "support.sim"
local json = support.json

describe("check finds", function()
    local folder, write

    before_each(function()
        folder, write = script.folder()
    end)
    teardown(support.cleanup)

    local ALL = ", replace = { cleanPodPolicy = 'All' }"

    -- Each policy stands on a line of its own: the codes by line, of the policies' text.
    local function codes(text, ...)
        write("p.lua", text)
        local code, out = support.mpijobd("check", "-o", "json", folder .. "/p.lua", ...)
        local found, errors = {}, 0
        for _, row in ipairs(json.decode(out)) do
            if row.code then
                found[#found + 1] = ("%d:%s"):format(row.line, row.code)
                errors = errors + (row.severity == "error" and 1 or 0)
                assert.are.equal(folder .. "/p.lua", row.file)
            end
        end
        assert.are.equal(errors > 0 and 1 or 0, code)
        return found
    end

    -- One policy: its finding's message, or nil.
    local function of(text, more)
        write("p.lua", ("policy { name = 'p', %s }\n%s"):format(text, more or ""))
        local _, out, err = support.mpijobd("check", "-o", "json", folder .. "/p.lua")
        local rows = {}
        for _, row in ipairs(json.decode(out)) do
            rows[#rows + 1] = row.code and row or nil
        end
        assert.is_true(#rows <= 1, err)
        return rows[1] and rows[1].code, rows[1] and rows[1].message
    end

    it("schedules that do not come", function()
        assert.are.equal("schedule-rare", (of("schedule = '0 0 29 2 *'" .. ALL)))
        assert.are.equal("policy", (of("schedule = '0 0 30 2 *'" .. ALL)))
        assert.is_nil(of("schedule = '@yearly'" .. ALL))
        assert.is_nil(of("schedule = '30 2 * * *', timezone = 'Europe/Berlin'" .. ALL))
        assert.is_nil(of("schedule = '30 2 29 3 *', timezone = 'Europe/Berlin'" .. ALL))
    end)

    it("deadlines of TrainJobs and JobSets that every run refuses", function()
        local rest <const> = ", every = '1h', replace = { activeDeadlineSeconds = 60 }"
        for _, kind in ipairs { "'TrainJob'", "'JobSet'", "{ 'TrainJob', 'JobSet' }", "{ 'MPIJob', 'JobSet' }" } do
            local code, message = of("through_child = true, kind = " .. kind .. rest)
            assert.are.equal("replace-refused", code, kind)
            support.contains(message, "which is destructive; destructive = true allows it")
            assert.is_nil(of("destructive = true, through_child = true, kind = " .. kind .. rest))
        end
        local code, message = of("kind = 'JobSet'" .. rest)
        assert.are.equal("replace-refused", code)
        support.contains(message, "through_child = true, with destructive = true, sets it on one of their Jobs")
        assert.is_nil(of("through_child = true" .. rest))
        assert.is_nil(of("kind = 'TrainJob', every = '1h', through_child = true, replace = { backoffLimit = 1 }"))
        assert.is_nil(of("kind = 'TrainJob', match = { phase = 'Succeeded' }, through_child = true" .. rest))
    end)

    it("conditions that no job meets together", function()
        local never = {
            "labels = 'team=a, team=b'", "labels = 'team in (a, b), team notin (b, a)'", "labels = 'a=1, !a'", "labels = '!a, a'", "labels = 'n>3, n<4'",
            "labels = 'n>3, n<5, n notin (4, 04)'", "labels = 'n<0'", "labels = 'n in (1, 2), n>2'", "phase = 'Running', finished_for = '1h'",
            "phase = { 'Pending', 'Failed' }, running_for = '1h'", "pending_for = '1h', finished_for = '1h'", "gpus = '<0'",
        }
        for _, match in ipairs(never) do
            assert.are.equal("match-never", (of("every = '1h', match = { " .. match .. " }" .. ALL)), match)
        end
        local good = {
            "labels = 'team in (a, b), team notin (b)'", "labels = 'team!=a, team!=b, team'", "labels = 'n>3, n<5'", "labels = '!a, b'", "labels = 'n>3, n<5, n!=4'",
            "labels = 'a in (,x), a!=x'", "phase = { 'Running', 'Failed' }, finished_for = '1h'", "older_than = '1h', finished_for = '2h'", "gpus = '<1'",
            "phase = { 'Succeeded', 'Failed' }, finished_for = '1h', older_than = '3h'",
        }
        for _, match in ipairs(good) do
            assert.is_nil(of("every = '1h', match = { " .. match .. " }" .. ALL), match)
        end
        assert.are.equal("match-never", (of("on = 'finished', match = { phase = 'Running' }" .. ALL)))
        assert.is_nil(of("on = { 'finished', 'added' }, match = { phase = 'Running' }" .. ALL))
        local _, message = of("every = '1h', match = { labels = 'team=a, x=1, team=b' }" .. ALL)
        assert.are.equal('policy "p": match.labels asks of the label team what no value fulfils: team=a, team=b', message)
    end)

    it("namespaces outside of the configuration's", function()
        write("c.yaml", "namespaces: [train, debug-7]\n")
        local text = "policy { name = 'a', every = '1h', match = { namespace = 'prod' }" .. ALL .. " }\n" ..
            "policy { name = 'b', every = '1h', match = { namespace = { 'prod', 'debug-*' } }" .. ALL .. " }\n"
        assert.are.same({ "1:match-scope" }, codes(text, "--config", folder .. "/c.yaml"))
        assert.are.same({}, codes(text))
        write("c.yaml", "clusters:\n  one: { server: 'https://a.example', namespaces: [train] }\n  two: { server: 'https://b.example', namespaces: [prod] }\n")
        assert.are.same({}, codes(text, "--config", folder .. "/c.yaml"))
        assert.are.same({ "1:match-scope", "2:match-scope" }, codes((text:gsub("every", "clusters = 'one', every"):gsub("debug", "other")), "--config", folder .. "/c.yaml"))
    end)

    it("changes that change nothing", function()
        local every = "every = '1h', match = { %s }, replace = { %s }"
        for _, case in ipairs {
            { "cleanPodPolicy = 'All'", "cleanPodPolicy = 'All'" }, { "cleanPodPolicy = 'unset'", "cleanPodPolicy = remove" },
            { "labels = 'a=1, !b'", "labels = { a = '1', b = remove }" }, { "annotations = { a = 'x' }", "annotations = { a = 'x' }" },
        } do
            assert.are.equal("replace-nothing", (of(every:format(case[1], case[2]))), case[1])
        end
        for _, case in ipairs {
            { "cleanPodPolicy = { 'All', 'None' }", "cleanPodPolicy = 'All'" }, { "cleanPodPolicy = 'All'", "cleanPodPolicy = 'All', suspend = true" },
            { "labels = 'a in (1, 2)'", "labels = { a = '1' }" }, { "labels = 'a'", "labels = { a = '1' }" }, { "labels = 'a=1'", "labels = exactly { a = '1' }" },
        } do
            assert.is_nil(of(every:format(case[1], case[2])), case[1])
        end
    end)

    local function two(first, second)
        return codes(("policy { name = 'a', %s }\npolicy { name = 'b', %s }\n"):format(first, second))
    end

    it("two policies that undo each other's changes", function()
        local one = "on = 'match', match = { labels = 'x=1' }, replace = { labels = { x = '2' } }"
        local other = "on = 'match', match = { labels = 'x=2', phase = 'Running' }, replace = { labels = { x = '1' } }"
        assert.are.same({ "2:policies-loop" }, two(one, other))
        support.contains(select(3, support.mpijobd("check", folder)), "Running, in namespace default, label x=1")
        assert.are.same({ "2:policies-loop" }, two((one:gsub("on = 'match'", "every = '1h'")), other))
        assert.are.same({ "2:policies-loop" }, two("every = '1h', match = { phase = 'Failed' }, replace = { cleanPodPolicy = 'All' }", "every = '2h', replace = { cleanPodPolicy = 'None' }"))
        -- By day and by night; in two namespaces; once only; another kind.
        assert.are.same({}, two((one:gsub("on = 'match'", "schedule = '0 8 * * *'")), (other:gsub("on = 'match'", "schedule = '0 20 * * *'"))))
        assert.are.same({}, two((one:gsub("match = {", "match = { namespace = 'a',")), (other:gsub("match = {", "match = { namespace = 'b*',"))))
        assert.are.same({}, two(one, (other:gsub("'match', match = { labels = 'x=2', phase = 'Running' }", "'finished', match = { labels = 'x=2' }"))))
        -- A mark that is taken away once a week, so that the jobs are looked at again.
        local mark = "on = 'match', match = { labels = '!seen' }, replace = { labels = { seen = 'yes' } }"
        local reset = "every = '%s', match = { labels = 'seen' }, replace = { labels = { seen = remove } }"
        assert.are.same({}, two(mark, reset:format "168h"))
        assert.are.same({}, two(mark, reset:format "24h"))
        assert.are.same({ "2:policies-loop" }, two(mark, reset:format "23h"))
        assert.are.same({}, two(one, (other:gsub("on =", "kind = 'PyTorchJob', on ="))))
        assert.are.same({}, two(one, (other:gsub("match = {", "match = { where = function() return false end,"))))
    end)

    it("two policies that give a field different values at once", function()
        local failed = "on = 'match', match = { phase = 'Failed', labels = '%s' }, replace = { cleanPodPolicy = '%s', labels = { seen = 'yes' } }"
        assert.are.same({ "2:policies-disagree" }, two(failed:format("a=1", "All"), failed:format("b=1", "None")))
        support.contains(select(3, support.mpijobd("check", folder)), "Failed, in namespace default, label a=1, label b=1")
        assert.are.same({}, two(failed:format("a=1", "All"), failed:format("a!=1", "None")))
        assert.are.same({}, two(failed:format("a=1", "All"), failed:format("b=1", "All")))
        local each = "schedule = '0 8 * * *', replace = { cleanPodPolicy = '%s' }"
        assert.are.same({ "2:policies-loop" }, two((each:gsub("schedule = '0 8 %* %* %*'", "every = '1h'"):format("All")), (each:gsub("schedule = '0 8 %* %* %*'", "every = '1h'"):format("None"))))
        assert.are.same({ "2:policies-disagree" }, two(each:format("All"), each:format("None")))
        assert.are.same({}, two(each:format("All"), (each:gsub("0 8", "0 20"):format("None"))))
        -- First for all jobs, then for those that have failed: events that come one after the other.
        assert.are.same({}, two("on = 'match', replace = { cleanPodPolicy = 'None' }", failed:format("a=1", "All")))
        assert.are.same({}, two("on = 'added', replace = { labels = { state = 'new' } }", "on = 'finished', replace = { labels = { state = 'done' } }"))
        assert.are.same({ "2:policies-disagree" }, two("on = 'added', replace = { labels = { state = 'new' } }", "on = 'added', match = { gpus = '>8' }, replace = { labels = { state = 'big' } }"))
        assert.are.same({}, two("on = 'added', clusters = 'a', replace = { labels = { s = '1' } }", "on = 'added', clusters = 'b', replace = { labels = { s = '2' } }"))
    end)

    it("changes that nothing acts on in a version that is known", function()
        local text = "policy { name = 'late', on = 'match', match = { phase = 'Running' }, replace = { activeDeadlineSeconds = 3600 } }\n" ..
            "policy { name = 'ended', on = 'match', match = { finished_for = '1h' }, replace = { activeDeadlineSeconds = 3600 } }\n" ..
            "policy { name = 'through', on = 'match', through_launcher = true, match = { phase = 'Running' }, replace = { activeDeadlineSeconds = 3600 } }\n" ..
            "policy { name = 'early', on = 'match', match = { phase = { 'Pending', 'Running' } }, replace = { activeDeadlineSeconds = 3600 } }\n" ..
            "policy { name = 'good', on = 'match', match = { finished_for = '1h' }, replace = { cleanPodPolicy = 'All' } }\n"
        assert.are.same({}, codes(text))
        assert.are.same({ "1:replace-inert", "2:replace-inert" }, codes(text, "--api-version", "v2beta1"))
        assert.are.same({ "2:replace-inert" }, codes(text, "--api-version", "v1", "--controller", "training-operator"))
        write("c.yaml", "cluster:\n  version: v1alpha2\n")
        assert.are.same({ "1:replace-inert", "2:replace-inert" }, codes(text, "--config", folder .. "/c.yaml"))
        support.contains(select(3, support.mpijobd("check", "--api-version", "v9", folder)), '--api-version takes v1alpha2, v1 or v2beta1, not "v9"')
        local server = simulator.start("--version", "v2beta1")
        assert.are.same({ "1:replace-inert", "2:replace-inert" }, codes(text, "--kubeconfig", server.kubeconfig))
    end)

    it("what the policies need and a role lacks", function()
        local function role(kind, verbs, more)
            return ("apiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata: { name: x%s }\nrules:\n- { apiGroups: [kubeflow.org], resources: [mpijobs], verbs: [%s] }\n")
                :format(kind, more or "", verbs)
        end
        local text = "policy { name = 'a', on = 'match', match = { namespace = 'train' }" .. ALL .. " }\npolicy { name = 'b', every = '1h', dry_run = true" .. ALL .. " }\n"
        local file = folder .. "/role.yaml"
        local function with(yaml)
            write("role.yaml", yaml)
            return codes(text, "--role", file)
        end
        assert.are.same({}, with(role("ClusterRole", "get, list, watch, update")))
        assert.are.same({}, with(role("ClusterRole", "'*'")))
        assert.are.same({ "1:role-lacks" }, with(role("ClusterRole", "get, list, update")))
        support.contains(select(3, support.mpijobd("check", "--role", file, folder)),
            "policy \"a\": needs to watch mpijobs.kubeflow.org in namespace train, which the roles in " .. file .. " do not allow")
        assert.are.same({ "2:role-lacks" }, with(role("Role", "get, list, watch, update", ", namespace: train")))
        assert.are.same({ "1:role-lacks", "2:role-lacks" }, with(role("Role", "get, list, watch, update", ", namespace: other")))
        assert.are.same({ "1:role-lacks" }, with(role("ClusterRole", "get, list") .. "---\n" .. role("Role", "update", ", namespace: train")))
        -- Bound in one namespace, a ClusterRole counts there alone.
        local bound = role("ClusterRole", "get, list, watch, update") .. "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n" ..
            "metadata: { name: x, namespace: train }\nroleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: x }\n"
        assert.are.same({ "2:role-lacks" }, with(bound))
        assert.are.same({ "1:role-lacks", "2:role-lacks" }, with((role("ClusterRole", "'*'"):gsub("verbs", "resourceNames: [bert], verbs"))))
        local _, printed = support.mpijobd("rbac", folder .. "/p.lua")
        assert.are.same({}, with(printed))
        for yaml, message in pairs {
            ["kind: ConfigMap\n"] = "there is no Role or ClusterRole in it", ["a: [b"] = "role.yaml:",
            ["kind: ClusterRole\naggregationRule: {}\n"] = "the server alone knows its rules",
        } do
            write("role.yaml", yaml)
            local code, out, err = support.mpijobd("check", "--role", file, folder)
            assert.are.equal(1, code)
            assert.are.equal("", out)
            support.contains(err, message)
        end
    end)

    it("what was meant where Lua cannot read the file", function()
        local function of_text(text)
            write("p.lua", text)
            return (select(3, support.mpijobd("check", folder .. "/p.lua")):match("^[^\n]*"))
        end
        for text, hint in pairs {
            ['policy { name: "a" }'] = '; in Lua "=" stands behind a key: name = ...', ["policy {\n  name: a\n}"] = '; in Lua "=" stands behind a key: name = ...',
            ["policy { match: { phase: 'x' } }"] = '; in Lua "=" stands behind a key: match = ...', ["policy { dry_run: true }"] = '; in Lua "=" stands behind a key: dry_run = ...',
            ['policy { "a-b": 1 }'] = '; in Lua "=" stands behind a key: ["a-b"] = ...', ["x = a != b"] = '; "is not equal to" is ~= in Lua',
            ["x = a && b"] = '; "and" is written as a word in Lua: a and b', ["x = a || b"] = '; "or" is written as a word in Lua: a or b', ["x = !a"] = '; "not" is written as a word in Lua: not x',
            ["// no"] = "; a comment begins with -- in Lua", ["x = 1\n# no"] = "; a comment begins with -- in Lua", ["x = 1\nx += 1"] = "; write x = x + 1",
            ["x = { a = ['b'] }"] = '; a list stands in braces in Lua: { "a", "b" }', ["x = { a = 1 b = 2 }"] = "; a comma stands between the entries of a table",
            ["if x = 1 then end"] = '; "is equal to" is == in Lua', ["x = “a”"] = "; quotes are plain in Lua: \"a\" or 'a'",
            ["if a then\nelse if b then\nend"] = '; "else if" begins an if of its own, which needs an end; elseif does not',
        } do
            support.contains(of_text(text), hint)
        end
        for _, text in ipairs { "job:get", "x = )", "local x <", "for", "x = 'a: b", "policy { name = 'a'" } do
            support.lacks(of_text(text), "; ")
        end
        write("lib/teams.lua", "return { a: 1 }")
        support.contains(of_text("require 'lib.teams'"), 'lib/teams.lua:1: <name> expected near \'1\'; in Lua "=" stands behind a key: a = ...')
    end)

    it("it again when a file changes, with --watch", function()
        write("lib/value.lua", "return 'All'")
        write("p.lua", "local v = require 'lib.value'\npolicy { name = 'p', every = '1h', replace = { cleanPodPolicy = v } }\n")
        local started = support.daemon(nil, "check", "--watch", folder)
        started:expect("waiting for a change", "stdout")
        support.contains(started.stdout, "every 1h")
        write("lib/value.lua", "return 'Al'")
        started:expect("waiting for a change", "stdout")
        support.contains(started.stderr, "must be exactly")
        write("lib/value.lua", "return 'None'")
        started:expect("waiting for a change", "stdout")
        assert.are.equal(2, support.count(started.stdout, "every 1h"))
        started:stop "sigint"
        assert.are.equal(2, (support.mpijobd("check", "--watch", "-o", "json", folder)))
    end)

    it("nothing in the policies that are shipped", function()
        local code, _, err = support.mpijobd("check", "--strict", support.source .. "/lua/policies")
        assert.are.equal("", err)
        assert.are.equal(0, code)
    end)

    local BAD = "-- ä\nlocal _ = 'äöü' policy { name = 'rare', schedule = '0 0 29 2 *'" .. ALL .. " }\n" ..
        "policy { name = 'never', every = '1h', match = { gpus = '<0' }" .. ALL .. " }\n"

    it("and tells them in rows below each other, and with a code", function()
        write("p.lua", BAD)
        local code, out, err = support.mpijobd("check", folder)
        assert.are.equal(1, code)
        support.contains(out, ("\nnever  every 1h          %s/p.lua:3\n"):format(folder))
        support.contains(out, ("rare   0 0 29 2 * (UTC)  %s/p.lua:2\n"):format(folder))
        support.contains(err, ('%s/p.lua:2: warning: policy "rare": schedule'):format(folder))
        support.contains(err, ('%s/p.lua:3: policy "never": match.gpus is below 0: no job asks for fewer GPUs than none [match-never]\n'):format(folder))
        support.contains(err, "mpijobd check: 1 error, 1 warning\n")
    end)

    it("and counts warnings as errors only where --strict says so", function()
        write("p.lua", "policy { name = 'rare', schedule = '0 0 29 2 *'" .. ALL .. " }\n")
        local code, _, err = support.mpijobd("check", folder)
        assert.are.equal(0, code)
        support.contains(err, "[schedule-rare]")
        support.lacks(err, "mpijobd check:")
        code, _, err = support.mpijobd("check", "--strict", folder)
        assert.are.equal(1, code)
        support.contains(err, "mpijobd check: 0 errors, 1 warning; with --strict these count as errors\n")
        assert.are.equal(2, (support.mpijobd("next", "--strict", folder)))
    end)

    it("and tells them as JSON, with line and column in characters", function()
        write("p.lua", BAD)
        local _, out = support.mpijobd("check", "-o", "json", folder)
        local rows = json.decode(out)
        assert.are.equal(4, #rows)
        assert.are.equal("rare", rows[1].name)
        assert.are.same({ "schedule-rare", "warning", "rare", 2, 41 }, { rows[3].code, rows[3].severity, rows[3].policy, rows[3].line, rows[3].column })
        assert.are.same({ "match-never", "error", "never", 3 }, { rows[4].code, rows[4].severity, rows[4].policy, rows[4].line })
        write("p.lua", "policy { name = 'x', evry = 1 }\nlocal x = nosuch\n")
        write("q.lua", "policy {")
        local code
        code, out = support.mpijobd("check", "-o", "json", folder)
        assert.are.equal(1, code)
        local kinds = {}
        for i, row in ipairs(json.decode(out)) do
            kinds[i] = row.code
        end
        assert.are.same({ "policy", "policy", "policy", "unknown-global", "file" }, kinds)
    end)

    it("and tells them as SARIF", function()
        local at = folder .. "/a folder"
        support.uv.fs_mkdir(at, 448)
        support.write(at .. "/p.lua", BAD)
        local code, out = support.mpijobd("check", "-o", "sarif", at)
        assert.are.equal(1, code)
        local log = json.decode(out)
        assert.are.equal("2.1.0", log.version)
        support.contains(log["$schema"], "sarif-schema-2.1.0.json")
        local run = log.runs[1]
        assert.are.equal("mpijobd", run.tool.driver.name)
        local docs = support.read(support.source .. "/docs/reference/check.md")
        for _, rule in ipairs(run.tool.driver.rules) do
            assert.is_string(rule.shortDescription.text)
            support.contains(docs, ("\n| `%s` | %s |"):format(rule.id, rule.defaultConfiguration.level))
        end
        assert.are.equal(2, #run.results)
        for _, result in ipairs(run.results) do
            assert.are.equal(result.ruleId, run.tool.driver.rules[result.ruleIndex + 1].id)
            assert.is_truthy(({ error = true, warning = true })[result.level])
            assert.is_string(result.message.text)
            local place = result.locations[1].physicalLocation
            assert.are.equal("file://" .. folder .. "/a%20folder/p.lua", place.artifactLocation.uri)
            assert.is_true(place.region.startLine >= 1 and place.region.startColumn >= 1)
        end
        support.write(at .. "/p.lua", "policy {")
        code, out = support.mpijobd("check", "-o", "sarif", at)
        assert.are.equal(1, code)
        assert.are.equal("file", json.decode(out).runs[1].results[1].ruleId)
        support.write(at .. "/p.lua", "policy { name = 'p', every = '1h'" .. ALL .. " }\n")
        code, out = support.mpijobd("check", "-o", "sarif", at)
        assert.are.equal(0, code)
        support.contains(out, '"results":[]')
    end)

    it("and takes a moment for a thousand policies", function()
        local all = {}
        for i = 1, 300 do
            all[i] = ("policy { name = 'p%d', every = '1h', match = { labels = 'n=%d' }, replace = { labels = { to = '%d' } } }"):format(i, i, i)
        end
        assert.are.same({}, codes(table.concat(all, "\n")))
    end)
end)

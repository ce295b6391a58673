-- SPDX-License-Identifier: Apache-2.0
-- What people and programs read: the log, plans, the journal, and the words of errors.
local support = require "support"
local cluster = require "support.cluster"

describe("what is read of a cluster", function()
    local server, namespace, folder
    lazy_setup(function()
        server = cluster.start(cluster.versions[4])
    end)
    lazy_teardown(support.cleanup)
    before_each(function()
        namespace, folder = server:namespace(), support.folder()
    end)

    local function file(text)
        return support.write(folder .. "/p.lua", text)
    end
    local function at(command, ...)
        return support.mpijobd(command, "--kubeconfig", server.kubeconfig, "-n", namespace, ...)
    end
    -- Lines of a JSON log, by message; of several with one message the last.
    local function rows(log)
        local found = {}
        for line in log:gmatch("[^\n]+") do
            if line:sub(1, 1) == "{" then
                local row = support.json.decode(line)
                found[row.message] = row
            end
        end
        return found
    end

    it("the log shows a change to people as plan does, and to programs as JSON", function()
        server:create(namespace, "a", { state = "Running", policy = "None" })
        local policy = file [[policy { name = "p", every = "1h", replace = { cleanPodPolicy = "All", labels = { team = "vision", ["example.com/n"] = "5" } } }]]
        local code, plan, err = at("plan", policy)
        assert.are.equal(0, code, err)
        local lines = {}
        for line in plan:gmatch("[^\n]+") do
            if line:find("^[+ -] [%w.]+") then
                lines[#lines + 1] = line
            end
        end
        assert.is_true(#lines >= 3, plan)
        local _, _, log = at("run", "--once", "--dry-run", "--state", folder .. "/s.db", policy)
        for i = 1, 3 do
            support.contains(log, "\n    " .. lines[i] .. "\n")
        end
        support.lacks(log, "diff=")
        _, _, log = at("run", "--once", "--state", folder .. "/s.db", "--log-format", "json", policy)
        assert.are.equal("/spec/runPolicy/cleanPodPolicy", rows(log).replaced.diff[1].path)
    end)

    it("a script's numbers, booleans and tables are such in the JSON log", function()
        local policy = file [[policy { name = "p", every = "1h", run = function()
            log.info("types", { int = 42, float = 1.5, yes = true, none = json.null, list = { 1, "b" }, map = { a = { b = 2 } }, text = "42",
                inf = math.huge, message = "mine", policy = 3, odd = { f = print or log.info }, long = { ("x"):rep(9000) } })
            log.info({ a = 1 }, {})
        end }]]
        local code, _, log = at("run", "--once", "--state", folder .. "/s.db", "--log-format", "json", policy)
        assert.are.equal(0, code, log)
        local row = rows(log).types
        assert.are.same({ 42, 1.5, true, support.json.null, "42", "inf" }, { row.int, row.float, row.yes, row.none, row.text, row.inf })
        assert.are.same({ { 1, "b" }, { a = { b = 2 } } }, { row.list, row.map })
        assert.are.same({ "types", "mine", "p", 3 }, { row.message, row.message_, row.policy, row.policy_ })
        assert.are.equal("(a table that JSON cannot hold: f is a function, which JSON cannot hold)", row.odd)
        assert.are.equal('... (cut)', row.long:sub(-9))
        assert.is_truthy(rows(log)['{"a":1}'])
        code, _, log = at("run", "--once", "--state", folder .. "/s.db", policy)
        assert.are.equal(0, code, log)
        support.contains(log, [[inf=inf int=42 list="[1,\"b\"]" long=]])
        support.contains(log, [[map="{\"a\":{\"b\":2}}" message_=mine none=null]])
    end)

    it("a script's dry looks are no changes, and what the server did not change does not count", function()
        server:create(namespace, "a", { state = "Running" })
        local policy = file(([[policy { name = "p", every = "1h", limits = { changes = 2 }, run = function()
            for _ = 1, 5 do
                local would = assert(mpijob.replace("%s/a", { labels = { x = "1" } }, { dry_run = true }))
                assert(would.changed and would.dry_run)
            end
            assert(not mpijob.replace("%s/none", { labels = { x = "1" } }, { dry_run = true }))
            assert(run.changed == 0 and run.unchanged == 0 and run.failed == 0)
            assert(mpijob.replace("%s/a", { labels = { x = "2" } }))
            assert(run.changed == 1)
            for _, patch in ipairs { { metadata = json.null }, { { op = "remove", path = "/metadata" } }, { metadata = "x" } } do
                local no, err = mpijob.patch("%s/a", patch)
                assert(no == nil and err.reason == "Invalid" and err.message:find("takes away metadata as a whole", 1, true), err.message)
            end
            assert(run.changed == 1)
        end }]]):gsub("%%s", namespace))
        local code, out, log = at("plan", policy)
        assert.are.equal(3, code, out .. log)
        support.contains(out, '+ labels.x: "2"')
        support.lacks(out, 'labels.x: "1"')
        support.contains(out, "1 to change (1 stored)")
        code, out, log = at("run", "--once", "--state", folder .. "/s.db", policy)
        assert.are.equal(3, code, out .. log) -- three refused patches
        support.contains(log, "changed=1 unchanged=0 failed=3")
        assert.are.equal("2", server:get(namespace, "a").metadata.labels.x)
        if not server.sim then
            return
        end
        local _, raw = server:get(namespace, "a") -- as if a webhook had put back what was there
        server.sim:fault { fault = "body", method = "PATCH", count = 1, text = raw }
        policy = file(([[policy { name = "p", every = "1h", run = function()
            local done = assert(mpijob.patch("%s/a", { metadata = { labels = { y = "1" } } }))
            assert(done.changed == false and done.effect == "unchanged" and #done.diff == 0, json.encode(done))
            assert(run.changed == 0 and run.unchanged == 1)
        end }]]):format(namespace))
        code, out, log = at("run", "--once", "--state", folder .. "/s.db", policy)
        assert.are.equal(0, code, out .. log)
        support.lacks(log, "patched")
    end)

    it("plan shows what a limit would stop, then the limit, and sums by policy, each time in the same order", function()
        for i = 1, 7 do
            server:create(namespace, "done-" .. i, { state = "Succeeded", policy = "None" })
        end
        server:create(namespace, "runs", { state = "Running" })
        local policy = file((([[
            policy { name = "z-frees", every = "1h", match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" }, limits = { changes = 3 } }
            policy { name = "labels", every = "1h", replace = function(job) return { labels = { n = job.name } } end }
            policy { name = "a-runs", every = "1h", limits = { changes = 2 }, run = function()
                for i = 7, 1, -1 do
                    mpijob.replace("NS/done-" .. i, { annotations = { i = tostring(i) } })
                end
                assert(not mpijob.replace("NS/gone", { labels = { x = "y" } }))
            end }
        ]]):gsub("NS", namespace)))
        local code, first, err = at("plan", policy)
        assert.are.equal(4, code, first .. err)
        local jobs = {}
        for job, name in first:gmatch("(%S+)  %((%S+)%)\n") do
            jobs[#jobs + 1] = name .. " " .. job:match("[^/]+$")
        end
        local wanted = {}
        for _, name in ipairs { "z-frees", "labels", "a-runs" } do
            for i = 1, 7 do
                wanted[#wanted + 1] = name .. " done-" .. i
            end
            wanted[#wanted + 1] = ({ labels = "labels runs", ["a-runs"] = "a-runs gone" })[name]
        end
        assert.are.same(wanted, jobs)
        support.contains(err, 'policy "z-frees": 7 jobs would be changed, and limits.changes allows 3: a run would change nothing.')
        support.contains(err, 'policy "a-runs": it would make more changes than the 2 that limits.changes allows')
        assert.is_truthy(first:find("POLICY +TO CHANGE +AS IT SHOULD BE +NOT POSSIBLE +GPUS GIVEN BACK\nz%-frees +7 +0 +0 +56\nlabels +8 +0 +0 +0\na%-runs +7 +0 +1 +0\n"), first)
        support.contains(first, "22 to change (15 stored, 7 effective), 0 as they should be, 1 not possible; 56 GPUs would be given back. Nothing was written.")
        local json = select(2, at("plan", policy, "-o", "json"))
        local gpus = 0
        for i, row in ipairs(support.json.decode(json)) do
            assert.are.equal(wanted[i], row.policy .. " " .. row.job:match("[^/]+$"))
            gpus = gpus + (row.gpus_released or 0)
        end
        assert.are.equal(56, gpus)
        for _ = 1, 3 do
            assert.are.equal(first, (select(2, at("plan", policy))))
            assert.are.equal(json, (select(2, at("plan", policy, "-o", "json"))))
        end
        local ended, _, log = at("run", "--once", "--dry-run", "--state", folder .. "/s.db", policy)
        assert.are.equal(4, ended)
        assert.are.equal(22, support.count(log, "would replace"))
        ended, _, log = at("run", "--once", "--state", folder .. "/s.db", policy)
        assert.are.equal(4, ended)
        support.contains(log, "limits.changes allows 3: nothing was changed")
        assert.are.equal(10, support.count(log, "info  replaced"))
    end)

    it("a job's reason is decoded", function()
        server:create(namespace, "a", { state = "Failed" })
        local status = server:get(namespace, "a")
        local path = server:path(namespace, "a", "status")
        status.status.conditions[#status.status.conditions].reason = 'a<b> & "c" \\ é'
        local answer, raw = server:request("PUT", path, support.json.encode(status))
        assert.are.equal(200, answer, raw)
        local policy = file(([[policy { name = "p", every = "1h", run = function()
            local job = mpijob.get("%s/a")
            assert(job.reason == 'a<b> & "c" \\ é', job.reason)
        end }]]):format(namespace))
        local code, _, log = at("run", "--once", "--state", folder .. "/s.db", policy)
        assert.are.equal(0, code, log)
    end)

    it("errors of policies name the author's file and line, the cure, and the author's frames alone", function()
        server:create(namespace, "a", { state = "Running" })
        local policy = file((([=[
policy { name = "f", every = "1h", replace = function(job)
    return {
        labels = { ok = "x" },
        cleanPodPolicy = "Some",
    }
end }
policy { name = "m", every = "1h", replace = function(job)
    local t = {}
    for i = 1, 1e9 do t[i] = { i } end
end }
local function deep(n) if n == 0 then error("no bottom") end deep(n - 1) return 1 end
policy { name = "d", every = "1h", replace = function(job) deep(2) end }
policy { name = "r", every = "1h", run = function(run)
    mpijob.replace("NS/a", function(job)
        deep(1)
    end)
end }
policy { name = "s", every = "1h", run = function(run)
    mpijob.replace("NS/a", function(job) return { cleanPodPolicy = "x" } end)
end }
policy { name = "c", every = "1h", run = function(run)
    local ok, err = pcall(function() local t = {} for i = 1, 1e9 do t[i] = { i } end end)
    error(err)
end }
]=]):gsub("NS", namespace)))
        local code, _, log = at("run", "--once", "--state", folder .. "/s.db", policy)
        assert.are.equal(1, code)
        support.contains(log, "p.lua:4: cleanPodPolicy must be exactly None, Running or All")
        support.contains(log, 'p.lua:7: the memory limit of 64MiB is reached (a table or a string that grows?); if it really needs more: limits = { memory = "128MiB" }')
        support.contains(log, "p.lua:11: no bottom")
        support.contains(log, "p.lua:19: mpijob.replace: cleanPodPolicy must be")
        support.contains(log, "p.lua:23: the memory limit of 64MiB is reached")
        for _, part in ipairs { "not enough memory", "[C]", "sweep:", "mpijob:" } do
            support.lacks(log, part)
        end
    end)

    it("journal shows a deleted object short, and names one that the server named", function()
        server:create(namespace, "a", { state = "Running" })
        local policy = file(([[policy { name = "p", every = "1h", destructive = true, run = function()
            local made = assert(mpijob.create { metadata = { generateName = "made-", namespace = "NS" }, spec = mpijob.get("NS/a"):table().spec })
            log.info("made", { name = json.decode(made.object).metadata.name, uid = json.decode(made.object).metadata.uid })
            assert(mpijob.delete("NS/a"))
        end }]]):gsub("NS", namespace))
        local code, _, log = at("run", "--once", "--state", folder .. "/s.db", "--log-format", "json", policy)
        assert.are.equal(0, code, log)
        local made = rows(log).made
        local _, out = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json")
        local changes = support.json.decode(out)
        assert.are.same({ made.name, made.uid, "create" }, { changes[2].name, changes[2].uid, changes[2].verb })
        assert.is_truthy(made.name:find("^made%-.+"))
        _, out = support.mpijobd("journal", "--state", folder .. "/s.db")
        support.contains(out, namespace .. "/" .. made.name .. "  object created")
        assert.is_truthy(out:find("/a +object deleted  "), out)
        for line in out:gmatch("[^\n]+") do
            assert.is_true(#line < 400, line)
        end
    end)

    it("suspending by hand what runs needs --destructive; a policy does as it says", function()
        server:create(namespace, "a", { state = "Running" })
        server:create(namespace, "new")
        local code, _, err = at("replace", "a", "suspend=true", "--dry-run")
        assert.are.equal(1, code)
        support.contains(err, "refused, because the job runs, and suspending it ends its pods. To do it all the same, allow it by name: --destructive")
        code, _, err = at("replace", "--all", "suspend=true", "--dry-run")
        assert.are.equal(3, code, err)
        local _, raw = server:get(namespace, "a")
        support.write(folder .. "/a.json", (raw:gsub('"spec":{', '"spec":{"runPolicy":{"suspend":true},', 1)))
        code, _, err = at("replace", "-f", folder .. "/a.json", "--dry-run")
        assert.are.equal(1, code, err)
        support.contains(err, "--destructive")
        local out
        code, out, err = at("replace", "a", "suspend=true", "--dry-run", "--destructive")
        assert.are.equal(0, code, out .. err)
        code, _, err = at("run", "--once", "--state", folder .. "/s.db", file [[policy { name = "p", every = "1h", replace = { suspend = true } }]])
        assert.are.equal(0, code, err)
    end)
end)

describe("the words", function()
    local folder
    before_each(function()
        folder = support.folder()
    end)
    after_each(support.cleanup)

    it("of help are those of --help; a command takes no more than it has", function()
        assert.are.equal(2, (support.mpijobd("version", "extra")))
        assert.are.equal((select(2, support.mpijobd("journal", "--help"))), (select(2, support.mpijobd("help", "journal"))))
    end)

    it("of the manual page name each command once, with nothing between them", function()
        local text = support.read(support.source .. "/docs/man/mpijobd.1.in"):match("%.SH COMMANDS\n(.-)\n%.SH ")
        local named, wanted = {}, {}
        for line in text:gmatch("%.TP\n([^\n]+)") do
            for name in line:gsub("^%.BR? ", ""):gsub("\\%-", "-"):gsub('" , "', " "):gmatch("%l[%l-]+") do
                named[#named + 1] = name
            end
        end
        for name in select(2, support.mpijobd("--help")):match("Commands:\n(.-)\n\n"):gmatch("  ([%l-]+) [^\n]+") do
            wanted[#wanted + 1] = name
        end
        table.sort(named)
        table.sort(wanted)
        assert.are.same(wanted, named)
    end)

    it("explain each command by --help, -h and help NAME, whatever options it has", function()
        local seen = 0
        for name, about in select(2, support.mpijobd("--help")):match("Commands:\n(.-)\n\n"):gmatch("  (%l+) +([^\n]+)") do
            for _, words in ipairs { { name, "--help" }, { name, "-h" }, { "help", name } } do
                local code, out, err = support.mpijobd(table.unpack(words))
                assert.are.same({ 0, "" }, { code, err })
                assert.are.equal(about, out:match("^[^\n]+"))
                support.contains(out, "-h, --help")
            end
            seen = seen + 1
        end
        assert.is_true(seen > 20)
    end)

    it("of a daemon whose server is down are said at once", function()
        local policy = support.write(folder .. "/p.lua", 'policy { name = "p", every = "1h", replace = { cleanPodPolicy = "All" } }')
        local kubeconfig = support.write(folder .. "/kubeconfig", [[
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {}}]
]])
        local daemon = support.daemon(nil, "run", "--kubeconfig", kubeconfig, "--state", folder .. "/s.db", "--listen", "none", "--log-format", "json", policy)
        daemon:expect("the server does not answer yet")
        local row = support.json.decode(daemon.stderr:match('[^\n]*"the server does not answer yet[^\n]*'))
        assert.are.equal("warn", row.level)
        support.contains(row.reason, "127.0.0.1 port 9")
        assert.are.equal("http://127.0.0.1:9", row.server)
        daemon:stop()
    end)

    it("of mistakes in policies come all at once, in the file's order, the same each time", function()
        local path = support.write(folder .. "/p.lua", [==[
policy {
    name = "a", schedule = "0 9 * * *",
    on = "mach",
    match = { name = 5, zeta = 1, labels = { ["b/c/d"] = "x" } },
    replace = {
        suspend = "yes",
        cleanPodPolicy = "Some",
        labels = { ["team!"] = "x", ["ops.example.com/x"] = 5, name = "a b" },
        nosuch = 1, activeDeadlineSeconds = -1,
    },
    limits = { foo = 1, cpu = "x", changes_per_hour = 9 },
}
policy { name = "b", evry = "1h", every = "x", replace = { lables = {}, backoffLimit = "x" } }
policy { name = "c", on = "match", timezone = "UTC", every = "1h", run = 5 }
]==])
        local wanted = { '3: policy "a": on is the string "mach"', '3: policy "a": on stands beside another trigger; a policy has one %(the other is schedule', "4: .*match%.name is",
            "4: .*match%.zeta is not", '4: .*label key "b/c/d"', "6: .*suspend must be", "7: .*cleanPodPolicy must be", '8: .*label key "team!"',
            '8: .*labels%["ops%.example%.com/x"%] is the number 5', '8: .*the value "a b"', '9: .*no field "nosuch"', "9: .*activeDeadlineSeconds must be",
            "11: .*limits%.foo is not a limit", "11: .*limits%.cpu: duration", "11: .*limits%.changes_per_hour is a key of the configuration", '13: policy "b": evry is not', '13: policy "b": every: duration',
            "13: .*did you mean labels", "13: .*backoffLimit must be", '14: policy "c": on stands beside another trigger; a policy has one %(the other is every', "14: .*run is the number 5" }
        local first
        for _ = 1, 5 do -- each process has an order of its own for Lua's tables
            local code, _, err = support.mpijobd("check", path)
            assert.are.equal(1, code)
            first = first or err
            assert.are.equal(first, err)
        end
        local n = 0
        for line in first:gmatch("[^\n]+") do
            n = n + 1
            if wanted[n] then
                assert.is_truthy(line:find("^" .. path:gsub("%p", "%%%0") .. ":" .. wanted[n]), line .. "\n" .. wanted[n])
            end
        end
        assert.are.equal(#wanted + 1, n, first)
    end)

    it("of a file that computes or grows without end while it is loaded advise what helps there", function()
        for text, words in pairs { ["while true do end"] = "p.lua:2: the CPU limit of 1s is used up while the file is loaded",
            ["local t = {} for i = 1, 1e9 do t[i] = { i } end"] = "p.lua:2: the memory limit of 64MiB is reached while the file is loaded",
            ["error(select(2, pcall(function() local t = {} for i = 1, 1e9 do t[i] = { i } end end)))"] = "p.lua:2: the memory limit of 64MiB is reached while" } do
            local code, _, err = support.mpijobd("check", support.write(folder .. "/p.lua", "\n" .. text .. "\n"))
            assert.are.equal(1, code)
            support.contains(err, words)
            support.contains(err, "run, replace or where")
            support.lacks(err, "limits =")
        end
    end)

    it("of mistakes in the configuration come all at once, in the file's order", function()
        local path = support.write(folder .. "/mpijobd.yaml", [[
polices: [p]
clusters:
  Lab: { context: a }
  prod:
    server: 5
    auth: { type: nothing, tokenfile: x }
  two: { context: a, server: "https://x" }
log: { level: loud, format: xml }
http: { connections: 0, timeout: soon }
plugins: x
]])
        local code, _, err = support.mpijobd("check", "--config", path, folder)
        assert.are.equal(1, code)
        local lines = {}
        for line, key in err:gmatch("mpijobd%.yaml:(%d+): (%S+) ") do
            lines[#lines + 1] = line .. " " .. key
        end
        assert.are.same({ "1 polices", "3 clusters.Lab", "5 clusters.prod.server", "6 clusters.prod.auth.type", "6 clusters.prod.auth.tokenfile",
            "7 clusters.two.server", "8 log.level", "8 log.format", "9 http.connections", "9 http.timeout", "10 plugins" }, lines)
    end)
end)

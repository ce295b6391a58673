-- SPDX-License-Identifier: Apache-2.0
-- The fault matrix of docs/operations.md, executed: a fault amid a sweep that changes many jobs, what is told of it, and that nothing is
-- lost afterwards: each job changed exactly once, the journal and the server agree, and the chain of the journal is whole.
local support = require "support"
local sims = require "support.sim"
local cluster = require "support.cluster"

local JOBS <const> = 30
local JOB <const> = '{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"NAME"},'
    .. '"spec":{"mpiReplicaSpecs":{"Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}'
-- A change that shows when it is made twice.
local COUNTS <const> = [[policy { name = "counts", every = "10m", missed = "once", match = { namespace = "%s", labels = "!counted" }, limits = { concurrency = 6 }, breaker = false,
    replace = function(job) return { labels = { counted = "yes" }, annotations = { times = tostring(tonumber(job.annotations.times or 0) + 1) } } end }]]
local made = 0

-- A server with jobs in a namespace of their own, and what is done with it; real: a kube-apiserver.
local function open(server)
    local it = { server = server, url = server.sim and server.sim.url or server.APISERVER_URL or server.url, folder = support.folder() }
    local v2beta1 = "/apis/kubeflow.org/v2beta1/namespaces/%s/mpijobs"

    function it.many(stdin, ...)
        return support.proc.start("/usr/bin/python3", { args = { support.source .. "/tests/spec/support/many.py", ... }, stdin = stdin,
            env = { URL = it.url, TOKEN = server.APISERVER_TOKEN, CA = server.APISERVER_CA, https_proxy = false, HTTPS_PROXY = false } })
    end

    function it.asked(stdin, ...)
        local code, out, err = support.proc.run("/usr/bin/python3", { args = { support.source .. "/tests/spec/support/many.py", ... }, stdin = stdin, seconds = 120,
            env = { URL = it.url, TOKEN = server.APISERVER_TOKEN, CA = server.APISERVER_CA, https_proxy = false, HTTPS_PROXY = false } })
        assert(code == 0, out .. err)
        return out
    end

    function it.fill(count)
        made = made + 1
        it.namespace = ("matrix-%d-%d"):format(support.uv.os_getpid(), made)
        server:make_namespace(it.namespace)
        it.path = v2beta1:format(it.namespace)
        it.asked(JOB, "create", it.path, tostring(count))
    end

    function it.start(at, policies, configuration)
        support.write(it.folder .. "/p.lua", policies or COUNTS:format(it.namespace))
        support.write(it.folder .. "/mpijobd.yaml", configuration or "http: { timeout: 2s }\n")
        it.daemon = support.daemon({ stdin = true, env = it.env }, "run", "--kubeconfig", it.kubeconfig or server.kubeconfig, "--config", it.folder .. "/mpijobd.yaml", "--state",
            it.folder .. "/s.db", "--listen", "none", "--grace", "5s", "--clock", at or "2026-12-01T00:00:01Z", it.folder .. "/p.lua")
        it.daemon:expect(" in force")
    end

    -- Moves the clock by ten minutes and waits for the run that is due then: its outcome, and the line of the log.
    function it.sweep()
        it.daemon:write "advance 10m\n"
        local line = it.daemon:expect "run ended policy=counts"
        return line:match "outcome=(%S+)", line
    end

    function it.rows(...)
        local code, out, err = support.mpijobd("journal", "--state", it.folder .. "/s.db", "-o", "json", "--limit", "0", ...)
        assert.are.equal(0, code, err)
        return support.json.decode(out)
    end

    -- Each job was changed once, by the server's word and by the journal's.
    function it.nothing_is_lost(count)
        local found = 0
        for name, text in pairs(support.json.decode(it.asked(nil, "own", it.path))) do
            local metadata = support.json.decode(text).metadata
            assert.are.same({ "yes", "1" }, { (metadata.labels or {}).counted, (metadata.annotations or {}).times }, name)
            found = found + 1
        end
        assert.are.equal(count, found)
        assert.are.equal(0, (it.daemon:stop()))
        local done = {}
        for _, row in ipairs(it.rows()) do
            assert.are_not.equal(support.json.null, row.outcome)
            assert.are_not.equal("lost", row.outcome)
            if row.outcome == "done" or row.outcome == "done-unseen" then
                done[row.name] = (done[row.name] or 0) + 1
            end
        end
        for i = 1, count do
            assert.are.equal(1, done["job-" .. i], "job-" .. i)
        end
        local code, out, err = support.mpijobd("journal", "--verify", "--state", it.folder .. "/s.db")
        assert.are.equal(0, code, out .. err)
    end

    return it
end

describe("the fault matrix", function()
    local it_is

    before_each(function()
        it_is = open(sims.start("--version", "v2beta1", "--jobs", "0"))
        it_is.fill(JOBS)
    end)
    after_each(support.cleanup)

    local PUTS <const> = "method=PUT,path=*/mpijobs/*"
    -- title; fault of the simulator; outcome of the run amid the fault, where it cannot be another; what the log says
    for _, row in ipairs {
        { "429", "capacity:path=*/mpijobs*,watch=0,seats=2,ms=5,retry-after=0", nil, "the server slows mpijobd down" },
        { "500", "status:code=500,probability=0.4," .. PUTS, nil, nil },
        { "503 with Retry-After", "unavailable:path=*/mpijobs*,watch=0,count=8,retry-after=0", nil, "the server slows mpijobd down" },
        { "503 without a word", "status:code=503,probability=0.4," .. PUTS, nil, nil },
        { "resets", "reset-before:path=*/mpijobs*,watch=0,probability=0.3", nil, nil },
        { "lost answers", "reset-after:probability=0.4," .. PUTS, nil, nil },
        { "closed connections", "close-after:probability=0.4," .. PUTS, nil, nil },
        { "stalls", "stall:count=3," .. PUTS, nil, nil },
        { "stalls after the change", "stall-after:count=3," .. PUTS, nil, nil },
        { "cut bodies", "truncate:probability=0.3," .. PUTS, nil, nil },
        { "half a JSON", "half:probability=0.3," .. PUTS, nil, nil },
        { "empty bodies", "empty:probability=0.3," .. PUTS, nil, nil },
        { "HTML instead of an answer", "html:probability=0.3," .. PUTS, nil, nil },
        { "a conflict each time", "conflict:" .. PUTS, "partial", "reason=Conflict" },
        { "no answer but errors", "status:code=500,path=*/mpijobs*,watch=0", "failed", "500" },
    } do
        it("has a sweep amid " .. row[1], function()
            it_is.start()
            it_is.server:fault(row[2])
            local outcome, line = it_is.sweep()
            if row[3] then
                assert.are.equal(row[3], outcome, line)
            end
            if row[4] then
                support.contains(it_is.daemon.stderr, row[4])
            end
            it_is.server:clear_faults()
            it_is.sweep()
            it_is.nothing_is_lost(JOBS)
        end)
    end

    it("has a sweep in which the server is restarted and has forgotten its history", function()
        it_is.start()
        it_is.server:fault("delay:ms=20," .. PUTS)
        it_is.daemon:write "advance 10m\n"
        assert.is_truthy(support.proc.await(function()
            return it_is.server:count "PUT" > 5
        end))
        it_is.server:fault "restart"
        it_is.daemon:expect "run ended policy=counts"
        it_is.server:clear_faults()
        it_is.sweep()
        it_is.nothing_is_lost(JOBS)
    end)

    it("has clock steps, forward and back: no instant twice, none lost", function()
        it_is.start("2026-12-01T00:00:01Z", [[policy { name = "ticks", every = "10m", missed = "all", run = function(run) log.info("tick " .. time.rfc3339(run.scheduled_at)) end }]])
        local function to(instant)
            it_is.daemon:write("set " .. instant .. "\n")
            it_is.daemon:expect("clock ", "stdout")
        end
        to "2026-12-01T00:10:00Z"
        it_is.daemon:expect "tick 2026-12-01T00:10:00Z"
        to "2026-12-01T00:40:05Z" -- forward by half an hour
        it_is.daemon:expect "tick 2026-12-01T00:40:00Z"
        to "2026-12-01T00:05:00Z" -- and back by as much and more
        to "2026-12-01T00:41:00Z"
        to "2026-12-01T00:50:00Z"
        it_is.daemon:expect "tick 2026-12-01T00:50:00Z"
        assert.are.equal(0, (it_is.daemon:stop()))
        local seen = {}
        for instant in it_is.daemon.stderr:gmatch "tick (2026%S+)" do
            seen[instant] = (seen[instant] or 0) + 1
        end
        for _, minutes in ipairs { "10", "40", "50" } do
            assert.are.equal(1, seen["2026-12-01T00:" .. minutes .. ":00Z"], minutes)
        end
        for instant, times in pairs(seen) do
            assert.are.equal(1, times, instant)
        end
    end)

    it("has a disk on which each write takes long", function()
        local slow = os.getenv("MPIJOBD_BUILD") .. "/tests/slow_disk.so"
        if os.getenv("MPIJOBD_SPEC_WRAPPER") or not support.uv.fs_stat(slow) then
            pending "not under a sanitizer or a wrapper"
            return
        end
        it_is.env = { LD_PRELOAD = slow, SLOW_DISK = it_is.folder .. "/slow" }
        it_is.start()
        support.write(it_is.folder .. "/slow", "200")
        it_is.daemon:write "advance 10m\n"
        it_is.daemon:expect "run starts policy=counts"
        local code, out, err = support.mpijobd("status", "--state", it_is.folder .. "/s.db") -- does not wait for the disk
        assert.are.equal(0, code, out .. err)
        support.lacks(it_is.daemon.stderr, "run ended policy=counts")
        support.contains(it_is.daemon:expect "run ended policy=counts", "outcome=done")
        os.remove(it_is.folder .. "/slow")
        it_is.nothing_is_lost(JOBS)
    end)

    it("has a journal that is corrupt: no change without its row, and nothing is lost with the old file back", function()
        it_is.start()
        assert.are.equal("done", (it_is.sweep()))
        assert.are.equal(0, (it_is.daemon:stop()))
        local file = it_is.folder .. "/s.db"
        local whole = support.read(file)
        support.write(file, whole:sub(1, 100) .. ("\xff"):rep(#whole - 100))
        local code, _, err = support.mpijobd("run", "--kubeconfig", it_is.server.kubeconfig, "--state", file, "--listen", "none", it_is.folder .. "/p.lua")
        assert.are_not.equal(0, code)
        support.contains(err, file)
        support.write(file, whole)
        it_is.start "2026-12-01T01:00:01Z"
        it_is.nothing_is_lost(JOBS)
    end)

    it("stands in docs/operations.md: each row names a test that there is, and each test here is in a row", function()
        local text = support.read(support.source .. "/docs/operations.md")
        local rows, named = 0, {}
        for line in text:match("## The fault matrix\n(.-)\n## "):gmatch "\n| ([^\n]+)" do
            if not line:find "^%-%-%-" and not line:find(" fault | ", 1, true) then
                local before = rows
                for path, title in line:gmatch '%]%(%.%./(tests/[^)]+)%): "([^"]+)"' do
                    rows = rows + 1
                    named[title] = true
                    local source = support.read(support.source .. "/" .. path)
                    assert.is_truthy(source:find((title:gsub("^has a sweep amid ", "")), 1, true), path .. ": " .. title)
                end
                assert.is_true(rows > before, "no test is named: " .. line)
            end
        end
        assert.is_true(rows > 20)
        local source = support.read(support.source .. "/tests/spec/fault_matrix_spec.lua")
        for title in source:gmatch '\n    +it%("([^"]+)", function' do
            assert.is_true(named[title] or title:find "^stands in" ~= nil, title)
        end
        for title in source:gmatch '\n        { "([^"]+)", "' do
            assert.is_true(named["has a sweep amid " .. title] or false, title)
        end
    end)
end)

describe("the fault matrix #cluster", function()
    local it_is

    before_each(function()
        it_is = open(cluster.start(cluster.versions[#cluster.versions]))
    end)
    after_each(support.cleanup)

    it("has a second writer that adds one to an annotation 1,000 times meanwhile, none of which is lost", function()
        it_is.fill(1)
        local policies = {}
        for i = 1, 4 do -- they write the same job at the same time
            policies[i] = ([[policy { name = "counts-%d", every = "10m", match = { namespace = "%s" }, breaker = false,
                replace = function(job) return { annotations = { ["times-%d"] = tostring(tonumber(job.annotations["times-%d"] or 0) + 1) } } end }]])
                :format(i, it_is.namespace, i, i)
        end
        it_is.start(nil, table.concat(policies, "\n"))
        local writer = it_is.many(nil, "increment", it_is.path .. "/job-1", "theirs", "1000")
        local changed = 0
        local function round()
            it_is.daemon:write "advance 10m\n"
            for _ = 1, 4 do
                changed = changed + tonumber(it_is.daemon:expect("run ended policy=counts"):match " changed=(%d+)")
            end
        end
        repeat
            round()
        until writer.code
        round() -- a slow daemon comes to nothing beside it; now it does
        assert.are.equal(0, writer.code, writer.stderr)
        local annotations = support.json.decode(support.json.decode(it_is.asked(nil, "own", it_is.path))["job-1"]).metadata.annotations
        local made_by_us = 0
        for i = 1, 4 do
            made_by_us = made_by_us + tonumber(annotations["times-" .. i] or 0)
        end
        assert.are.same({ "1000", changed }, { annotations.theirs, made_by_us })
        assert.is_true(changed > 3)
        assert.are.equal(0, (it_is.daemon:stop()))
    end)

    it("has a run of 500 changes taken back, every byte but those that the server owns", function()
        it_is.fill(500)
        local before = support.json.decode(it_is.asked(nil, "own", it_is.path))
        it_is.start(nil, nil, "http: { timeout: 30s }\n")
        assert.are.equal("done", (it_is.sweep()))
        assert.are.equal(0, (it_is.daemon:stop()))
        local code, out, err = support.mpijobd("undo", "1", "--kubeconfig", it_is.server.kubeconfig, "--state", it_is.folder .. "/s.db")
        assert.are.equal(0, code, out .. err)
        support.contains(out, "500 put back, 0 as before the run, 0 left in whole or in part, 0 failed")
        assert.are.same(before, support.json.decode(it_is.asked(nil, "own", it_is.path)))
    end)

    it("has credentials that are not good any more, until they are renewed", function()
        it_is.fill(20)
        local server, token = it_is.server, it_is.folder .. "/token"
        if not cluster.real then
            pending "the real server alone: rotation_spec has it on the simulator"
            return
        end
        support.write(token, "expired\n")
        it_is.kubeconfig = support.write(it_is.folder .. "/kubeconfig", ([[
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: dev, cluster: {server: "%s", certificate-authority: "%s"}}]
contexts: [{name: dev, context: {cluster: dev, user: dev}}]
users: [{name: dev, user: {tokenFile: token}}]
]]):format(server.APISERVER_URL, server.APISERVER_CA))
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", it_is.kubeconfig, "--state", it_is.folder .. "/s.db", "--listen", "none", "--clock",
            "2026-12-01T00:00:01Z", "--api-version", "v2beta1", support.write(it_is.folder .. "/p.lua", COUNTS:format(it_is.namespace)))
        it_is.daemon = daemon
        daemon:expect "Unauthorized"
        support.write(token, server.APISERVER_TOKEN .. "\n")
        daemon:expect " in force"
        assert.are.equal("done", (it_is.sweep()))
        it_is.nothing_is_lost(20)
    end)

    it("has a server that is killed amid a sweep", function()
        it_is.fill(200)
        if not cluster.real then
            pending "the real server alone: the simulator keeps nothing over its end"
            return
        end
        it_is.start(nil, nil, "http: { timeout: 10s }\n")
        it_is.daemon:write "advance 10m\n"
        it_is.daemon:expect "replaced policy=counts"
        local code, out, err = support.proc.run(support.source .. "/tests/apiserver/server", { args = { "kill", "--dir", it_is.server.dir }, seconds = 90 })
        assert.are.equal(0, code, out .. err)
        it_is.daemon:expect "run ended policy=counts"
        assert.are.equal(0, (it_is.daemon:stop()))
        it_is.start "2026-12-01T00:11:01Z" -- what could not be looked up then is looked up now
        assert.is_truthy(support.proc.await(function()
            return #it_is.rows "--in-flight" == 0
        end))
        it_is.sweep()
        it_is.nothing_is_lost(200)
    end)
end)

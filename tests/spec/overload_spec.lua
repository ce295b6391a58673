-- SPDX-License-Identifier: Apache-2.0
-- A server that can do only so much at once: what it is asked for adapts, every policy gets its share, and what a person waits for comes first.
local support = require "support"
local sims = require "support.sim"
local http = require "socket.http"

local JOB <const> = '{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s"},'
    .. '"spec":{"mpiReplicaSpecs":{"Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}'
local GREEDY <const>, SMALL <const>, EACH <const> = 400, 6, 5

describe("a server that can do only so much at once", function()
    local server, folder, daemon, url

    local function create(namespace, count)
        server:make_namespace(namespace)
        local bodies = {}
        for i = 1, count do
            bodies[i] = JOB:format("job-" .. i)
        end
        server:create_all(server:path("v2beta1", namespace), bodies)
    end

    lazy_setup(function()
        server = sims.start("--version", "v2beta1", "--jobs", "0")
        create("greedy", GREEDY)
        for i = 1, SMALL do
            create("small-" .. i, EACH)
        end
    end)
    lazy_teardown(support.cleanup)

    before_each(function()
        folder = support.folder()
        server:clear_faults()
        server:forget_requests()
    end)
    after_each(function()
        if daemon then
            daemon:stop("sigkill")
        end
        daemon = nil
    end)

    -- mark: the label that is set, another one in each test.
    local function start(mark, more)
        local lines = { more }
        local function add(name)
            lines[#lines + 1] = ([[policy { name = "%s", every = "10m", events = false, match = { namespace = "%s" }, limits = { concurrency = 32 },
                replace = { labels = { %s = "yes" } } }]]):format(name, name, mark)
        end
        add "greedy"
        for i = 1, SMALL do
            add("small-" .. i)
        end
        support.write(folder .. "/p.lua", table.concat(lines, "\n"))
        daemon = support.daemon({ stdin = true }, "run", "--no-supervisor", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--listen",
            "127.0.0.1:0", "--grace", "1s", "--clock", "2026-12-01T00:00:01Z", folder .. "/p.lua")
        url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect(" in force")
    end

    local function metric(name)
        local text = assert(http.request(url .. "/metrics"))
        return tonumber(text:match("mpijobd_" .. name:gsub("%p", "%%%0") .. " (%S+)"))
    end

    it("is asked for less, by all policies alike, and nothing fails", function()
        server:fault "capacity:method=PUT,path=*/mpijobs/*,seats=4,ms=10,retry-after=0"
        start "first"
        assert.are.equal(16, metric 'api_concurrency_limit{cluster="default",requests="single"}' * 2)
        assert.are.equal(0, metric 'api_throttled_seconds_total{cluster="default"}')
        daemon:write "advance 10m\n"
        local last
        local changed = 0
        for _ = 0, SMALL do
            last = daemon:expect "run ended"
            changed = changed + tonumber(last:match " changed=(%d+)")
            support.contains(last, "outcome=done")
            support.contains(last, "failed=0")
        end
        support.contains(last, "policy=greedy") -- the others were not behind it
        assert.are.equal(GREEDY + SMALL * EACH, changed)
        local _, asked = server:request("GET", "/_sim/requests?limit=1&body=0")
        assert.is_true((asked.codes["429"] or 0) < changed / 8, support.json.encode(asked.codes)) -- it was a third
        local _, times = daemon.stderr:gsub("the server slows mpijobd down", "")
        assert.are.equal(1, times) -- told once
        local limit = metric 'api_concurrency_limit{cluster="default",requests="single"}'
        assert.is_true(limit >= 1 and limit <= 8, tostring(limit))
        assert.is_true(metric 'api_throttled_seconds_total{cluster="default"}' > 0)
        assert.are.equal(0, metric 'api_requests_waiting{cluster="default",requests="single"}')
        local health = assert(http.request(url .. "/readyz?verbose"))
        support.contains(health, "[-] cluster default: connected; the server slows mpijobd down, for ")
        support.contains(health, "it answers 429 or 503, with the wish to be asked later; ")
        local code, out = support.mpijobd("status", "--state", folder .. "/s.db")
        assert.are.equal(0, code)
        support.contains(out, "the server slows mpijobd down")
    end)

    it("does first what a person waits for", function()
        start("second", [[policy { name = "hand", schedule = "0 0 1 1 *", events = false, match = { namespace = "small-1" }, replace = { labels = { hand = "yes" } } }]])
        server:fault "capacity:method=PUT,path=*/mpijobs/*,seats=1,ms=50,queue=1000"
        daemon:write "advance 10m\n"
        assert.is_truthy(support.proc.await(function()
            return metric 'api_requests_waiting{cluster="default",requests="single"}' > 20
        end))
        local code, out, err = support.mpijobd("trigger", "hand", "--state", folder .. "/s.db")
        assert.are.equal(0, code, out .. err)
        support.lacks(daemon.stderr, "run ended policy=greedy")
        assert.is_true(metric 'api_requests_waiting{cluster="default",requests="single"}' > 10)
    end)

    it("that answers no change at all is listed and watched as ever", function()
        server:fault "stall:method=PUT"
        start("third", [[policy { name = "seen", on = "match", match = { labels = "look" }, run = function(run)
            for job in run.jobs do log.info("saw " .. job.name) end end }]])
        daemon:write "advance 10m\n"
        assert.is_truthy(support.proc.await(function()
            return metric 'api_requests_waiting{cluster="default",requests="single"}' > 20
        end))
        server:create_all(server:path("v2beta1", "small-2"), { (JOB:format("later"):gsub('"name":"later"', '"name":"later","labels":{"look":"yes"}')) })
        daemon:expect "saw later"
        daemon:write "advance 10m\n"
        daemon:expect "run skipped"
        assert.are.equal(0, (daemon:stop())) -- those that wait do not hold up its end
        daemon = nil
    end)
end)

-- SPDX-License-Identifier: Apache-2.0
-- What a running daemon shows of itself over HTTP.
local support = require "support"
local sim = require "support.sim"
local http = require "socket.http"
local ltn12 = require "ltn12"

describe("the HTTP side", function()
    local server, folder, daemons

    lazy_setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "40", "--seed", "3")
    end)
    lazy_teardown(support.cleanup)
    before_each(function()
        folder = support.folder()
        daemons = {}
        support.write(folder .. "/p.lua", [[
            policy { name = "free", every = "10m", match = { phase = { "Succeeded", "Failed" } }, replace = { cleanPodPolicy = "All" } }
            policy { name = "broken", every = "10m", run = function() error("by design") end }
        ]])
    end)
    after_each(function()
        for _, daemon in ipairs(daemons) do
            if not daemon.code then
                daemon:stop("sigkill")
            end
        end
    end)

    local function start(...)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock",
            "2026-12-01T00:00:00Z", folder .. "/p.lua", ...)
        daemons[#daemons + 1] = daemon
        return daemon
    end

    local function url_of(daemon)
        return daemon:expect("metrics and health are served"):match("url=(%S+)")
    end

    local function get(url, token, method)
        local chunks = {}
        local _, status, headers = http.request { url = url, method = method or "GET", sink = ltn12.sink.table(chunks),
            headers = token and { Authorization = "Bearer " .. token } or nil }
        return status, table.concat(chunks), headers
    end

    it("has metrics of runs, replacements, requests and scripts", function()
        local daemon = start("--listen", "127.0.0.1:0")
        local url = url_of(daemon)
        daemon:expect("in force")
        daemon:write("set 2026-12-01T00:10:00Z\n")
        daemon:expect("clock ", "stdout")
        local status, text, headers = get(url .. "/metrics")
        assert.are.equal(200, status)
        assert.are.equal("application/openmetrics-text; version=1.0.0; charset=utf-8", headers["content-type"])
        assert.are.equal("# EOF\n", text:sub(-6))
        for _, line in ipairs {
            'mpijobd_policy_runs_total{policy="free",outcome="done"} 1', 'mpijobd_policy_runs_total{policy="broken",outcome="failed"} 1',
            'mpijobd_policy_run_seconds_count{policy="free"} 1', 'mpijobd_policy_lateness_seconds_bucket{policy="free",le="+Inf"} 1',
            'mpijobd_build_info{version="', "mpijobd_leader 1", 'mpijobd_script_memory_bytes{policy="free"} ',
            'mpijobd_script_cpu_seconds_total{policy="free"} ', "mpijobd_loop_lag_seconds ",
        } do
            support.contains(text, line)
        end
        -- A bucket names the newest run in it, a run's requests theirs.
        assert.is_truthy(text:find('\nmpijobd_policy_run_seconds_bucket{policy="free",le="[^"]+"} 1 # {run="%d+"} [%d.e-]+ 1796083%d+%.%d%d%d%d%d%d\n'))
        assert.is_truthy(text:find('\nmpijobd_api_request_seconds_bucket{cluster="default",verb="PUT",le="[^"]+"} %d+ # {run="%d+"} [%d.e-]+ 1796083%d+%.%d+\n'))
        assert.is_nil(text:find('_api_request_seconds_bucket{cluster="default",verb="LIST",le="[^"]+"} %d+ # '))
        -- As the server saw it.
        local puts = #server:requests("method=PUT")
        assert.are.equal(puts, tonumber(text:match('mpijobd_api_requests_total{cluster="default",verb="PUT",code="200"} (%d+)')))
        local replaced = 0
        for n in text:gmatch('mpijobd_replaces_total{policy="free",effect="[%w-]+"} (%d+)') do
            replaced = replaced + tonumber(n)
        end
        assert.are.equal(puts, replaced)
        assert.is_truthy(tonumber(text:match('mpijobd_gpus_released_total{policy="free"} (%d+)')) > 0)
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

    it("has metrics of the jobs that are watched, and of the queues and watches of policies with on", function()
        support.write(folder .. "/p.lua", [[
            policy { name = "free", on = "match", match = { phase = { "Succeeded", "Failed" }, cleanPodPolicy = { "unset", "None" } },
                replace = { cleanPodPolicy = "All" }, breaker = false }
        ]])
        local own = sim.start("--version", "v1alpha2", "--jobs", "60", "--seed", "5")
        own:fault("forbidden:method=PUT")
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", own.kubeconfig, "--state", folder .. "/s.db", "--clock",
            "2026-12-01T00:00:00Z", "--listen", "127.0.0.1:0", folder .. "/p.lua")
        daemons[#daemons + 1] = daemon
        local url = url_of(daemon)
        daemon:expect("run ended")
        local _, text = get(url .. "/metrics")
        local _, list = own:request("GET", "/apis/kubeflow.org/v1alpha2/mpijobs")
        local jobs, held = 0, tonumber(text:match('mpijobd_gpus_held_by_finished_jobs{cluster="default",kind="MPIJob"} (%d+)'))
        for n in text:gmatch('mpijobd_jobs{cluster="default",kind="MPIJob",phase="%a+"} (%d+)') do
            jobs = jobs + tonumber(n)
        end
        assert.are.equal(#list.items, jobs)
        assert.is_truthy(held > 0)
        support.contains(text, 'mpijobd_policy_queue_depth{policy="free",cluster="default"} ')
        support.contains(text, 'mpijobd_watch_silence_seconds{cluster="default",kind="MPIJob"} ')
        support.contains(text, 'mpijobd_cache_memory_bytes{cluster="default",kind="MPIJob"} ')
        -- A watch that ends is counted by how; a job that goes is not counted any more.
        own:fault("watch-cut")
        assert.is_truthy(support.proc.await(function()
            local _, now = get(url .. "/metrics")
            return now:find('mpijobd_watch_restarts_total{cluster="default",kind="MPIJob",reason="cut"} 1', 1, true)
        end))
        for _, job in ipairs(list.items) do
            own:request("DELETE", own:path("v1alpha2", job.metadata.namespace, job.metadata.name))
        end
        assert.is_truthy(support.proc.await(function()
            local _, now = get(url .. "/metrics")
            return now:find('mpijobd_gpus_held_by_finished_jobs{cluster="default",kind="MPIJob"} 0', 1, true)
        end))
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

    it("tells whether it lives and is ready, and answers nothing else", function()
        local daemon = start("--listen", "127.0.0.1:0")
        local url = url_of(daemon)
        daemon:expect("in force")
        assert.are.equal(200, (get(url .. "/livez")))
        local status, text = get(url .. "/readyz")
        assert.are.equal("200 ok\n", status .. " " .. text)
        assert.are.equal(404, (get(url .. "/nothing")))
        assert.are.equal(405, (get(url .. "/metrics", nil, "DELETE")))
        assert.are.equal(200, (get(url .. "/metrics", nil, "HEAD")))
        daemon:stop("sigterm")

        server:fault("unavailable:path=/apis*")
        daemon = start("--listen", "127.0.0.1:0")
        url = url_of(daemon)
        assert.are.equal(200, (get(url .. "/livez")))
        status, text = get(url .. "/readyz")
        assert.are.equal("503 no cluster has been connected to yet\n", status .. " " .. text)
        server:clear_faults()
        daemon:expect("in force")
        assert.are.equal(200, (get(url .. "/readyz")))
    end)

    it("asks for a token where one is configured, and listens elsewhere than on loopback with one only", function()
        local daemon = start("--listen", "0.0.0.0:0")
        assert.are.equal(1, daemon:wait())
        support.contains(daemon.stderr, "to listen on 0.0.0.0:0, which is not loopback, a token is needed: name its file with `tokens: { read: FILE }`")
        support.write(folder .. "/token", "let-me-in-4711\n")
        support.write(folder .. "/mpijobd.yaml", "listen_token_file: token\nlisten: localhost:0\n")
        daemon = start("--config", folder .. "/mpijobd.yaml", "--log-level", "debug")
        local url = url_of(daemon)
        assert.are.equal(200, (get(url .. "/livez")))
        local status, _, headers = get(url .. "/metrics")
        assert.are.equal(401, status)
        assert.are.equal("Bearer", headers["www-authenticate"])
        assert.are.equal(401, (get(url .. "/metrics", "let-me-in-471")))
        assert.are.equal(401, (get(url .. "/readyz", "let-me-in-47111")))
        assert.are.equal(200, (get(url .. "/metrics", "let-me-in-4711")))
        daemon:stop("sigterm")
        support.lacks(daemon.stderr .. daemon.stdout, "let-me-in")
        support.write(folder .. "/token", "\n")
        daemon = start("--config", folder .. "/mpijobd.yaml")
        assert.are.equal(1, daemon:wait())
        support.contains(daemon.stderr, "token is empty; it has to hold a token")
    end)

    it("is there for a probe beside bursts and half requests, and not for a stranger's page", function()
        local socket = require "socket"
        local daemon = start("--listen", "127.0.0.1:0")
        local url = url_of(daemon)
        local port = tonumber(url:match(":(%d+)$"))
        local open = {}
        for round = 1, 3 do
            for i = 1, 100 do
                local client = assert(socket.connect("127.0.0.1", port))
                if round == 2 then
                    client:send("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n")
                end
                open[i] = client
            end
            assert.are.equal("200 ok\n", table.concat({ get(url .. "/livez") }, " ", 1, 2))
            for _, client in ipairs(open) do
                client:close()
            end
        end
        assert.are.equal(200, (get(url .. "/metrics")))
        local chunks = {}
        local _, code = http.request { url = url .. "/metrics", headers = { Host = "evil.example:" .. port }, sink = ltn12.sink.table(chunks) }
        assert.are.equal(403, code)
        support.contains(table.concat(chunks), "asked for by an IP address or as localhost")
        support.lacks(table.concat(chunks), "mpijobd_")
    end)

    it("does not keep a daemon from starting unless its address was asked for", function()
        local first = start("--listen", "127.0.0.1:0")
        local taken = url_of(first):match("//(.*)")
        first:expect("in force")
        for address, message in pairs { [taken] = taken .. " cannot be listened on: ", ["9633"] = '"9633" is not an address to listen on: write 127.0.0.1:9633',
            ["example.com:1"] = '"example.com:1" is not an address', ["127.0.0.1:99999"] = '"127.0.0.1:99999" is not an address' } do
            local code, _, err = support.mpijobd("run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/other.db", "--listen", address, folder .. "/p.lua")
            assert.are.equal(1, code)
            support.contains(err, message)
        end
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/other.db", "--listen", "none",
            folder .. "/p.lua")
        daemons[#daemons + 1] = daemon
        daemon:expect("in force")
        support.lacks(daemon.stderr, "metrics and health")
    end)
end)

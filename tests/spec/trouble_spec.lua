-- SPDX-License-Identifier: Apache-2.0
-- One part in trouble does not stop another, and shows: namespaces that cannot be listed or watched.
local support = require "support"
local sim = require "support.sim"
local http = require "socket.http"
local ltn12 = require "ltn12"

describe("an API server whose data was restored from a backup", function()
    after_each(support.cleanup)

    local function job(server, name)
        local template = { spec = { containers = { { name = "mpi", image = "registry.example.com/mpi:1" } } } }
        assert.are.equal(201, (server:request("POST", server:path("v2beta1", "default"), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob",
            metadata = { name = name, namespace = "default" }, spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = template } } } })))
    end

    local function touch(server, name, times)
        for i = 1, times do
            server:request("PATCH", server:path("v2beta1", "default", name), { metadata = { labels = { touched = "n" .. i } } }, "application/merge-patch+json")
        end
    end

    it("is listed again, although its versions soon pass those that were known", function()
        local folder = support.folder()
        local server = sim.start("--version", "v2beta1", "--jobs", "0")
        support.write(folder .. "/p.lua",
            [[policy { name = "seen", on = "match", match = { labels = "seen!=yes" }, replace = { labels = { seen = "yes" } } }]])
        job(server, "a")
        touch(server, "a", 40)
        local daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db", "--clock",
            "2026-12-01T00:00:00Z", "--listen", "none", "--grace", "1s", folder .. "/p.lua")
        daemon:expect("replaced policy=seen job=default/a")
        daemon:write("set 2026-12-01T00:00:00Z\n")
        daemon:expect("clock ", "stdout")
        server:stop()
        daemon:expect("jobs cannot be watched")
        -- At the same address: what was there at the backup, and what has come since.
        local restored = sim.start("--version", "v2beta1", "--jobs", "0", "--listen", server.url:match("//(.*)$"))
        job(restored, "below")
        assert.is_truthy(support.proc.await(function()
            return #restored:requests("method=GET&path=*/mpijobs") > 0
        end))
        touch(restored, "below", 80)
        daemon:expect("jobs can be watched again")
        daemon:expect("replaced policy=seen job=default/below")
        assert.are.equal(0, daemon:stop("sigterm"))
    end)
end)

describe("a namespace that cannot be listed", function()
    local server, folder

    before_each(function()
        server = sim.start("--version", "v2beta1")
        folder = support.folder()
        for _, name in ipairs { "aa", "bb", "cc" } do
            server:make_namespace(name)
        end
    end)
    after_each(support.cleanup)

    local function create(namespace, name, labels)
        local template = { spec = { containers = { { name = "mpi", image = "registry.example.com/mpi:1" } } } }
        local status, answer = server:request("POST", server:path("v2beta1", namespace), { apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob",
            metadata = { name = name, namespace = namespace, labels = labels },
            spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = template } } } })
        assert(status == 201, support.json.encode(answer))
    end

    local function start(policies)
        support.write(folder .. "/p.lua", policies)
        support.write(folder .. "/mpijobd.yaml", "namespaces: [ aa, bb, cc ]\nhttp:\n  timeout: 1s\n")
        return support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", server.kubeconfig, "--state",
            folder .. "/s.db", "--clock", "2026-12-01T00:00:00Z", "--listen", "127.0.0.1:0", "--grace", "1s", folder .. "/p.lua")
    end

    local function url_of(daemon)
        return daemon:expect("metrics and health are served"):match("url=(%S+)")
    end

    local function get(url)
        local chunks = {}
        local _, status = http.request { url = url, sink = ltn12.sink.table(chunks) }
        return status, table.concat(chunks)
    end

    -- The answer of /readyz once it has that status.
    local function ready(url, wanted)
        local text
        assert.is_truthy(support.proc.await(function()
            local status
            status, text = get(url .. "/readyz")
            return status == wanted
        end))
        return text
    end

    local function label_of(namespace, name)
        local _, job = server:request("GET", server:path("v2beta1", namespace, name))
        return (job.metadata.labels or {}).seen
    end

    local MATCH <const> = [[policy { name = "seen", on = "match", match = { labels = "seen!=yes" }, replace = { labels = { seen = "yes" } } }
        policy { name = "elsewhere", on = "match", match = { namespace = "aa", labels = "never=x" }, replace = { labels = { never = "y" } } }]]

    it("stops the policies nowhere else, and shows", function()
        create("aa", "one")
        create("bb", "two")
        create("cc", "two")
        server:fault("forbidden:path=*/namespaces/bb/mpijobs")
        server:fault("status:path=*/namespaces/cc/mpijobs,code=500")
        local daemon = start(MATCH)
        local url = url_of(daemon)
        daemon:expect("replaced policy=seen job=aa/one")
        assert.is_truthy(support.proc.await(function()
            return select(2, select(2, get(url .. "/readyz")):gsub("cannot be listed", "")) == 2
        end))
        local status, text = get(url .. "/readyz")
        assert.are.equal(503, status)
        assert.are.equal(2, select(2, text:gsub("\n", "")), text)
        support.contains(text, "MPIJobs in namespace bb on cluster default: cannot be listed: ")
        support.contains(text, "; blind there: seen\nMPIJobs in namespace cc on cluster default: cannot be listed: ")
        local exit_code, out = support.mpijobd("status", "--ready", "--state", folder .. "/s.db")
        assert.are.equal(1, exit_code)
        assert.are.equal(2, select(2, out:gsub("\n", "")), out)
        support.contains(out, "; blind there: seen\nMPIJobs in namespace cc on cluster default: cannot be listed: ")
        status, text = get(url .. "/readyz?verbose")
        assert.are.equal(503, status)
        support.contains(text, "[+] cluster default: connected\n")
        support.contains(text, "[+] MPIJobs in namespace aa on cluster default: watched\n")
        support.contains(text, "[-] MPIJobs in namespace bb on cluster default: cannot be listed: ")
        support.contains(text, "not ready\n")
        local _, metrics = get(url .. "/metrics")
        support.contains(metrics, 'mpijobd_watch_blind{cluster="default",kind="MPIJob",namespace="aa",reason=""} 0\n')
        support.contains(metrics, 'mpijobd_watch_blind{cluster="default",kind="MPIJob",namespace="bb",reason="Forbidden"} 1\n')
        support.contains(metrics, 'mpijobd_watch_blind{cluster="default",kind="MPIJob",namespace="cc",reason="InternalError"} 1\n')
        local function count(verb, code)
            return tonumber(metrics:match(('mpijobd_api_requests_total{cluster="default",verb="%s",code="%s"} (%%d+)'):format(verb, code)))
        end
        for _, code in ipairs { "403", "500" } do
            assert.is_truthy(count("LIST", code) + count("WATCH", code) > 0)
        end
        assert.is_truthy(count("WATCH", "200") > 0)
        -- A job that comes where all is well is handled at once, and the other namespaces as soon as they can be listed.
        create("aa", "three")
        daemon:expect("replaced policy=seen job=aa/three")
        assert.is_nil(label_of("bb", "two"))
        server:clear_faults()
        daemon:expect("replaced policy=seen job=bb/two")
        daemon:expect("replaced policy=seen job=cc/two")
        assert.are.equal("ok\n", ready(url, 200))
        assert.are.equal(0, (support.mpijobd("status", "--ready", "--state", folder .. "/s.db")))
        assert.are.equal("yes", label_of("cc", "two"))
        status, text = get(url .. "/readyz?verbose")
        assert.are.equal(200, status)
        support.contains(text, "[+] MPIJobs in namespace bb on cluster default: watched\n")
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

    it("that may be listed and not watched is as blind", function()
        create("bb", "two")
        server:fault("forbidden:path=*/namespaces/bb/mpijobs,watch=1")
        local daemon = start(MATCH)
        local url = url_of(daemon)
        daemon:expect("in force")
        assert.is_truthy(support.proc.await(function()
            return select(2, get(url .. "/readyz")):find("MPIJobs in namespace bb on cluster default: cannot be ", 1, true)
        end))
        ready(url, 503)
        server:clear_faults()
        daemon:expect("replaced policy=seen job=bb/two")
        ready(url, 200)
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

    it("begins with what is new from the time at which it could be listed, and the others from theirs", function()
        create("aa", "before")
        create("bb", "before")
        server:fault("forbidden:method=GET,path=*/namespaces/bb/mpijobs")
        local policies = [[policy { name = "added", on = "added", replace = { labels = { seen = "yes" } } }]]
        local daemon = start(policies)
        daemon:expect("in force")
        daemon:write("set 2026-12-01T00:00:00Z\n")
        daemon:expect("clock ", "stdout") -- it has seen all jobs that it can see
        create("aa", "second")
        daemon:expect("replaced policy=added job=aa/second")
        assert.are.equal(0, daemon:stop("sigterm"))
        -- Down: in the one namespace it is not missed, in the other it is before the policy's time.
        create("aa", "meanwhile")
        create("bb", "meanwhile")
        daemon = start(policies)
        local url = url_of(daemon)
        daemon:expect("replaced policy=added job=aa/meanwhile")
        server:clear_faults()
        ready(url, 200)
        create("bb", "after")
        daemon:expect("replaced policy=added job=bb/after")
        for _, name in ipairs { "before", "meanwhile" } do
            assert.is_nil(label_of("bb", name))
        end
        assert.is_nil(label_of("aa", "before"))
        assert.are.equal(0, daemon:stop("sigterm"))
        -- Now both have begun, and nothing is missed in either.
        create("bb", "again")
        daemon = start(policies)
        daemon:expect("replaced policy=added job=bb/again")
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

    it("is what a run by the clock ends with, when it has been to the others", function()
        create("aa", "one")
        create("bb", "two")
        server:fault("forbidden:path=*/namespaces/aa/mpijobs")
        local daemon = start [[policy { name = "clocked", every = "10m", replace = { labels = { seen = "yes" } } }]]
        daemon:expect("in force")
        daemon:write("set 2026-12-01T00:10:00Z\n")
        daemon:expect("replaced policy=clocked job=bb/two")
        support.contains(daemon:expect("run ended policy=clocked"), "outcome=failed")
        assert.are.equal(0, daemon:stop("sigterm"))
    end)

    it("has its counters at zero before anything is counted, and tells of reloads and lost connections", function()
        local daemon = start(MATCH)
        local url = url_of(daemon)
        ready(url, 200)
        local _, text = get(url .. "/metrics")
        for _, line in ipairs {
            'mpijobd_policy_runs_total{policy="seen",outcome="failed"} 0', 'mpijobd_replaces_total{policy="seen",effect="inert"} 0',
            'mpijobd_replace_errors_total{policy="seen",reason="Conflict"} 0', 'mpijobd_gpus_released_total{policy="seen"} 0',
            'mpijobd_script_cpu_seconds_total{policy="seen"} 0', 'mpijobd_api_requests_total{cluster="default",verb="PUT",code="403"} 0',
            'mpijobd_api_requests_total{cluster="default",verb="WATCH",code="403"} 0',
            'mpijobd_watch_restarts_total{cluster="default",kind="MPIJob",reason="cut"} 0', "mpijobd_journal_write_failures_total 0",
            'mpijobd_api_connections_lost_total{cluster="default"} 0', "mpijobd_last_reload_successful 1",
            "mpijobd_last_reload_timestamp_seconds 1796083200\n", "mpijobd_last_reload_success_timestamp_seconds 1796083200\n",
        } do
            support.contains(text, line)
        end
        daemon:write("set 2026-12-01T01:00:00Z\n")
        daemon:expect("clock ", "stdout")
        support.write(folder .. "/p.lua", "policy { nme = 'x' }")
        daemon:kill("sighup")
        daemon:expect("the policies in force stay as they are")
        _, text = get(url .. "/metrics")
        support.contains(text, "mpijobd_last_reload_successful 0\n")
        support.contains(text, "mpijobd_last_reload_timestamp_seconds 1796086800\n")
        support.contains(text, "mpijobd_last_reload_success_timestamp_seconds 1796083200\n")
        local status, said = get(url .. "/readyz?verbose")
        support.contains(said, "[-] policies: ")
        support.contains(said, "the last reload failed: " .. folder .. "/p.lua:1: ")
        assert.are.equal(200, status) -- those in force run
        server:fault("watch-cut")
        assert.is_truthy(support.proc.await(function()
            return tonumber(select(2, get(url .. "/metrics")):match('mpijobd_api_connections_lost_total{cluster="default"} (%d+)')) > 0
        end))
        server:clear_faults()
        ready(url, 200)
        assert.are.equal(0, daemon:stop("sigterm"))
    end)
end)

describe("a server that does not answer", function()
    after_each(support.cleanup)

    it("is not ready, although only policies by the clock ask it, until it answers", function()
        local folder = support.folder()
        local server = sim.start("--version", "v2beta1", "--jobs", "3")
        support.write(folder .. "/p.lua", [[policy { name = "clocked", every = "1h", replace = { labels = { seen = "yes" } } }]])
        support.write(folder .. "/mpijobd.yaml", "http:\n  timeout: 1s\n")
        local daemon = support.daemon({ stdin = true }, "run", "--config", folder .. "/mpijobd.yaml", "--kubeconfig", server.kubeconfig,
            "--state", folder .. "/s.db", "--clock", "2026-12-01T00:00:00Z", "--listen", "127.0.0.1:0", "--grace", "1s", folder .. "/p.lua")
        local url = daemon:expect("metrics and health are served"):match("url=(%S+)")
        daemon:expect("in force")
        local function ready()
            local chunks = {}
            local _, status = http.request { url = url .. "/readyz", sink = ltn12.sink.table(chunks) }
            return status, table.concat(chunks)
        end
        server:fault("reset-before")
        for hour = 1, 3 do -- each run asks a few times, and gives up
            daemon:write(("set 2026-12-01T0%d:00:00Z\n"):format(hour))
            daemon:expect("clock ", "stdout")
        end
        support.contains(daemon:expect("the server does not answer"), "reason=")
        local status, text = ready()
        assert.are.equal(503, status)
        support.contains(text, "cluster default: does not answer since 2026-12-01T01:00:00Z: ")
        local code, out = support.mpijobd("status", "--ready", "--state", folder .. "/s.db")
        assert.are.equal(1, code)
        support.contains(out, "cluster default: does not answer since 2026-12-01T01:00:00Z: ")
        support.contains(select(2, support.mpijobd("status", "--state", folder .. "/s.db")), "does not answer since 2026-12-01")
        -- No policy asks it meanwhile.
        server:clear_faults()
        daemon:expect("the server answers again")
        assert.are.equal(200, (ready()))
        assert.are.equal(1, select(2, daemon.stderr:gsub("the server does not answer", "")))
        assert.are.equal(0, daemon:stop("sigterm"))
    end)
end)

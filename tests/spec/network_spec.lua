-- SPDX-License-Identifier: Apache-2.0
-- A network that discards packets without a word: two network namespaces of the spec's own, and a cable between them that is cut.
-- Needs root and `ip netns`.
local support = require "support"

local IP <const> = "/usr/sbin/ip"

local function ip(...)
    return (support.proc.run(IP, { args = { ... } }))
end

local function possible()
    local probe = "mpijobd-probe-" .. support.uv.os_getpid()
    if not support.uv.fs_stat(IP) or ip("netns", "add", probe) ~= 0 then
        return false
    end
    local good = ip("-n", probe, "link", "add", "left", "type", "veth", "peer", "name", "right") == 0
    ip("netns", "del", probe)
    return good
end

describe("a network that discards packets", function()
    local here, there -- the daemon's namespace, the server's

    before_each(function()
        local id = support.uv.os_getpid()
        here, there = "mpijobd-a" .. id, "mpijobd-b" .. id
    end)
    after_each(function()
        support.cleanup()
        ip("netns", "del", here)
        ip("netns", "del", there)
    end)

    local function within(namespace, program, ...)
        return { args = { "netns", "exec", namespace, program, ... }, stdin = true }
    end

    local function wire()
        for _, step in ipairs {
            { "netns", "add", here }, { "netns", "add", there },
            { "-n", here, "link", "add", "left", "type", "veth", "peer", "name", "right", "netns", there },
            { "-n", here, "addr", "add", "10.203.7.1/24", "dev", "left" }, { "-n", there, "addr", "add", "10.203.7.2/24", "dev", "right" },
            { "-n", here, "link", "set", "lo", "up" }, { "-n", there, "link", "set", "lo", "up" },
            { "-n", here, "link", "set", "left", "up" }, { "-n", there, "link", "set", "right", "up" },
        } do
            assert.are.equal(0, ip(table.unpack(step)))
        end
    end

    local function curl(namespace, ...)
        local code, out, err = support.proc.run(IP, within(namespace, "/usr/bin/curl", "-sS", "--max-time", "10", ...))
        assert.are.equal(0, code, err)
        return out
    end

    it("is noticed by the silence of the watch; what happened meanwhile is handled once it is back", function()
        if not possible() then
            pending("root and `ip netns` are needed")
            return
        end
        wire()
        local folder = support.folder()
        local kubeconfig = folder .. "/kubeconfig"
        local server = support.keep(support.proc.start(IP, within(there, support.simulator, "--listen", "10.203.7.2:8080", "--yes-really",
            "--kubeconfig", kubeconfig, "--version", "v2beta1")))
        server:expect('{"ready"', "stdout")
        local url = "http://10.203.7.2:8080"
        local jobs = url .. "/apis/kubeflow.org/v2beta1/namespaces/default/mpijobs"
        local function create(name)
            local made = curl(there, "-H", "Content-Type: application/json", "-d", support.json.encode {
                apiVersion = "kubeflow.org/v2beta1", kind = "MPIJob", metadata = { name = name, namespace = "default" },
                spec = { mpiReplicaSpecs = { Launcher = { replicas = 1, template = { spec = { containers = { { name = "c", image = "i" } } } } } } } }, jobs)
            support.contains(made, '"uid"')
        end
        support.write(folder .. "/p.lua", [[policy { name = "p", on = "match", replace = { labels = { seen = "yes" } } }]])
        support.write(folder .. "/mpijobd.yaml", "http: { watch_silence: 2s, timeout: 3s }\n")
        local daemon = support.keep(support.proc.start(IP, within(here, support.binary, "run", "--kubeconfig", kubeconfig, "--config",
            folder .. "/mpijobd.yaml", "--state", folder .. "/s.db", "--listen", "127.0.0.1:9633", folder .. "/p.lua")))
        create("before")
        daemon:expect("replaced policy=p job=default/before")

        assert.are.equal(0, ip("-n", there, "link", "set", "right", "down")) -- packets of either side go nowhere, and neither side hears of it
        create("meanwhile")
        assert.is_truthy(support.proc.await(function()
            return curl(here, "http://127.0.0.1:9633/metrics"):find('watch_restarts_total{cluster="default",kind="MPIJob",reason="silent"}', 1, true)
        end))
        support.lacks(daemon.stderr, "default/meanwhile")
        assert.are.equal(0, ip("-n", there, "link", "set", "right", "up"))
        daemon:expect("replaced policy=p job=default/meanwhile")
        create("after")
        daemon:expect("replaced policy=p job=default/after")
        daemon:kill("sigterm")
        daemon:wait()
        local code, out = support.mpijobd("journal", "--state", folder .. "/s.db", "-o", "json")
        assert.are.equal(0, code)
        local times = {}
        for _, row in ipairs(support.json.decode(out)) do
            times[row.name] = (times[row.name] or 0) + (row.outcome == "done" and 1 or 0)
        end
        assert.are.same({ before = 1, meanwhile = 1, after = 1 }, times)
    end)
end)

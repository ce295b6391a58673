-- SPDX-License-Identifier: Apache-2.0
-- Bad input from outside: each gives one clear message with the file, line or URL, and the daemon goes on.
local support = require "support"
local sim = require "support.sim"

local KUBECONFIG = [[
apiVersion: v1
kind: Config
current-context: %s
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"%s}}]
users: [{name: u, user: {token: canary-token}}]
contexts: [{name: dev, context: {cluster: c, user: u}}]
]]

describe("a kubeconfig that", function()
    after_each(support.cleanup)

    local function get(path)
        local code, out, err = support.mpijobd("get", "--kubeconfig", path)
        assert.are.equal(1, code, out)
        assert.are.equal(1, support.count(err, "\n"), err)
        support.contains(err, path)
        support.lacks(err, "canary")
        return err
    end

    it("is missing", function()
        support.contains(get("/nowhere/kubeconfig"), "no such file")
    end)
    it("is empty", function()
        get(support.write(support.folder() .. "/kubeconfig", ""))
    end)
    it("is no YAML", function()
        support.contains(get(support.write(support.folder() .. "/kubeconfig", "a: b\n  c: [")), "kubeconfig:2")
    end)
    it("names an absent context", function()
        local err = get(support.write(support.folder() .. "/kubeconfig", KUBECONFIG:format("prod", "")))
        support.contains(err, "prod")
        support.contains(err, "dev")
    end)
    it("names an unreadable CA", function()
        local folder = support.folder()
        local path = support.write(folder .. "/kubeconfig", KUBECONFIG:format("dev", ", certificate-authority: missing.pem"))
        local code, _, err = support.mpijobd("get", "--kubeconfig", path)
        assert.are.equal(1, code)
        support.contains(err, folder .. "/missing.pem")
    end)
    it("leads to nobody (told at once, not after all the tries)", function()
        local path = support.write(support.folder() .. "/kubeconfig", KUBECONFIG:format("dev", ""))
        local code, _, err = support.mpijobd("get", "--kubeconfig", path)
        assert.are.equal(1, code)
        support.contains(err, "https://127.0.0.1:1")
    end)
end)

describe("a server that", function()
    local server, daemon, folder

    before_each(function()
        server = sim.start("--version", "v2beta1", "--jobs", "3", "--seed", "1")
        folder = support.folder()
    end)
    after_each(support.cleanup)

    local POLICY = [[policy { name = "p", schedule = "0 * * * *", replace = { labels = { swept = "yes" } } }]]

    -- One run meets the fault, its error is told once; the next run, without the fault, does its work.
    local function run_into(fault, ...)
        local file = support.write(folder .. "/p.lua", POLICY)
        daemon = support.daemon({ stdin = true }, "run", "--kubeconfig", server.kubeconfig, "--state", folder .. "/s.db",
            "--clock", "2026-11-23T10:59:00Z", "--request-timeout", "2s", file)
        daemon:expect("1 policy in force")
        server:fault(fault)
        daemon:write("advance 1m\n")
        daemon:expect("run ended")
        daemon:expect("clock", "stdout")
        for _, part in ipairs { ... } do
            support.contains(daemon.stderr, part)
        end
        support.contains(daemon.stderr, server.url)
        server:clear_faults()
        daemon:write("advance 1h\n")
        support.contains(daemon:expect("run ended"), "outcome=done")
        daemon:expect("clock", "stdout")
        assert.are.equal(0, (daemon:stop()))
        local _, list = server:request("GET", "/apis/kubeflow.org/v2beta1/mpijobs")
        for _, job in ipairs(list.items) do
            assert.are.equal("yes", job.metadata.labels.swept)
        end
    end

    it("answers HTML", function()
        run_into({ fault = "html", path = "*/mpijobs*" }, "HTML")
    end)
    it("answers half a JSON", function()
        run_into({ fault = "half", path = "*/mpijobs*" }, "/mpijobs")
    end)
    it("answers 200 with an empty body", function()
        run_into({ fault = "empty", path = "*/mpijobs*" }, "empty")
    end)
    it("answers with a redirect", function()
        run_into({ fault = "redirect", location = "http://127.0.0.1:1/login", path = "*/mpijobs*" }, "http://127.0.0.1:1/login")
    end)
    it("stalls", function()
        run_into({ fault = "stall", path = "*/mpijobs*" }, "no answer within")
    end)
    it("cuts the body short", function()
        run_into({ fault = "truncate", bytes = 100, path = "*/mpijobs*" }, "/mpijobs")
    end)
    it("answers 500 for ever", function()
        run_into({ fault = "status", code = 500, path = "*/mpijobs*" }, "500")
    end)
    it("refuses with 403", function()
        run_into({ fault = "status", code = 403, path = "*/mpijobs*" }, "403")
    end)
end)

describe("an object", function()
    after_each(support.cleanup)

    it("of 3 MiB is refused with a message that says how large", function()
        local server = sim.start("--version", "v2beta1", "--jobs", "1", "--seed", "1")
        local folder = support.folder()
        local _, list = server:request("GET", "/apis/kubeflow.org/v2beta1/mpijobs")
        local job = list.items[1]
        job.metadata.annotations = { big = ("x"):rep(3 * 1024 * 1024) }
        job.metadata.managedFields = nil
        support.write(folder .. "/big.json", support.json.encode(job))
        local code, _, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-f", folder .. "/big.json")
        assert.are.equal(1, code)
        support.contains(err, job.metadata.name)
        assert.is_true(#err < 1000, err)
    end)

    it("with labels that the server refuses gives the server's own words", function()
        local server = sim.start("--version", "v2beta1", "--jobs", "1", "--seed", "1")
        local folder = support.folder()
        local _, list = server:request("GET", "/apis/kubeflow.org/v2beta1/mpijobs")
        local job = list.items[1]
        job.metadata.labels = { team = "two words" }
        job.metadata.managedFields = nil
        support.write(folder .. "/bad.json", support.json.encode(job))
        local code, _, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-f", folder .. "/bad.json")
        assert.are.equal(1, code)
        support.contains(err, "two words")
        support.contains(err, "metadata.labels")
    end)
end)

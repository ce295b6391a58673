-- SPDX-License-Identifier: Apache-2.0
-- Huawei Cloud's CCI as a target: what it lets be replaced, where it lists, what is never sent to it. The main job on it is in main_job_spec.
local support = require "support"
local cluster = require "support.cluster"

local POLICY = [[policy { name = "p", schedule = "0 9 * * *", replace = { labels = { seen = "yes" } } }]]

describe("CCI", function()
    local server, config, folder

    before_each(function()
        server = cluster.start(cluster.cci[2])
        config, folder = cluster.configure(server.sim.url, cluster.cci[2])
        server:create("default", "job", { state = "Succeeded" })
        server.sim:forget_requests()
    end)
    after_each(support.cleanup)

    local function writes()
        return #server.sim:requests("method=PUT&path=*/mpijobs/job")
    end

    it("lets four fields be replaced; another change is refused before it is sent", function()
        for _, change in ipairs { "backoffLimit=3", "ttlSecondsAfterFinished=5", "suspend=true", "schedulingPolicy.queue=a" } do
            local code, _, err = support.mpijobd("replace", "--config", config, "-n", "default", "job", "cleanPodPolicy=All", change)
            assert.are_not.equal(0, code)
            support.contains(err, "CCI does not let " .. change:match("^%a+"))
            support.contains(err, "labels, annotations, activeDeadlineSeconds and cleanPodPolicy")
        end
        assert.are.equal(0, writes())
        local code, out, err = support.mpijobd("replace", "--config", config, "-n", "default", "job", "cleanPodPolicy=All", "activeDeadlineSeconds=60",
            "labels.a=b", "annotations.c=d")
        assert.are.equal(0, code, err)
        support.contains(out, "unknown")
        support.contains(out, "CCI documents this replacement in a job that has ended, but not what becomes of its pods")
        assert.are.equal(1, writes())
    end)

    it("gets a whole object only where nothing else differs", function()
        local _, raw = server:get("default", "job")
        local function replace(text)
            return support.mpijobd("replace", "--config", config, "-f", support.write(folder .. "/o.json", text))
        end
        local code, _, err = replace((raw:gsub('"slotsPerWorker":4', '"slotsPerWorker":8')))
        assert.are.equal(1, code)
        support.contains(err, "CCI does not let spec.slotsPerWorker be replaced")
        assert.are.equal(0, writes())
        code, _, err = replace((raw:gsub('"slotsPerWorker":4', '"slotsPerWorker":4,"cleanPodPolicy":"All"')))
        assert.are.equal(0, code, err)
        assert.are.equal("All", server:get("default", "job").spec.cleanPodPolicy)
    end)

    it("is asked for no validation that it does not know", function()
        assert.are.equal(0, (support.mpijobd("replace", "--config", config, "-n", "default", "job", "labels.a=b")))
        local put = server.sim:requests("method=PUT")[1]
        assert.are.equal("signature", put.auth)
        support.lacks(put.query, "fieldValidation")
    end)

    it("lists within namespaces only, and says so where none are named", function()
        local policy = support.write(folder .. "/p.lua", POLICY)
        local function says_so(...)
            local code, out, err = support.mpijobd(...)
            assert.are_not.equal(0, code, out)
            support.contains(out .. err, "CCI list")
            support.contains(out .. err, "within a namespace only")
            support.contains(out .. err, "match.namespace")
        end
        says_so("get", "-A", "--config", config)
        says_so("plan", "--config", config, policy)
        says_so("run", "--once", "--config", config, "--state", folder .. "/s.db", policy)
        says_so("doctor", "--config", config, "--state", folder .. "/s.db", policy)
        local waiting = support.write(folder .. "/on.lua", [[policy { name = "on", on = "match", match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" } }]])
        local daemon = support.daemon({}, "run", "--config", config, "--state", folder .. "/on.db", waiting)
        support.contains(daemon:expect("cannot be watched"), "CCI lists and watches within a namespace only")
        daemon:stop()
        for _, request in ipairs(server.sim:requests()) do
            assert.are_not.equal("/apis/kubeflow.org/v1alpha2/mpijobs", request.path)
        end
        config = cluster.configure(server.sim.url, cluster.cci[2], "namespaces: [default]\n")
        local code, out, err = support.mpijobd("plan", "--config", config, policy)
        assert.are.equal(0, code, err)
        support.contains(out, "default/job")
        code, out, err = support.mpijobd("doctor", "--config", config, "--state", folder .. "/s.db", policy)
        assert.are.equal(0, code, out .. err)
        support.contains(out, "cci")
        support.contains(out, "(the access key)")
    end)

    it("is watched within the namespaces in scope, though it is of an API level that streams no lists", function()
        config = cluster.configure(server.sim.url, cluster.cci[2], "namespaces: [default]\n")
        local waiting = support.write(folder .. "/on.lua", [[policy { name = "on", on = "match", match = { phase = "Succeeded" }, replace = { cleanPodPolicy = "All" } }]])
        local daemon = support.daemon({}, "run", "--config", config, "--state", folder .. "/on.db", waiting)
        support.contains(daemon:expect("run ended"), "changed=1")
        server:create("default", "later", { state = "Succeeded" })
        support.contains(daemon:expect("run ended"), "changed=1")
        assert.are.equal(0, daemon:stop())
        assert.are.equal("All", server:get("default", "later").spec.cleanPodPolicy)
    end)

    it("is known by the server's name", function()
        -- The name is Huawei's own; a proxy leads it here.
        local proxy = require("support.proxy").start { to = server.sim.url }
        local path = support.write(folder .. "/named.yaml", support.read(config):gsub("server: %S+", "server: http://cci.sim-1.myhuaweicloud.com")
            :gsub("  controller: cci\n", ""))
        local code, out, err = support.mpijobd_with({ env = { http_proxy = proxy.url } }, "get", "-n", "default", "-o", "json", "--config", path)
        assert.are.equal(0, code, err)
        support.contains(out, "job")
        code, out, err = support.mpijobd_with({ env = { http_proxy = proxy.url } }, "replace", "-n", "default", "job", "backoffLimit=1", "--config", path)
        assert.are_not.equal(0, code, out)
        support.contains(err, "CCI does not let backoffLimit be replaced")
        assert.is_true(#proxy.requests > 0)
    end)

    it("with a clock that is off: told by how much", function()
        server.sim:request("POST", "/_sim/clock", { advance = "20m" })
        local code, _, err = support.mpijobd("get", "-n", "default", "--config", config)
        assert.are.equal(1, code)
        support.contains(err, "the signature has expired")
        assert.is_truthy(err:find("this machine's clock is %d+ min %d+ s behind the server's, and a signature is refused when they differ by 15 minutes"), err)
    end)
end)

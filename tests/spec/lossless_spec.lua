-- SPDX-License-Identifier: Apache-2.0
-- The bytes are the truth: a body on the wire differs from the object that was read only in what was asked for.
local support = require "support"
local sim = require "support.sim"

describe("a replacement on the wire", function()
    after_each(support.cleanup)

    local function wire(change, from, to)
        local server = sim.start("--version", "v2beta1", "--jobs", "20", "--seed", "3")
        local _, list = server:request("GET", "/apis/kubeflow.org/v2beta1/mpijobs")
        local compared = 0
        for _, job in ipairs(list.items) do
            local path = server:path("v2beta1", job.metadata.namespace, job.metadata.name)
            local _, _, raw = server:request("GET", path)
            server:forget_requests()
            local code, _, err = support.mpijobd("replace", "--kubeconfig", server.kubeconfig, "-n", job.metadata.namespace, job.metadata.name, change)
            assert.are.equal(0, code, err)
            local puts = server:requests("method=PUT")
            if #puts == 1 then
                local sent = puts[1].body
                assert.are.equal(raw:gsub("%s+$", ""), (from(sent, raw)))
                compared = compared + 1
            else
                assert.are.equal(0, #puts)
                support.contains(raw, to)
            end
        end
        assert.is_true(compared > 5)
    end

    it("holds the one value that was changed, and nothing else has moved", function()
        wire("cleanPodPolicy=All", function(sent, raw)
            local before = raw:match('"cleanPodPolicy":"(%a+)"')
            if before then
                return sent:gsub('"cleanPodPolicy":"All"', '"cleanPodPolicy":"' .. before .. '"', 1)
            elseif raw:find('"runPolicy":{}', 1, true) or not raw:find('"runPolicy":', 1, true) then
                return (sent:gsub(',"runPolicy":{"cleanPodPolicy":"All"}', "", 1):gsub('"runPolicy":{"cleanPodPolicy":"All"}', '"runPolicy":{}', 1))
            end
            return sent:gsub(',"cleanPodPolicy":"All"', "", 1)
        end, '"cleanPodPolicy":"All"')
    end)

    it("holds one more label", function()
        wire("labels.zz-triage=needed", function(sent)
            return (sent:gsub(',"zz%-triage":"needed"', "", 1):gsub(',"labels":{"zz%-triage":"needed"}', "", 1))
        end, "zz-triage")
    end)
end)

-- SPDX-License-Identifier: Apache-2.0
-- What the JSON API tells of jobs while their API server does not answer: what was seen last, and how old it is.
local support = require "support"
local sim = require "support.sim"
local api = require "support.api"

describe("the JSON API, of jobs of a server that is silent", function()
    local server, folder

    setup(function()
        server = sim.start("--version", "v2beta1", "--jobs", "60", "--seed", "3")
        folder = support.folder()
    end)
    teardown(support.cleanup)

    local function start(name, policy)
        support.write(folder .. "/" .. name .. ".lua", policy)
        support.write(folder .. "/" .. name .. ".yaml", ("cluster: { kubeconfig: %s }\npolicies: [ %s.lua ]\nstate: %s.db\ncontrol: none\nlisten: 127.0.0.1:0\nhttp: { watch_silence: 1s }\n" ..
            "namespaces: [ team-nlp, team-vision, sandbox, batch ]\n"):format(server.kubeconfig, name, name))
        local daemon = support.daemon(nil, "run", "--config", folder .. "/" .. name .. ".yaml")
        local asked = api.at(daemon:expect("metrics and health are served"):match("url=(%S+)"))
        daemon:expect("in force")
        return asked
    end

    it("tells them as they were, and leaves them out where they never were seen", function()
        local seen = start("seen", [[policy { name = "seen", on = "match", match = { name = "nobody-*" }, replace = { labels = { seen = "yes" } } }]])
        local unseen = start("unseen", [[policy { name = "unseen", schedule = "0 0 1 1 *", match = { name = "nobody-*" }, replace = { labels = { seen = "yes" } } }]])
        local before
        assert.is_truthy(support.proc.await(function()
            before = select(2, seen:get("/api/v1/jobs"))
            return before.total > 0
        end))
        assert.are.equal(before.total, select(2, unseen:get("/api/v1/jobs")).total)
        server:fault("unavailable:path=*mpijobs*")
        server:fault("watch-cut")
        -- Without a watch there is nothing to tell; each namespace is not waited for.
        local begun = support.uv.hrtime()
        local _, none = unseen:get("/api/v1/jobs")
        assert.are.same({ 0, "default" }, { none.total, none.left_out[1].cluster })
        support.contains(none.left_out[1].why, "HTTP 503 from ")
        assert.is_true((support.uv.hrtime() - begun) / 1e9 < 15) -- and not 30 s, four times
        local after
        assert.is_truthy(support.proc.await(function()
            after = select(2, seen:get("/api/v1/jobs"))
            return #after.left_out > 0
        end))
        assert.are.equal(before.total, after.total)
        support.contains(after.left_out[1].why, "its jobs are told as they were at 20")
        assert.are.equal(after.as_of:sub(1, 19), after.left_out[1].why:match("as they were at (%S+)Z:"))
        local _, report = seen:get("/api/v1/report")
        support.contains(report.left_out[1].why, "its jobs are told as they were at 20")
        assert.is_true(report.total.finished > 0)
    end)
end)

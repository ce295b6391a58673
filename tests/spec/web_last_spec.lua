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

    after_each(function() server:clear_faults() end)

    it("tells them as they were, and says what is wrong where they never were seen", function()
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
        local status, none = unseen:get("/api/v1/jobs")
        assert.are.equal(502, status)
        support.contains(none.detail, "nothing is known of the jobs of cluster default now: the jobs")
        support.contains(none.detail, "HTTP 503 from ")
        support.contains(none.detail, "ask again when the API server answers")
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

    it("tells those that its policies wait for where it watches no others, and that these are not all", function()
        local _, list = server:request("GET", "/apis/kubeflow.org/v2beta1/namespaces/team-nlp/mpijobs")
        local label, value = next(list.items[1].metadata.labels)
        local some = start("some", ([[policy { name = "some", on = "match", match = { namespace = "team-nlp", labels = "%s=%s", name = "nobody-*" }, replace = { labels = { seen = "yes" } } }]]):format(label, value))
        local everything = select(2, some:get("/api/v1/jobs"))
        local mine
        assert.is_truthy(support.proc.await(function()
            mine = select(2, some:get(("/api/v1/jobs?namespace=team-nlp&labels=%s%%3D%s"):format(label, value)))
            return mine.total > 0
        end))
        assert.is_true(mine.total < everything.total)
        server:fault("unavailable:path=*mpijobs*")
        server:fault("watch-cut")
        local status, after = some:get("/api/v1/jobs")
        assert.are.equal(200, status)
        assert.are.same({ mine.total, mine.items }, { after.total, after.items })
        assert.are.equal(1, #after.left_out)
        support.contains(after.left_out[1].why, "only those of its jobs that policies wait for are told, as they were at 20")
        support.contains(after.left_out[1].why, "HTTP 503 from ")
        local _, report = some:get("/api/v1/report")
        support.contains(report.left_out[1].why, "only those of its jobs that policies wait for are told, as they were at 20")
        -- Of a namespace that no policy waits for nothing is known.
        assert.are.equal(502, (some:get("/api/v1/jobs?namespace=team-vision")))
    end)
end)

-- SPDX-License-Identifier: Apache-2.0
-- What policies may be where daemons share the jobs: functions that run by time, once in each shard, and kinds of plugins.
local support = require "support"
local shards = require "support.shards"
local await = support.proc.await

describe("policies of daemons that share the jobs", function()
    after_each(support.cleanup)

    it("run by time in each shard, with the jobs of that, where they say per_shard", function()
        local group = shards.new [[policy { name = "sums", schedule = "0 * * * *", per_shard = true, match = { labels = "todo" }, run = function(run)
            local listed = 0
            for _ in mpijob.list() do
                listed = listed + 1
            end
            local n = 0
            for job in run.jobs do
                n = n + 1
                mpijob.replace(job, { annotations = { n = tostring((tonumber(job.annotations.n) or 0) + 1) } })
            end
            log.info("summed", { jobs = n, listed = listed })
        end }]]
        group:create(30)
        local one, two = group:replica("one", { clock = "2026-01-01T00:59:00Z" }), group:replica("two", { clock = "2026-01-01T00:59:00Z" })
        group:shared_as { one = 3, two = 3 }
        group:in_force(one, two)
        for _, daemon in ipairs { one, two } do
            daemon:write "set 2026-01-01T01:00:05Z\n"
        end
        assert.is_truthy(await(function() return group:counted() == 30 end), tostring((group:counted())))
        local runs, jobs, listed
        assert.is_truthy(await(function()
            runs, jobs, listed = 0, 0, 0
            for _, daemon in ipairs { one, two } do
                for n, all in daemon.stderr:gmatch "summed[^\n]- jobs=(%d+) listed=(%d+)" do
                    runs, jobs, listed = runs + 1, jobs + tonumber(n), listed + tonumber(all)
                end
            end
            return runs == 6
        end))
        assert.are.same({ 30, 30 }, { jobs, listed })
        assert.are.same({ 30, 1, 1 }, { group:counted() })
    end)

    it("are about a kind of a plugin, too: each object is one shard's", function()
        local group = shards.new([[
            require "batch"
            policy { name = "count", kind = "batchjob", on = "match", match = { labels = "todo" }, replace = function(job)
                return { annotations = { n = tostring((tonumber(job.annotations.n) or 0) + 1) }, backoff = 3 }
            end }
        ]], { config = "plugins: [ plugins ]\n" })
        for _, name in ipairs { "plugins", "plugins/batch" } do
            support.uv.fs_mkdir(group.folder .. "/" .. name, 448)
        end
        support.write(group.folder .. "/plugins/batch/plugin.lua", [[plugin {
            name = "batch", version = "1.0.0", api = 1,
            kinds = { batchjob = { group = "batch", versions = { "v1" }, kind = "Job", plural = "jobs", phase = { Succeeded = "Complete" },
                fields = { backoff = { at = "/spec/backoffLimit", type = "integer", least = 0, most = 9, effect = "at-finish", why = "so often", required = true } } } },
        }]])
        local path, jobs = "/apis/batch/v1/namespaces/train/jobs", 0
        local function create(n)
            for _ = 1, n do
                jobs = jobs + 1
                assert.are.equal(201, (group.server:request("POST", path, { apiVersion = "batch/v1", kind = "Job", metadata = { name = "b-" .. jobs, labels = { todo = "x" } },
                    spec = { template = { spec = { restartPolicy = "Never", containers = { { name = "c", image = "i" } } } } } })))
            end
        end
        local function each_once()
            local list
            assert.is_truthy(await(function()
                list = select(2, group.server:request("GET", path)).items
                for _, job in ipairs(list) do
                    if not (job.metadata.annotations or {}).n then
                        return false
                    end
                end
                return #list == jobs
            end))
            for _, job in ipairs(list) do
                assert.are.same({ "1", 3 }, { job.metadata.annotations.n, job.spec.backoffLimit }, job.metadata.name)
            end
        end
        local one, two = group:replica "one", group:replica "two"
        group:shared_as { one = 3, two = 3 }
        create(20)
        each_once()
        local _, rows = group:ask(one, "journal", "--limit", "0", "-o", "json")
        local made = #support.json.decode(rows)
        assert.is_true(made > 0 and made < 20)
        two:kill "sigkill"
        create(20)
        group:shared_as { one = 6 }
        each_once()
    end)
end)

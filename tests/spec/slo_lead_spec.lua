-- SPDX-License-Identifier: Apache-2.0
-- A policy's slo where several daemons take turns, or share the jobs: no job counts twice, none gets its time twice, and what one has counted stays.
local support = require "support"
local shards = require "support.shards"
local http = require "socket.http"
local await = support.proc.await

local POLICY = [[policy { name = "free", on = "match", slo = { freed_within = "5m", objective = 90 }, breaker = false,
    match = { phase = { "Succeeded", "Failed" }, cleanPodPolicy = { "unset", "None" } }, replace = { cleanPodPolicy = "All" } }]]
local JOB = [[{"apiVersion":"kubeflow.org/v2beta1","kind":"MPIJob","metadata":{"name":"%s"},"spec":{"mpiReplicaSpecs":{
    "Worker":{"replicas":1,"template":{"spec":{"containers":[{"name":"w","image":"i","resources":{"limits":{"nvidia.com/gpu":1}}}]}}},
    "Launcher":{"replicas":1,"template":{"spec":{"containers":[{"name":"l","image":"i"}]}}}}}}]]

-- By clocks that stand still between two jumps no renewal shows.
local LONG = "lease_duration: 12h, renew_deadline: 8h, retry_period: 400ms"

describe("slo, of several daemons", function()
    local group, server

    before_each(function()
        group = shards.new(POLICY)
        server = group.server
    end)
    after_each(support.cleanup)

    local function at(time, ...)
        for _, daemon in ipairs { ... } do
            daemon:write("set 2026-12-01T" .. time .. "Z\n")
            assert.is_truthy(await(function() -- who stands by never says that all is done
                return http.request("http://127.0.0.1:" .. daemon.port .. "/api/v1/status"):find('"now":"2026-12-01T' .. time, 1, true)
            end))
        end
    end

    -- It ended at that time, and holds a GPU; of the name "late-..." it cannot be freed.
    local function ended(name, time)
        if name:find "^late" then
            server:fault("forbidden:method=PUT,path=*/mpijobs/" .. name)
        end
        assert.are.equal(201, (server:request("POST", server:path("v2beta1", "train"), JOB:format(name))))
        local _, job = server:request("GET", server:path("v2beta1", "train", name))
        local when = "2026-12-01T" .. time .. "Z"
        job.status = { startTime = when, completionTime = when, conditions = { { type = "Succeeded", status = "True", lastTransitionTime = when, lastUpdateTime = when, reason = "x", message = "x" } } }
        assert.are.equal(200, (server:request("PUT", server:path("v2beta1", "train", name) .. "/status", job)))
    end

    -- Of the daemons, their shards put together: jobs that count, and those that were freed in time; nil: they tell of none.
    local function counts(...)
        local all, good
        for _, daemon in ipairs { ... } do
            local text = http.request("http://127.0.0.1:" .. daemon.port .. "/metrics")
            for n in text:gmatch "\nmpijobd_slo_jobs_total{[^\n]*} (%d+)" do all = (all or 0) + tonumber(n) end
            for n in text:gmatch "\nmpijobd_slo_jobs_good_total{[^\n]*} (%d+)" do good = (good or 0) + tonumber(n) end
        end
        return { all, good }
    end

    local function until_counts(all, good, ...)
        local daemons, last = { ... }, nil
        await(function()
            last = counts(table.unpack(daemons))
            return last[1] == all and last[2] == good
        end)
        assert.are.same({ all, good }, last)
    end

    -- How many jobs that hold GPUs its watch has.
    local function holding(daemon, n)
        local last
        await(function()
            last = tonumber(http.request("http://127.0.0.1:" .. daemon.port .. "/metrics"):match "\nmpijobd_gpus_held_by_finished_jobs{[^\n]*} (%d+)")
            return last == n
        end)
        assert.are.equal(n, last)
    end

    it("counts each job once over an election, at its time, by who leads then", function()
        local one = group:replica("one", { key = "leader_election", times = LONG, clock = "2026-12-01T10:00:00Z" })
        one:expect "in force"
        local two = group:replica("two", { key = "leader_election", times = LONG, clock = "2026-12-01T10:00:00Z" })
        two:expect "standing by: another daemon leads"
        ended("good-1", "10:00:00")
        until_counts(1, 1, one)
        ended("late-1", "10:00:00")
        holding(one, 1)
        holding(two, 1)
        at("10:06:00", one, two)
        until_counts(2, 1, one)
        assert.are.same({}, counts(two))
        ended("late-2", "10:06:00")
        ended("late-3", "10:06:00")
        holding(one, 3)
        holding(two, 3)
        at("10:08:00", one, two)
        one:kill "sigterm"
        assert.are.equal(0, (one:wait()))
        two:expect "in force"
        assert.are.same({ 0, 0 }, counts(two))
        -- late-2 and late-3 have the rest of their time, and not the whole of it; late-1 has counted. A job that is gone in its time is good.
        at("10:10:59", two)
        assert.are.same({ 0, 0 }, counts(two))
        server:request("DELETE", server:path("v2beta1", "train", "late-3"))
        until_counts(1, 1, two)
        at("10:11:02", two)
        assert.are.same({ 2, 1 }, counts(two))
        -- One that begins now knows that what was late has counted.
        local three = group:replica("three", { key = "leader_election", times = LONG, clock = "2026-12-01T10:12:00Z" })
        three:expect "standing by: another daemon leads"
        holding(three, 2)
        two:kill "sigterm"
        assert.are.equal(0, (two:wait()))
        three:expect "in force"
        at("10:50:00", three)
        assert.are.same({ 0, 0 }, counts(three))
        ended("good-2", "10:50:00")
        until_counts(1, 1, three)
    end)

    it("counts what was late while nobody led with the next that does", function()
        support.write(group.folder .. "/p.lua", (POLICY:gsub('"5m"', '"1s"')))
        local one = group:replica("one", { key = "leader_election" })
        one:expect "in force"
        local two = group:replica("two", { key = "leader_election" })
        two:expect "standing by: another daemon leads"
        holding(two, 0)
        one:kill "sigkill"
        one:wait()
        ended("late-1", "10:00:00")
        holding(two, 1)
        two:expect "in force"
        until_counts(1, 0, two)
    end)

    it("keeps what it has counted when the lead is lost, and goes on when it comes back", function()
        local one = group:replica("one", { key = "leader_election", times = LONG, clock = "2026-12-01T10:00:00Z" })
        one:expect "in force"
        ended("late-1", "10:00:00")
        holding(one, 1)
        at("10:06:00", one)
        until_counts(1, 0, one)
        ended("late-2", "10:06:00")
        holding(one, 2)
        local path = shards.LEASES .. "/mpijobd"
        local _, lease = server:request("GET", path)
        lease.spec.holderIdentity, lease.spec.leaseDurationSeconds, lease.spec.leaseTransitions = "another", 1, lease.spec.leaseTransitions + 1
        local status, answer = server:request("PUT", path, lease)
        assert.are.equal(200, status, support.json.encode(answer))
        one:expect "the lead is lost"
        assert.are.same({ 1, 0 }, counts(one))
        at("10:07:00", one)
        one:expect "in force"
        assert.are.same({ 1, 0 }, counts(one))
        at("10:12:00", one)
        assert.are.same({ 2, 0 }, counts(one))
        at("10:40:00", one)
        assert.are.same({ 2, 0 }, counts(one))
    end)

    it("counts each job once where shards move", function()
        local one = group:replica("one", { times = LONG, clock = "2026-12-01T10:00:00Z" })
        group:shared_as { one = 6 }
        group:in_force(one)
        for i = 1, 12 do
            ended("late-" .. i, "10:00:00")
            ended("good-" .. i, "10:00:00")
        end
        until_counts(12, 12, one)
        at("10:06:00", one)
        until_counts(24, 12, one)
        local two = group:replica("two", { times = LONG, clock = "2026-12-01T10:06:00Z" })
        group:shared_as { one = 3, two = 3 }
        group:in_force(one, two)
        at("10:40:00", one, two)
        -- What is late has counted where it was: who has taken a shard does not count it again. Of shards that went away a daemon tells nothing.
        assert.are.same({ 0, 0 }, counts(two))
        local kept = counts(one)
        assert.is_true(kept[1] < 24)
        for i = 13, 18 do
            ended("good-" .. i, "10:40:00")
        end
        until_counts(kept[1] + 6, kept[2] + 6, one, two)
        one:kill "sigterm"
        assert.are.equal(0, (one:wait()))
        group:shared_as { two = 6 }
        group:in_force(two)
        local before = counts(two)
        at("11:40:00", two)
        assert.are.same(before, counts(two))
    end)
end)

-- SPDX-License-Identifier: Apache-2.0
-- mpijobd test: the specs of policies, run by the program as a user runs it, in a folder with nothing but the policy and its spec.
local support = require "support"

local POLICY = [[
policy {
    name = "free",
    on = "match",
    match = { phase = { "Succeeded", "Failed" }, cleanPodPolicy = "unset", finished_for = "2h", labels = "keep != true" },
    replace = { cleanPodPolicy = "All", labels = { freed = "yes" } },
}
]]

describe("mpijobd test", function()
    local folder
    before_each(function()
        folder = support.folder()
        support.write(folder .. "/free.lua", POLICY)
    end)
    after_each(support.cleanup)

    local function spec(text)
        support.write(folder .. "/free_spec.lua", text)
    end

    -- Runs the text as the spec beside the policy.
    local function test(text, ...)
        spec(text)
        return support.mpijobd("test", folder, ...)
    end

    local function passes(text)
        local code, out, err = test(text)
        assert.are.equal(0, code, out .. err)
        return out
    end

    it("has runs wait for approval, and a spec decide", function()
        support.write(folder .. "/free.lua", POLICY:gsub("replace = ", 'approval = { when = "always", expires = "1d" }, replace = '))
        passes [[
            local job
            before_each(function()
                job = cluster.job { name = "bert", namespace = "train", phase = "Succeeded", finished_for = "3h" }
            end)
            it("approves", function()
                assert.waits(job)
                assert.waits(job, { cleanPodPolicy = "All" })
                assert.is_not.waits(job, { cleanPodPolicy = "None" })
                assert.untouched(job)
                assert.is_not.replaced(job)
                local run = cluster.runs()[1]
                assert.equal("waiting", run.outcome)
                assert.is_true(cluster.changes()[1].waits)
                policy.approve(run.run)
                assert.is_not.waits(job)
                assert.replaced(job, { cleanPodPolicy = "All", labels = { freed = "yes" } })
            end)
            it("rejects", function()
                assert.waits(job)
                policy.reject()
                assert.untouched(job)
                assert.is_not.waits(job)
                assert.has_error(function() policy.approve() end, "policy.approve: no run waits for approval")
                assert.has_error(function() policy.reject(12) end)
            end)
            it("lets it expire", function()
                assert.waits(job)
                clock.advance "25h"
                assert.is_not.waits(job)
                assert.logged("nobody has approved the plan of a run")
            end)
        ]]
        local code, out = test [[ it("fails", function()
            assert.waits(cluster.job { name = "bert", namespace = "train", phase = "Running" })
        end) ]]
        assert.are.equal(1, code)
        support.contains(out, "Expected that a run with a change waits for approval of train/bert: no change of it waits")
    end)

    it("lets stubs answer what policies ask beyond the cluster, and shows what they asked, told and wrote", function()
        support.write(folder .. "/free.lua", [[
            policy { name = "idle", every = "1h", match = { phase = "Running" }, run = function(run)
                for job in run.jobs do
                    local who, err = http.get("https://cmdb.example.com/owners/" .. job.name, { headers = { Authorization = secret "Bearer ${cmdb}" } })
                    local busy = prometheus.value('avg(gpu_busy{job="' .. job.name .. '"})', { server = "main" })
                    if who and who.ok and busy and busy < 0.1 then
                        notify.send { sink = "ops", text = json.decode(who.body).owner .. ": " .. job.name }
                        http.post("https://hooks.example.com/idle", { job = job.name, busy = busy })
                        events.emit(job, { reason = "Idle", message = "its GPUs do nothing", type = "Warning" })
                    elseif err then
                        log.warn("not known", { reason = err.reason })
                    end
                end
            end }
        ]])
        passes [[
            local function running(name)
                return cluster.job { name = name, namespace = "train", phase = "Running", version = "v1" }
            end
            it("is told", function()
                http.stub { url = "https://cmdb.example.com/owners/*", json = { owner = "vision" } }
                http.stub { url = "https://hooks.example.com/idle", method = "POST", status = 202 }
                prometheus.stub('avg(gpu_busy{job="a"})', 0.02)
                prometheus.stub('avg(gpu_busy{job="b"})', { { labels = { x = "y" }, value = 0.5 } })
                prometheus.stub('avg(gpu_busy{job="c"})', {})
                local a, b = running "a", running "b"
                running "c"
                clock.advance "1h"
                assert.requested("https://cmdb.example.com/owners/a", { method = "GET", times = 1, headers = { authorization = 'Bearer secret("cmdb")' } })
                assert.requested("https://hooks.example.com/idle", { json = { job = "a" }, times = 1 })
                assert.requested("http://prometheus.test/*", { times = 3 })
                assert.is_not.requested "https://cmdb.example.com/owners/d"
                assert.notified("vision: a", { kind = "slack", sink = "ops", policy = "idle" })
                assert.is_not.notified "vision: b"
                assert.event(a, "its GPUs do nothing", { reason = "Idle", type = "Warning", count = 1 })
                assert.has_no.event(b)
                assert.are.equal(1, #cluster.notifications())
                assert.requested("https://hooks.example.com/idle", { status = 202 })
                assert.are.equal(7, #cluster.requests())
            end)
            it("begins with nothing, and groups what a run tells", function()
                http.stub { url = "https://cmdb.example.com/*", json = { owner = "o" } }
                http.stub { url = "https://hooks.example.com/*" }
                http.stub { url = "https://cmdb.example.com/owners/a", fail = "unreachable", times = 1 }
                for _, name in ipairs { "a", "b", "c" } do
                    running(name)
                    prometheus.stub('avg(gpu_busy{job="' .. name .. '"})', 0)
                end
                clock.advance "1h"
                assert.logged("not known", { reason = "Unreachable" })
                assert.are.equal(1, #cluster.notifications())
                assert.notified "^%so: b\no: c%s$"
                clock.advance "1h"
                assert.are.equal(2, #cluster.notifications())
            end)
            it("asks no server itself", function()
                assert.has_error(function() http.get "https://cmdb.example.com/" end)
                local _, err = pcall(http.stub, { url = "x", fial = "timeout" })
                assert.matches("fail", err)
            end)
        ]]
        local code, out = test [[
            it("fails", function()
                cluster.job { name = "a", namespace = "train", phase = "Running" }
                clock.advance "1h"
            end)
        ]]
        assert.are.equal(1, code)
        support.contains(out, 'GET https://cmdb.example.com/owners/a: a test asks no web server, and nothing stands in for this one; add http.stub { url = "https://cmdb.example.com/owners/a"')
    end)

    it("moves time to the instant at which a policy acts, and tells what it did", function()
        local out = passes [[
            describe("free", function()
                it("waits for two hours", function()
                    local job = cluster.job { name = "a", namespace = "train", phase = "Succeeded", finished_for = "1h" }
                    clock.advance "59m59s"
                    assert.untouched(job)
                    clock.advance "1s"
                    assert.replaced(job)
                    assert.replaced(job, { cleanPodPolicy = "All" })
                    assert.replaced(job, { labels = { freed = "yes" } })
                    assert.is_not.replaced(job, { cleanPodPolicy = "Running" })
                    assert.effect(job, "effective")
                    assert.ran("free", 1)
                    assert.are.equal("All", cluster.get(job).spec.runPolicy.cleanPodPolicy)
                end)
                it("is told from another one, and begins at noon", function()
                    assert.are.equal("2026-01-05T12:00:00Z", time.rfc3339(clock.now()))
                    assert.is_nil(cluster.get("train/a"))
                end)
            end)]]
        support.contains(out, "++\n2 successes / 0 failures / 0 errors / 0 pending : ")
    end)

    it("shows line, what was expected and what is, and what happened", function()
        local code, out = test [[
describe("free", function()
    it("is wrong", function()
        local job = cluster.job { name = "a", phase = "Failed", finished_for = "3h" }
        assert.replaced(job, { cleanPodPolicy = "Running", labels = { freed = "yes" } })
    end)
end)]]
        assert.are.equal(1, code)
        support.contains(out, "Failure -> " .. folder .. "/free_spec.lua @ 2\nfree is wrong\n")
        support.contains(out, "free_spec.lua:4: Expected a replacement of default/a:\n"
            .. '  - cleanPodPolicy = "Running"   expected\n  + cleanPodPolicy = "All"   actual\n    labels.freed = "yes"\n')
        support.contains(out, '2026-01-05T12:00:00Z free: { cleanPodPolicy = "All", labels = { freed = "yes" } }: effective')
    end)

    it("ends a spec that loops for ever at its line, and goes on", function()
        local code, out = test [[
it("loops", function()
    while true do end
end)
it("goes on", function() assert.is_true(true) end)]]
        assert.are.equal(1, code)
        support.contains(out, "1 success / 0 failures / 1 error / 0 pending")
        support.contains(out, "free_spec.lua:2: the CPU limit of 2s is used up")
    end)

    it("has busted's language", function()
        local out = passes [[
            local order = {}
            setup(function() order[#order + 1] = "setup" end)
            teardown(function() order[#order + 1] = "teardown" end)
            before_each(function() order[#order + 1] = "before" end)
            after_each(function() order[#order + 1] = "after" end)
            describe("block", function()
                before_each(function() order[#order + 1] = "inner" end)
                it("one", function()
                    finally(function() order[#order + 1] = "finally" end)
                    order[#order + 1] = "one"
                end)
                it("two", function()
                    assert.are.same({ "setup", "before", "inner", "one", "finally", "after", "before", "inner" }, order)
                end)
            end)
            it("assertions", function()
                assert.are.equal(1, 1)
                assert.are_not.equal(1, 2)
                assert.has_error(function() error("x", 0) end, "x")
                assert.has_no.errors(function() end)
                assert.matches("b+", "abba")
                assert.is_truthy(1)
                assert.near(1.0, 1.01, 0.1)
                local s = spy.new(function() return 7 end)
                assert.are.equal(7, s("a", 1))
                assert.spy(s).was.called(1)
                assert.spy(s).was.called_with("a", match.is_number())
                local t = { f = function() return 1 end }
                stub(t, "f").returns(2)
                assert.are.equal(2, t.f())
            end)
            pending("later")
            it("inside", function() pending("not now") end)]]
        support.contains(out, "+++..\n3 successes / 0 failures / 0 errors / 2 pending")
    end)

    it("writes TAP and JUnit, and chooses by name and by tag", function()
        local text = [[
            describe("a #slow", function() it("one", function() end) end)
            it("two & <three>", function() assert.is_true(false) end)]]
        local code, out = test(text, "-o", "tap")
        assert.are.equal(1, code)
        support.contains(out, "TAP version 13\nok 1 - ")
        support.contains(out, "not ok 2 - " .. folder .. "/free_spec.lua:2: two & <three>\n# ")
        support.contains(out, "\n1..2\n")
        code, out = test(text, "-o", "junit")
        assert.are.equal(1, code)
        support.contains(out, 'tests="2" failures="1" errors="0" skipped="0"')
        support.contains(out, 'name="two &amp; &lt;three&gt;"')
        code, out = test(text, "--run", "^a .*one$")
        assert.are.equal(0, code)
        support.contains(out, "+\n1 success /")
        code, out = test(text, "--exclude-tags", "slow,other", "--list")
        assert.are.equal(0, code)
        assert.are.equal(folder .. "/free_spec.lua:2: two & <three>\n", out)
        assert.are.equal(2, (test(text, "--run", "(")))
    end)

    it("tells the mistakes of a policy by file and line, and a spec without one what to do", function()
        support.write(folder .. "/free.lua", 'policy {\n    name = "free",\n    nonsense = 1,\n}\n')
        local code, out = test 'it("x", function() assert.untouched(cluster.job {}) end)'
        assert.are.equal(1, code)
        support.contains(out, "free.lua:3: ")
        os.remove(folder .. "/free.lua")
        code, out = test 'it("x", function() assert.untouched(cluster.job {}) end)'
        assert.are.equal(1, code)
        support.contains(out, "no policy stands beside the spec; name one by policy.load")
    end)

    it("has faults: conflicts, servers that fail, answers that are lost, roles that lack a verb", function()
        passes [[
            local job
            before_each(function()
                job = cluster.job { name = "a", namespace = "train", phase = "Failed", finished_for = "3h" }
            end)
            it("a conflict is tried again", function()
                cluster.fail_next { code = 409 }
                assert.replaced(job, { cleanPodPolicy = "All" })
            end)
            it("a server that is busy is asked again", function()
                cluster.fail_next { code = 503, verb = "list", count = 2 }
                assert.replaced(job)
            end)
            it("a lost answer is looked up", function()
                cluster.fail_next { code = "lost" }
                assert.replaced(job)
                assert.are.equal("All", cluster.get(job).spec.runPolicy.cleanPodPolicy)
            end)
            it("a role lacks the verb", function()
                cluster.forbid { verb = "update", namespace = "train" }
                assert.untouched(job)
                assert.refused(job, "Forbidden")
            end)
            it("a policy tries again, by the test's clock", function()
                cluster.fail_next { code = "unreachable", count = 8 }
                assert.refused(job, "Unreachable")
                assert.untouched(job)
                clock.advance "1m"
                assert.replaced(job, { cleanPodPolicy = "All" })
            end)
            it("what was forbidden is allowed again", function()
                cluster.forbid { verb = "update" }
                assert.refused(job, "Forbidden")
                cluster.allow()
                cluster.patch(job, { metadata = { labels = { again = "yes" } } })
                policy.run "free"
                assert.replaced(job, { cleanPodPolicy = "All" })
            end)
            it("nothing is asked of the network", function()
                assert.has_error(function() require "socket" end)
                assert.has_error(function() http.get "http://127.0.0.1:1/" end)
            end)]]
    end)

    it("has controllers that act, jobs that end, and every version", function()
        passes [[
            it("workers go", function()
                local job = cluster.job { name = "a", phase = "Succeeded", finished_for = "1h", workers = 3 }
                assert.are.equal(4, #cluster.pods(job))
                clock.advance "1h"
                assert.replaced(job)
                assert.are.equal(1, #cluster.pods(job))
            end)
            it("a job starts and ends", function()
                local job = cluster.job { name = "a", phase = "Running", running_for = "10m", ends_in = "30m", outcome = "Failed" }
                clock.advance "29m"
                assert.are.equal("active", next(cluster.get(job).status.replicaStatuses.Launcher))
                clock.advance "1m"
                assert.are.equal("failed", next(cluster.get(job).status.replicaStatuses.Launcher))
                clock.advance "2h"
                assert.replaced(job)
            end)
            for _, version in ipairs { "v1alpha2", "v1", "v2beta1" } do
                it(version, function()
                    local job = cluster.job { version = version, phase = "Failed", finished_for = "3h", backoffLimit = 2 }
                    assert.replaced(job, { cleanPodPolicy = "All" })
                    assert.effect(job, "effective")
                end)
            end
            it("training-operator", function()
                local job = cluster.job { version = "v1", controller = "training-operator", phase = "Failed", finished_for = "3h" }
                assert.replaced(job, { cleanPodPolicy = "All" })
                assert.are.equal(0, #cluster.pods(job))
            end)]]
    end)

    it("tells each condition of the policies, and when it will hold", function()
        local code, out = test [[
            it("x", function()
                local job = cluster.job { name = "a", phase = "Succeeded", finished_for = "30m", labels = { keep = "true" } }
                assert.replaced(job)
            end)]]
        assert.are.equal(1, code)
        support.contains(out, "the policies for it:\n  free (" .. folder .. "/free.lua:1), default/a: no-match\n"
            .. "    does not match: finished_for, labels\n\n"
            .. "    HOLDS  CONDITION       WANTED               IT IS\n"
            .. "    yes    phase           Succeeded or Failed  Succeeded\n"
            .. "    later  finished_for    2h                   30m        in 1h30m, at 2026-01-05T13:30:00+00:00\n"
            .. "    yes    cleanPodPolicy  unset                unset\n"
            .. "    no     labels          keep!=true           true\n\n"
            .. "  would change (as the job is now, if it matched):\n"
            .. "  + spec.runPolicy.cleanPodPolicy: All\n")
    end)

    it("asks where, and why", function()
        support.write(folder .. "/free.lua", [[
policy {
  name = "free", on = "match",
  match = { phase = "Succeeded", finished_for = "2h", labels = "!keep", where = function(job)
    if job.labels.sleeps then sleep("1h") end
    return job.labels.team ~= "speech"
  end },
  replace = { cleanPodPolicy = "All" },
}
policy {
  name = "asks", schedule = "0 3 * * *", timezone = "Europe/Berlin",
  run = function(run)
    local tree = why("train/speech", "free")
    log.info("it says " .. tree.verdict, { at = tree.at, text = tostring(tree):match("^[^\n]+") })
    for job in mpijob.list { name = "vision" } do
      log.info("and " .. why(job, "free").message)
    end
    local none, err = why("train/none", "free")
    log.info(tostring(none) .. ", " .. err.reason)
    log.info(select(2, pcall(why, "train/speech", "fre")))
  end,
}
policy { name = "nested", every = "1h", match = { name = "speech", where = function(job) return not why(job, "free").matches end }, replace = { cleanPodPolicy = "All" } }
]])
        local code, out, err = test([[
            before_each(function()
                cluster.job { name = "vision", namespace = "train", phase = "Succeeded", finished_for = "30m" }
                cluster.job { name = "speech", namespace = "train", phase = "Succeeded", finished_for = "3h", labels = { team = "speech" } }
            end)
            it("tells", function()
                local tree = why("train/vision", "free")
                assert.are.equal("later", tree.verdict)
                assert.are.equal("matches in 1h30m, at 2026-01-05T13:30:00+00:00, unless its label keep is set", tree.message)
                assert.are.equal(clock.now() + 5400, tree.matches_at)
                clock.advance "1h29m59s"
                assert.untouched("train/vision")
                assert.are.equal(1, why("train/vision", "free").matches_at - clock.now())
                clock.advance "1s"
                assert.replaced("train/vision")
                tree = why("train/vision", "free")
                assert.are.equal("nothing-to-do", tree.verdict)
                assert.are.equal("handled", tree.held_back[1].reason)
                assert.are.equal("done", tree.last_change.outcome)
                assert.are.equal("no-match", why("train/speech", "free").verdict)
                assert.has_error(function() why("train/vision", "fre") end)
            end)
            it("looks at the coming run of a schedule", function()
                local tree = why("train/vision", "asks")
                assert.are.equal("run-function", tree.verdict)
                assert.are.equal("2026-01-06T02:00:00Z", time.rfc3339(tree.next))
                policy.run "asks"
                assert.logged("^it says no%-match$")
                assert.logged("^and matches in 1h30m, at ")
                assert.logged("^nil, NotFound$")
                assert.logged('why: there is no policy "fre"; did you mean "free"%?$')
            end)
            it("is not asked by what it asks", function()
                local tree = why("train/speech", "nested")
                assert.are.equal("fails", tree.verdict)
                assert.is_truthy(tree.conditions[2].value:find("why cannot be asked here", 1, true))
                clock.advance "1h"
                assert.replaced("train/speech")
            end)
            it("fails", function()
                assert.replaced("train/speech")
            end)]], "--run", "tells|coming|asked|fails")
        assert.are.equal(1, code, err)
        support.contains(out, "3 successes / 1 failure / 0 errors")
        support.contains(out, "    no     where         " .. folder .. "/free.lua:3  false\n")
    end)

    it("tells what a running daemon knows of a job", function()
        support.write(folder .. "/free.lua", [[
policy { name = "fails", on = "match", match = { phase = "Succeeded", labels = "fails" }, replace = { cleanPodPolicy = "All" } }
policy { name = "red", on = "match", match = { labels = "loop, colour != red" }, replace = { labels = { colour = "red" } } }
policy { name = "blue", on = "match", match = { labels = "loop, colour != blue" }, replace = { labels = { colour = "blue" } } }
policy { name = "asked", on = "match", recheck = "10m", match = { labels = "asked", where = function() return false end }, replace = { labels = { a = "b" } } }
policy { name = "full", on = "match", limits = { changes = 0 }, match = { labels = "asked" }, replace = { labels = { a = "b" } } }
]])
        local code, out, err = test [[
            it("that is tried again", function()
                local job = cluster.job { phase = "Succeeded", labels = { fails = "yes" } }
                cluster.fail_next { code = "unreachable", count = 20 }
                assert.untouched(job)
                local tree = why(job, "fails")
                assert.are.equal("held", tree.verdict)
                assert.are.equal("failed", tree.held_back[1].reason)
                assert.is_true(tree.held_back[1]["until"] > clock.now())
                assert.are.equal("not-done", tree.last_change.outcome)
                clock.advance "1h"
                assert.replaced(job)
                assert.are.equal("nothing-to-do", why(job, "fails").verdict)
            end)
            it("that is not allowed", function()
                local job = cluster.job { phase = "Succeeded", labels = { fails = "yes" } }
                cluster.forbid { verb = "update" }
                assert.untouched(job)
                local tree = why(job, "fails")
                assert.are.equal("passed", tree.held_back[1].reason)
                assert.is_truthy(tree.held_back[1].message:find("a run failed at it for good: .*forbidden"))
            end)
            it("that is in a loop", function()
                local job = cluster.job { phase = "Running", labels = { loop = "yes" } }
                clock.advance "1m"
                local tree = why(job, "red").held_back[1] and why(job, "red") or why(job, "blue")
                assert.are.equal("loop", tree.held_back[1].reason)
                assert.is_truthy(tree.held_back[1].message:find("undo each other's change of labels.colour", 1, true))
            end)
            it("that waits for where, and one that may not be changed", function()
                local job = cluster.job { labels = { asked = "yes" } }
                clock.advance "1m"
                assert.is_truthy(why(job, "asked").message:find("it is asked again when the job changes, and at 2026-01-05T12:10:00+00:00 (recheck)", 1, true))
                assert.are.equal("limit", why(job, "full").held_back[1].reason)
            end)]]
        assert.are.equal(0, code, out .. err)
    end)

    it("takes tables, with the lines of their mistakes", function()
        support.write(folder .. "/free_spec.yaml", [[
tests:
  - name: waits
    at: 2026-03-29 01:30
    zone: Europe/Berlin
    jobs:
      - { name: a, namespace: train, phase: Succeeded, finished_for: 1h }
    expect:
      - after: 59m59s
        untouched: [ train/a ]
      - after: 1h
        replaced: { train/a: { cleanPodPolicy: All, labels: { freed: "yes" } } }
        effect: { train/a: effective }
        ran: { free: 1 }
  - name: is wrong
    jobs:
      - { name: a, phase: Failed, finished_for: 3h }
    expect:
      - replaced: { default/a: { cleanPodPolicy: Running } }
]])
        local code, out = support.mpijobd("test", folder .. "/free.lua")
        assert.are.equal(1, code)
        support.contains(out, "+-\n1 success / 1 failure / 0 errors")
        support.contains(out, "free_spec.yaml @ 14\nis wrong\n" .. folder .. "/free_spec.yaml:18: Expected a replacement of default/a:\n")
        support.write(folder .. "/free_spec.yaml", "tests:\n  - name: x\n    expect:\n      - untuched: a\n")
        code, out = support.mpijobd("test", folder)
        assert.are.equal(1, code)
        support.contains(out, folder .. '/free_spec.yaml:4: unknown key "untuched"; did you mean "untouched"?')
    end)

    it("has what its annotations say, and nothing more", function()
        local text, names = support.read(support.source .. "/lua/types/test/spec.lua"), {}
        for name in text:gmatch("\nfunction (%a+%.[%w_]+)%(") do
            names[#names + 1] = ("%q"):format(name)
        end
        for name in text:gmatch("\n%-%-%-@field ([%w_]+) fun%(") do
            names[#names + 1] = ("%q"):format("assert." .. name)
        end
        table.sort(names)
        local out = passes([[
            it("names", function()
                local has, wanted = {}, { ]] .. table.concat(names, ", ") .. [[ }
                for name, module in pairs { cluster = cluster, clock = clock, policy = policy } do
                    for key in pairs(module) do
                        has[#has + 1] = name .. "." .. key
                    end
                end
                for name, module in pairs { http = http, prometheus = prometheus } do
                    has[#has + 1] = module.stub and name .. ".stub"
                end
                for name in pairs(require "luassert.namespaces".assertion) do
                    if require "say" ("mpijobd." .. name .. ".positive") then
                        has[#has + 1] = "assert." .. name
                    end
                end
                table.sort(has)
                assert.are.same(wanted, has)
            end)]])
        support.contains(out, "1 success")
    end)

    it("tells which lines of the policies were missed", function()
        support.write(folder .. "/free.lua", [[
local function never()
    return 1
end
policy {
    name = "free",
    on = "match",
    match = { phase = "Failed" },
    replace = function(job)
        if job.name == "b" then
            return {
                cleanPodPolicy = "None",
            }
        end
        return { cleanPodPolicy = "All" }
    end,
}
]])
        local text = 'it("x", function() assert.replaced(cluster.job { name = "a", phase = "Failed" }) end)'
        local code, out = test(text, "--coverage", "--threshold", "50")
        assert.are.equal(0, code, out)
        assert.is_truthy(out:find("free%.lua +%d+ of +%d+ +%d+%.%d%%  missed: 2, 10%-12\n"), out)
        local err
        code, out, err = test(text, "--threshold", "90", "-o", "tap")
        assert.are.equal(1, code)
        support.lacks(out, "missed")
        support.contains(err, "and --threshold is 90%")
    end)

    it("has other kinds, seeds, runs by hand, runs that sleep, and says what is misspelt", function()
        support.write(folder .. "/free.lua", [[
policy { name = "torch", kind = "PyTorchJob", on = "match", match = { phase = "Failed", finished_for = "1h" }, replace = { cleanPodPolicy = "All" } }
policy {
    name = "sleeps", every = "1h", match = { phase = "Running" }, limits = { timeout = "30m" },
    run = function(run)
        for job in run.jobs do
            sleep "10m"
            mpijob.replace(job, { labels = { slept = "yes" } })
        end
    end,
}]])
        passes [[
            for _, kind in ipairs { "PyTorchJob", "TFJob", "MXJob" } do
                it(kind, function()
                    local job = cluster.job { kind = kind, phase = "Failed", finished_for = "2h" }
                    local claim = kind == "PyTorchJob" and assert.replaced or assert.untouched
                    claim(job)
                end)
            end
            it("a run that sleeps goes on by the clock", function()
                clock.set "2026-01-05T12:30:00Z"
                local job = cluster.job { name = "a" }
                clock.advance "39m59s"
                assert.untouched(job)
                clock.advance "1s"
                assert.replaced(job, { labels = { slept = "yes" } })
            end)
            it("by hand", function()
                policy.run "torch"
                assert.ran("torch", 1)
                assert.has_error(function() policy.run "torsh" end, 'there is no policy "torsh"; did you mean "torch"?')
            end)
            it("by a seed", function()
                cluster.seed { jobs = 50, seed = 3 }
                clock.advance "1h"
                assert.ran("sleeps", 0)
                clock.advance "1d"
                assert.ran "sleeps"
            end)
            it("misspelt", function()
                local _, err = pcall(cluster.job, { phase = "Runing" })
                assert.matches('unknown phase "Runing"; did you mean "Running"%?', err)
                _, err = pcall(cluster.job, { phse = "Running" })
                assert.matches('unknown field "phse"; did you mean "phase"%?', err)
                _, err = pcall(cluster.fail_next, { code = 7 })
                assert.matches("code is an HTTP status", err)
                _, err = pcall(clock.set, "2026-03-29 02:30", "Europe/Berlin")
                assert.matches("does not exist in Europe/Berlin", err)
            end)]]
        local code, out = test [[
            setup(function() cluster.job {} end)
            it("x", function() end)]]
        assert.are.equal(1, code)
        support.contains(out, "setup stands for a whole block, and each test has a cluster of its own; use before_each")
    end)

    it("runs again when a file changes", function()
        spec 'it("x", function() assert.is_true(false) end)'
        local program = support.daemon({}, "test", "--watch", folder)
        program:expect("0 successes / 1 failure", "stdout")
        program:expect("waiting for a change", "stdout")
        spec 'it("x", function() assert.is_true(true) end)'
        program:expect("1 success / 0 failures", "stdout")
    end)
end)

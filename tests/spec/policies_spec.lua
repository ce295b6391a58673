-- SPDX-License-Identifier: Apache-2.0
-- Policy files: what is wrong in them is told at once with file and line, and a hostile one hurts nobody else.
local support = require "support"

-- name, text, the messages that have to be among the errors
local bad = {
    { "syntax", 'policy {\n  name = "a",\n  schedule = "0 9 * * *"\n  replace = {}\n}\n', "bad.lua:4: '}' expected (to close '{' at line 1) near 'replace'" },
    { "unknown key", 'policy {\n  name = "a",\n  shedule = "0 9 * * *",\n  replace = { cleanPodPolicy = "All" },\n}\n',
        'bad.lua:3: policy "a": shedule is not a key of a policy; did you mean "schedule"?' },
    { "bad cron field", 'policy {\n  name = "a",\n  schedule = "61 * * * *",\n  replace = { cleanPodPolicy = "All" },\n}\n',
        'bad.lua:3: policy "a": schedule', "minute", "0-59" },
    { "unknown zone", 'policy {\n  name = "a",\n  schedule = "0 9 * * *",\n  timezone = "Europe/Berlim",\n  replace = { cleanPodPolicy = "All" },\n}\n',
        'bad.lua:4: policy "a": timezone', "Europe/Berlin" },
    { "bad value", 'policy {\n  name = "a",\n  every = "10m",\n  replace = { cleanPodPolicy = "all" },\n}\n', 'bad.lua:4: policy "a": replace', "All" },
    { "bad field", 'policy {\n  name = "a",\n  every = "10m",\n  replace = { cleanPodPolcy = "All" },\n}\n', 'bad.lua:4: policy "a": replace', "cleanPodPolicy" },
    { "a period of nothing", 'policy {\n  name = "a",\n  every = "0s",\n  replace = { cleanPodPolicy = "All" },\n}\n', 'bad.lua:3: policy "a": every has to be at least 1s' },
    { "bad duration", 'policy {\n  name = "a",\n  every = "10 minutes",\n  replace = { cleanPodPolicy = "All" },\n}\n', 'bad.lua:3: policy "a": every' },
    { "bad selector", 'policy {\n  name = "a",\n  every = "10m",\n  match = { labels = "team in vision" },\n  replace = { cleanPodPolicy = "All" },\n}\n',
        'bad.lua:4: policy "a": match.labels' },
    { "bad phase", 'policy {\n  name = "a",\n  every = "10m",\n  match = { phase = "Succeded" },\n  replace = { cleanPodPolicy = "All" },\n}\n',
        'bad.lua:4: policy "a": match.phase', "Succeeded" },
    { "bad label", 'policy {\n  name = "a",\n  every = "10m",\n  replace = { labels = { ["two words"] = "x" } },\n}\n', 'bad.lua:4: policy "a": replace', "two words" },
    { "no trigger", 'policy { name = "a", replace = { cleanPodPolicy = "All" } }\n', 'bad.lua:1: policy "a": has no trigger' },
    { "no action", 'policy { name = "a", every = "1h" }\n', 'bad.lua:1: policy "a": has no action' },
    { "two triggers", 'policy { name = "a", every = "1h", schedule = "@daily", replace = { cleanPodPolicy = "All" } }\n', "stands beside another trigger; a policy has one" },
    { "no name", 'policy { every = "1h", replace = { cleanPodPolicy = "All" } }\n', "bad.lua:1: policy: has no name" },
    { "name taken", 'policy { name = "a", every = "1h", replace = { cleanPodPolicy = "All" } }\npolicy { name = "a", every = "1h", replace = { cleanPodPolicy = "All" } }\n',
        'bad.lua:2: policy "a": the name is taken already, at' },
    { "slo without a time", 'policy { name = "a", on = "match", slo = { objective = 99 }, replace = { cleanPodPolicy = "All" } }\n', "slo needs freed_within, from 1s to 30d" },
    { "whom it asks", 'policy { name = "a", on = "match", approval = "sometimes", replace = { cleanPodPolicy = "All" } }\n', 'approval has to be "never", "over-limits" or "always", not "sometimes"' },
    { "above which limit", 'policy { name = "a", on = "match", approval = "over-limits", replace = { cleanPodPolicy = "All" } }\n', '"over-limits" needs limits.changes or limits.percent' },
    { "whom it asks in steps", 'policy { name = "a", on = "match", approval = "always", canary = { 1, "100%" }, replace = { cleanPodPolicy = "All" } }\n', "approval stands beside canary; a policy has one of them" },
    { "how long it waits", 'policy { name = "a", on = "match", approval = "always", approval_expires = "10s", replace = { cleanPodPolicy = "All" } }\n', "approval_expires has to be at least 1m" },
    { "a call that waits", 'mpijob.get("a/b")\n', "bad.lua:1:", "while a policy runs" },
    { "an endless loop", 'local n = 0\nwhile true do\n  n = n + 1\nend\n', "bad.lua:", "CPU" },
    { "an endless loop in pcall", 'while true do pcall(function() while true do end end) end\n', "bad.lua:", "CPU" },
    { "memory", 'local t = {}\nfor i = 1, 1e9 do t[i] = { i } end\n', "bad.lua:", "memory" },
    { "bytecode", 'load("\\27Lua")()\n', "bad.lua:1:" },
    { "io", 'io.open("/etc/passwd")\n', "bad.lua:1:" },
    { "an error", 'local function f()\n  error("broken")\nend\nf()\n', "bad.lua:2: broken" },
}

describe("mpijobd check", function()
    after_each(support.cleanup)

    for _, case in ipairs(bad) do
        it("tells of " .. case[1], function()
            local file = support.write(support.folder() .. "/bad.lua", case[2])
            local code, out, err = support.mpijobd("check", file)
            assert.are.equal(1, code, out)
            for i = 3, #case do
                support.contains(err, case[i])
            end
        end)
    end

    it("tells all errors of all files at once, and a bad file does not hide a good one's", function()
        local folder = support.folder()
        support.write(folder .. "/1.lua", "while true do end")
        support.write(folder .. "/2.lua", 'policy { name = "x", every = "1h", replace = { cleanPodPolicy = "Al" }, colour = 1 }')
        support.write(folder .. "/3.lua", 'policy { name = "y", schedule = "0 25 * * *", match = { phase = "Done", nme = "x" }, replace = { cleanPodPolicy = "All" } }')
        support.write(folder .. "/3_spec.lua", "error('a spec is no policy')")
        local code, _, err = support.mpijobd("check", folder)
        assert.are.equal(1, code)
        for _, part in ipairs { "1.lua", "2.lua:1: policy \"x\": replace", "colour", "hour", "Done", "nme", "3.lua:1" } do
            support.contains(err, part)
        end
        support.lacks(err, "_spec")
    end)

    it("prints each policy with its next three times", function()
        local file = support.write(support.folder() .. "/good.lua", [[
            policy { name = "a", schedule = "30 9 * * mon-fri", timezone = "Asia/Shanghai", replace = { cleanPodPolicy = "All" } }
            policy { name = "b", every = "90m", run = function(run) log.info("hello") end }
        ]])
        local code, out, err = support.mpijobd("check", file)
        assert.are.equal("", err)
        assert.are.equal(0, code)
        assert.are.equal(3, support.count(out, "T09:30:00+08:00"))
        support.contains(out, "every 1h30m")
        local _, json = support.mpijobd("check", "-o", "json", file)
        local list = support.json.decode(json)
        assert.are.equal("Asia/Shanghai", list[1].timezone)
        assert.are.equal(3, #list[2].next)
    end)

    it("marks a change of the clocks in the coming times", function()
        local file = support.write(support.folder() .. "/zone.lua",
            'policy { name = "a", schedule = "0 3 * * *", timezone = "Europe/Berlin", replace = { cleanPodPolicy = "All" } }')
        local code, out = support.mpijobd("next", file, "-c", "400")
        assert.are.equal(0, code)
        support.contains(out, "<- the clocks went forward by 60 min")
        support.contains(out, "<- the clocks went back by 60 min")
    end)

    it("says what is wrong with a command line", function()
        for _, case in ipairs {
            { { "chek" }, 'did you mean "check"?' },
            { { "check" }, "name policy files" }, { { "plan", "-l", "a" }, "unknown option" },
            { { "check", "/nowhere.lua" }, "/nowhere.lua: No such file or directory", 1 },
            { { "get", "--kubeconfg", "x" }, "did you mean --kubeconfig?" },
            { { "replace", "a" }, "name the job and at least one change" },
            { { "journal", "--limit", "many" }, "--limit takes a number" },
        } do
            local code, _, err = support.mpijobd(table.unpack(case[1]))
            assert.are.equal(case[3] or 2, code)
            support.contains(err, case[2])
        end
    end)
end)

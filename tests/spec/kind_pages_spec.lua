-- SPDX-License-Identifier: Apache-2.0
-- The pages of TrainJob, JobSet and Job say of each field what a change of it does while the job runs, is suspended, and has ended: each
-- cell names just the effects that such changes are judged to have. What the judgement rests on: tests/unit/test_mpijob_effect_kinds.c.
local support = require "support"
local sim = require "support.sim"
local kinds = require "support.kinds"

local STATES <const> = { "runs", "suspended", "ended" } -- the columns behind the field and its values
local STATUS <const> = {
    TrainJob = { runs = { jobsStatus = { { name = "node", ready = 1, succeeded = 0, failed = 0, active = 1, suspended = 0 } } }, ended = kinds.condition "Complete", suspended = kinds.condition "Suspended" },
    JobSet = { runs = { replicatedJobsStatus = { { name = "worker", ready = 2, succeeded = 0, failed = 0, active = 2, suspended = 0 } } },
        ended = { terminalState = "Completed", conditions = kinds.condition("Completed").conditions }, suspended = kinds.condition "Suspended" },
    Job = { runs = { active = 2, ready = 2, failed = 1, startTime = kinds.BEGUN }, ended = kinds.complete_job(),
        suspended = { failed = 1, conditions = kinds.condition("Suspended").conditions } },
}
-- What replaces the field: of a job without it; in a list, of one with `has` in its spec; `without`: that is taken away before.
local FAR <const>, PAST <const>, REMOVED <const> = "9000 * 86400", "1", "remove"
local CHANGES <const> = {
    TrainJob = {
        suspend = { "true", "false" },
        activeDeadlineSeconds = { FAR, has = { activeDeadlineSeconds = 3600 }, { FAR, REMOVED } },
        runtimePatches = { "{}" },
        ttlSecondsAfterFinished = { FAR },
        backoffLimit = { "1" },
    },
    JobSet = {
        suspend = { "true", "false" },
        ttlSecondsAfterFinished = { FAR, PAST, has = { ttlSecondsAfterFinished = 9000 * 86400 + 1 }, { FAR, REMOVED } },
        failurePolicy = { "{ maxRestarts = 1 }", has = { failurePolicy = { maxRestarts = 1 } }, { "{ maxRestarts = 2 }", REMOVED } },
        successPolicy = { without = true, '{ operator = "All" }' },
        activeDeadlineSeconds = { FAR },
    },
    Job = {
        suspend = { "true", "false" },
        activeDeadlineSeconds = { FAR, PAST, has = { activeDeadlineSeconds = 9000 * 86400 + 1 }, { FAR, REMOVED } },
        backoffLimit = { "7", "0" },
        ttlSecondsAfterFinished = { FAR, PAST, has = { ttlSecondsAfterFinished = 9000 * 86400 + 1 }, { FAR, REMOVED } },
        parallelism = { "1", "3" },
        completions = { "3", has = { completionMode = "Indexed", completions = 2 }, { "3, parallelism = 3" } },
        podReplacementPolicy = { '"Failed"', '"TerminatingOrFailed"' },
    },
}
-- Of the object, whatever its kind.
local OF_ALL <const> = { labels = '{ seen = "yes" }', annotations = '{ seen = "yes" }' }
local WORDS <const> = { "effective", "destructive", "inert", "at-finish", "unknown", "stored", "reverted", "Refused", "Dropped" }


-- The effects that a row names, state by state.
local function told(page, field)
    local line = page:match("\n(| `" .. field .. "`[^\n]*)") or page:match("\n(| [^|]*`" .. field .. "`[^\n]*)")
    local cells, effects = {}, {}
    for cell in line:gmatch "| ([^|]+) " do
        cells[#cells + 1] = cell
    end
    for i, state in ipairs(STATES) do
        local found, cell = {}, cells[i + 2]:find "^the same" and cells[i + 1] .. cells[i + 2] or cells[i + 2]
        for _, word in ipairs(WORDS) do
            found[#found + 1] = cell:find(word, 1, true) and word or nil
        end
        effects[state] = table.concat(found, ", ")
    end
    return effects
end

describe("The page of a kind", function()
    local server, folder

    setup(function()
        server = sim.start("--version", "v2beta1", "--kinds")
        server:request("POST", "/api/v1/namespaces", '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"train"}}')
        folder = support.folder()
    end)
    teardown(support.cleanup)

    local count = 0
    local function object(kind, state, more)
        count = count + 1
        local name, spec = "j" .. count, { suspend = state == "suspended" }
        for key, value in pairs(more or {}) do
            spec[key] = value
        end
        kinds.create(server, "train", kind, name, spec, nil, STATUS[kind][state])
        return name
    end

    -- What each change comes to: state, field, effect.
    local function judged(kind)
        local calls = {}
        local function look(state, field, values, name)
            for _, value in ipairs(values) do
                if type(value) == "string" then
                    calls[#calls + 1] = ('look("%s %s", "%s", { %s = %s })'):format(state, field, name, field, value)
                end
            end
        end
        for _, state in ipairs(STATES) do
            for field, value in pairs(OF_ALL) do
                look(state, field, { value }, object(kind, state))
            end
            for field, values in pairs(CHANGES[kind]) do
                local name = object(kind, state)
                if values.without then
                    kinds.request(server, "PATCH", kinds.path("train", kind, name), ('{"spec":{"%s":null}}'):format(field), "application/merge-patch+json")
                end
                look(state, field, values, name)
                if values.has then
                    look(state, field, values[#values], object(kind, state, values.has))
                end
            end
        end
        support.write(folder .. "/p.lua", ([[
policy { name = "p", schedule = "0 0 1 1 *", run = function()
    local function look(what, name, change)
        local done, err = %s.replace("train/" .. name, change, { dry_run = true })
        log.info(("@ %%s %%s@"):format(what, done and done.effect or err.message:find "because it is destructive" and "destructive" or err.reason))
    end
    %s
end }
]]):format(kind == "Job" and "batchjob" or kind:lower(), table.concat(calls, "\n    ")))
        local _, _, err = support.mpijobd("run", "--once", "--kubeconfig", server.kubeconfig, "--state", ("%s/%s.db"):format(folder, kind), folder .. "/p.lua")
        local came, lines = {}, 0
        for state, field, effect in err:gmatch "@ (%a+) (%a+) ([%a-]+)@" do
            lines = lines + 1
            if effect ~= "unchanged" then
                came[field] = came[field] or { runs = {}, suspended = {}, ended = {} }
                came[field][state][effect] = true
            end
        end
        assert.are.equal(#calls, lines, err)
        return came
    end

    for kind in pairs(CHANGES) do
        it(kind .. " says what each change of a field does, in each state", function()
            local page = support.read(("%s/docs/reference/%s.md"):format(support.source, kind:lower()))
            for field, states in pairs(judged(kind)) do
                local says = told(page, field)
                for _, state in ipairs(STATES) do
                    local found = {}
                    for _, word in ipairs(WORDS) do
                        found[#found + 1] = states[state][word] and word or nil
                    end
                    assert.are.equal(table.concat(found, ", "), says[state], ("%s of a %s that %s"):format(field, kind, state))
                end
            end
        end)
    end
end)

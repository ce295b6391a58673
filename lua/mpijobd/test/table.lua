-- SPDX-License-Identifier: Apache-2.0
-- The table form of a spec, for those who do not program: NAME_spec.yaml. It becomes tests in the same language.
local native, document, lines = ...

local function fail(where, message)
    error(where .. ": " .. message, 0)
end

local function known(where, given, names)
    if type(given) ~= "table" then
        fail(where, "this is no table of names and values")
    end
    for key in pairs(given) do
        if not names[key] then
            fail(where, "unknown key \"" .. tostring(key) .. "\"" .. native.nearest(tostring(key), names))
        end
    end
end

local set <const> = native.set
local document_keys <const> = set { "policies", "tests" }
local test_keys <const> = set { "name", "at", "zone", "versions", "controller", "jobs", "files", "expect" }
local step_keys <const> = set {
    "after", "at", "zone", "replaced", "untouched", "effect", "refused", "logged", "ran", "patch", "delete", "forbid",
    "fail_next",
}

local function list(value)
    if value == nil then
        return {}
    end
    return type(value) == "table" and (value[1] ~= nil or next(value) == nil) and value or { value }
end

-- null in the changes that are expected: removed.
local function each(where, value, what)
    if type(value) ~= "table" or value[1] ~= nil then
        fail(where, what .. " is a table of jobs, \"namespace/name\", and what is expected of each")
    end
    local keys = {}
    for key in pairs(value) do
        keys[#keys + 1] = key
    end
    table.sort(keys)
    return ipairs(keys)
end

-- An assertion whose message begins with the place in the file.
local function claim(where, fn, ...)
    local ok, err = pcall(fn, ...)
    if not ok then
        native.fail_at(where, err)
    end
end

local actions = {}

function actions.forbid(_, value)
    for _, one in ipairs(list(value)) do
        cluster.forbid(one)
    end
end

function actions.fail_next(_, value)
    for _, one in ipairs(list(value)) do
        cluster.fail_next(one)
    end
end

function actions.patch(where, value)
    for _, job in each(where, value, "patch") do
        cluster.patch(job, value[job])
    end
end

function actions.delete(_, value)
    for _, job in ipairs(list(value)) do
        cluster.delete(job)
    end
end

local claims = {}

function claims.replaced(where, value)
    if type(value) == "string" or (type(value) == "table" and value[1] ~= nil) then
        for _, job in ipairs(list(value)) do
            claim(where, assert.replaced, job)
        end
        return
    end
    for _, job in each(where, value, "replaced") do
        claim(where, assert.replaced, job, value[job])
    end
end

function claims.untouched(where, value)
    for _, job in ipairs(list(value)) do
        claim(where, assert.untouched, job)
    end
end

function claims.effect(where, value)
    for _, job in each(where, value, "effect") do
        claim(where, assert.effect, job, value[job])
    end
end

function claims.refused(where, value)
    if type(value) == "string" or value[1] ~= nil then
        for _, job in ipairs(list(value)) do
            claim(where, assert.refused, job)
        end
        return
    end
    for _, job in each(where, value, "refused") do
        claim(where, assert.refused, job, value[job])
    end
end

function claims.logged(where, value)
    for _, pattern in ipairs(list(value)) do
        claim(where, assert.logged, pattern)
    end
end

function claims.ran(where, value)
    for _, policy_name in each(where, value, "ran") do
        claim(where, assert.ran, policy_name, value[policy_name])
    end
end

local function run_step(where, step, began)
    if step.after ~= nil then
        native.advance(began + native.seconds(step.after, where .. ": after"))
    elseif step.at ~= nil then
        clock.set(step.at, step.zone)
    end
    for _, name in ipairs { "forbid", "fail_next", "patch", "delete" } do
        if step[name] ~= nil then
            actions[name](where, step[name])
        end
    end
    for _, name in ipairs { "replaced", "untouched", "effect", "refused", "logged", "ran" } do
        if step[name] ~= nil then
            claims[name](where, step[name])
        end
    end
end

local function run_test(test, place)
    if test.at then
        clock.set(test.at, test.zone)
    end
    local began = clock.now()
    if test.versions or test.controller then
        cluster.serve { versions = test.versions and list(test.versions), controller = test.controller }
    end
    for i, job in ipairs(list(test.jobs)) do
        local ok, err = pcall(cluster.job, job)
        if not ok then
            fail(place("/jobs/" .. i - 1), err)
        end
    end
    for _, file in ipairs(list(test.files)) do
        cluster.load(file)
    end
    for i, step in ipairs(test.expect) do
        run_step(place("/expect/" .. i - 1), step, began)
    end
end

local function add(i, test)
    local function place(pointer)
        return native.file .. ":" .. lines("/tests/" .. i - 1 .. pointer)
    end
    known(place(""), test, test_keys)
    if type(test.name) ~= "string" or type(test.expect) ~= "table" or test.expect[1] == nil then
        fail(place(""), "a test has a name and a list of what to expect")
    end
    for k, step in ipairs(test.expect) do
        known(place("/expect/" .. k - 1), step, step_keys)
    end
    native.add_test(test.name, function()
        run_test(test, place)
    end, lines("/tests/" .. i - 1))
end

known(native.file, document, document_keys)
if document.policies then
    policy.load(table.unpack(list(document.policies)))
end
for i, test in ipairs(list(document.tests)) do
    add(i, test)
end

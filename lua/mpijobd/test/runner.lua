-- SPDX-License-Identifier: Apache-2.0
-- The language of specs, as busted has it: describe, it, before_each and their kin. The file is read first, which only
-- collects its tests; the program then runs them one by one, each in a coroutine and with a world of its own.
local native = ...

local root = { name = "", tags = {}, before_each = {}, after_each = {}, setup = {}, teardown = {} }
local here = root -- the block that is being read
local tests = {}
local running -- the test that runs

local PENDING <const> = {} -- raised by pending() within a test

local function tags_of(name, into)
    for tag in name:gmatch("#([%w_-]+)") do
        into[#into + 1] = tag
    end
    return into
end

local function collecting(what)
    if running then
        error(what .. " stands outside of tests", 3)
    end
end

local function add_test(name, fn, reason, line)
    local tags = {}
    local block = here
    while block do
        table.move(block.tags, 1, #block.tags, #tags + 1, tags)
        block = block.parent
    end
    tags_of(name, tags)
    tests[#tests + 1] = {
        name = here.name == "" and name or here.name .. " " .. name,
        block = here,
        fn = fn,
        reason = reason,
        tags = tags,
        line = line or native.line(3),
    }
end

-- A test of the table form.
function native.add_test(name, fn, line)
    add_test(name, fn, nil, line)
end

local function describe(name, fn)
    collecting("describe")
    if type(name) ~= "string" or type(fn) ~= "function" then
        error("describe takes a name and a function", 2)
    end
    local block = {
        name = here.name == "" and name or here.name .. " " .. name,
        tags = tags_of(name, {}),
        parent = here,
        before_each = {}, after_each = {}, setup = {}, teardown = {},
    }
    here = block
    local ok, err = xpcall(fn, native.explain)
    here = block.parent
    if not ok then
        error(err, 0)
    end
end

local function it(name, fn)
    collecting("it")
    if type(name) ~= "string" or (fn ~= nil and type(fn) ~= "function") then
        error("it takes a name and a function", 2)
    end
    add_test(name, fn)
end

local function hook(kind)
    return function(fn)
        collecting(kind)
        if type(fn) ~= "function" then
            error(kind .. " takes a function", 2)
        end
        table.insert(here[kind], fn)
    end
end

-- pending("not yet"): outside a test, one that is not written yet; inside, ends the test as pending.
local function pending(name, fn)
    if running then
        running.pending = name
        error(PENDING, 0)
    end
    if fn ~= nil and type(fn) ~= "function" then
        error("pending takes a name", 2)
    end
    add_test(name, nil, name)
end

local function finally(fn)
    if not running then
        error("finally stands within a test", 2)
    end
    running.finally[#running.finally + 1] = fn
end

for name, value in pairs {
    describe = describe, context = describe, insulate = describe, expose = describe,
    it = it, spec = it, test = it,
    before_each = hook "before_each", after_each = hook "after_each",
    setup = hook "setup", teardown = hook "teardown",
    lazy_setup = hook "setup", lazy_teardown = hook "teardown",
    strict_setup = hook "setup", strict_teardown = hook "teardown",
    pending = pending, finally = finally,
} do
    _G[name] = value
end

-- ---- running ----

local function path_of(block)
    local path = {}
    while block do
        table.insert(path, 1, block)
        block = block.parent
    end
    return path
end

-- setup stands for a whole block, while each test has a cluster of its own: it must not fill one.
local function once(block, kind)
    native.outside(kind)
    for _, fn in ipairs(block[kind]) do
        fn()
    end
    native.outside(nil)
end

local function open_blocks(path)
    for _, block in ipairs(path) do
        if not block.opened then
            block.opened = true
            once(block, "setup")
        end
    end
end

-- Those whose last test this is.
local function close_blocks(path)
    for i = #path, 1, -1 do
        local block = path[i]
        block.left = block.left - 1
        if block.left == 0 and block.opened then
            once(block, "teardown")
        end
    end
end

local function body(test, path)
    open_blocks(path)
    for _, block in ipairs(path) do
        for _, fn in ipairs(block.before_each) do
            fn()
        end
    end
    test.fn()
end

local function clean_up(test, path)
    for i = #test.finally, 1, -1 do
        test.finally[i]()
    end
    for i = #path, 1, -1 do
        for _, fn in ipairs(path[i].after_each) do
            fn()
        end
    end
end

local LOG_MOST <const> = 20 -- lines of the log, the last ones

-- What the log has of the policies' runs, their own lines (log.info) too, below the message of a test that has failed.
local function logged(message)
    local there, records = pcall(native.records)
    local lines = {}
    for _, r in ipairs(there and not message:find("\nthe log:\n", 1, true) and records or {}) do
        if r.type == "log" and r.fields.policy and r.level ~= "debug" then
            local fields = {}
            for name, value in pairs(r.fields) do
                fields[#fields + 1] = name ~= "policy" and name ~= "diff" and name .. "=" .. value or nil
            end
            table.sort(fields)
            table.insert(fields, 1, ("  %s %s %s: %s"):format(time.rfc3339(r.at), r.level, r.fields.policy, r.message))
            lines[#lines + 1] = table.concat(fields, " ")
        end
    end
    local first = math.max(#lines - LOG_MOST + 1, 1)
    return #lines > 0 and "\nthe log:" .. (first > 1 and " (" .. first - 1 .. " lines before)" or "") .. "\n"
        .. table.concat(lines, "\n", first) or ""
end

-- Returns "success", "failure", "error" or "pending", and the message.
local function run(index)
    local test <const> = tests[index]
    local path <const> = path_of(test.block)
    local snapshot <const> = assert:snapshot()
    test.finally = {}
    running = test
    local status, message = "success", nil
    if not test.fn then
        status, message = "pending", test.reason or "not written yet"
    else
        local ok, err = xpcall(body, native.explain, test, path)
        if not ok and test.pending then
            status, message = "pending", test.pending
        elseif not ok then
            status = native.is_assertion(err) and "failure" or "error"
            message = tostring(err)
            message = message .. logged(message)
        end
        local cleaned, why = xpcall(clean_up, native.explain, test, path)
        if not cleaned and status == "success" then
            status, message = "error", why
        end
    end
    local closed, why = xpcall(close_blocks, native.explain, path)
    if not closed and status == "success" then
        status, message = "error", why
    end
    snapshot:revert()
    running = nil
    return status, tostring(message or "")
end

-- What stands for a run that the program ended, in the middle of anything.
local function abandoned()
    running = nil
    native.outside(nil)
end

-- The tests to run, by number: the others of a block do not count for its teardown.
local function choose(numbers)
    for _, test in ipairs(tests) do
        for _, block in ipairs(path_of(test.block)) do
            block.left = 0
        end
    end
    for _, n in ipairs(numbers) do
        for _, block in ipairs(path_of(tests[n].block)) do
            block.left = block.left + 1
        end
    end
end

return { tests = tests, run = run, choose = choose, abandoned = abandoned }

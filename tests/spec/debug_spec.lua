-- SPDX-License-Identifier: Apache-2.0
-- mpijobd test --debug: whole sessions of an editor's debugger with the real program, over a socket and over standard input and output.
local support = require "support"
local dap = require "support.dap"

local POLICY = [[
local freed = 0
local function wish(job)
    local wanted = { cleanPodPolicy = "All" }
    if job.gpus > 2 then
        wanted.labels = { big = "yes" }
    end
    freed = freed + 1
    return wanted
end

policy {
    name = "free",
    on = "match",
    match = { phase = "Succeeded", finished_for = "2h" },
    replace = function(job)
        local changes = wish(job)
        return changes
    end,
}
]]

local SPEC = [[
describe("free", function()
    it("frees both", function()
        local small = cluster.job { name = "small", phase = "Succeeded", finished_for = "1h", gpus = 2 }
        local big = cluster.job { name = "big", phase = "Succeeded", finished_for = "1h", gpus = 8 }
        clock.advance "1h"
        assert.replaced(small, { cleanPodPolicy = "All" })
        assert.replaced(big, { labels = { big = "yes" } })
    end)
end)
]]

describe("mpijobd test --debug", function()
    local folder, policy, spec
    before_each(function()
        folder = support.uv.fs_realpath(support.folder())
        policy = support.write(folder .. "/free.lua", POLICY)
        spec = support.write(folder .. "/free_spec.lua", SPEC)
    end)
    after_each(support.cleanup)

    local function names(frames)
        local list = {}
        for _, frame in ipairs(frames) do
            if frame.source.path then
                list[#list + 1] = ("%s@%d"):format(frame.name, frame.line)
            end
        end
        return table.concat(list, " ")
    end

    for _, way in ipairs { "socket", "stdio" } do
        it("stops in a policy and in its spec, shows calls and variables, steps, and goes on: " .. way, function()
            local c = dap[way](folder)
            local can = c:start({}, { [policy] = { 5 }, [spec] = { 5 } })
            assert.is_true(can.supportsConditionalBreakpoints)
            assert.is_true(c.set[policy][1].verified)

            c:stopped "breakpoint"
            assert.are.equal("free_spec.lua", c.frames[1].source.name)
            assert.are.equal(5, c.frames[1].line)
            local values = c:children(c:scope "Locals")
            assert.are.equal('"default/small"', values.small)
            assert.are.equal('"default/big"', values.big)
            local now = c:evaluate "clock.now()"

            c:go()
            local event = c:stopped "breakpoint"
            assert.are.same({ c.set[policy][1].id }, event.hitBreakpointIds)
            assert.are.equal("wish@5 the function at line 15@16", names(c.frames))
            assert.are.equal(policy, c.frames[1].source.path)
            local list
            values, list = c:children(c:scope "Locals")
            assert.are.equal("job default/big", values.job)
            assert.are.equal('{ cleanPodPolicy = "All" }', values.wanted)
            for _, variable in ipairs(list) do
                if variable.name == "job" then
                    assert.are.equal("8", c:children(variable.variablesReference).gpus)
                elseif variable.name == "wanted" then
                    assert.are.equal('"All"', c:children(variable.variablesReference).cleanPodPolicy)
                end
            end
            assert.are.equal("number", ({ c:children(c:scope "Upvalues") })[2][1].type)

            -- The test waits in clock.advance, and its clock stands still.
            local threads = c:ask("threads").threads
            assert.are.equal(2, #threads)
            for _, thread in ipairs(threads) do
                if thread.name == "free_spec.lua" then
                    assert.is_true(names(c:ask("stackTrace", { threadId = thread.id }).stackFrames):find("@5", 1, true) ~= nil)
                end
            end
            assert.are.equal(tostring(now + 3600), (c:evaluate("time.now()"):gsub("%.0$", "")))

            c:go "next"
            c:stopped "step"
            assert.are.equal(7, c.frames[1].line)
            c:go "stepOut"
            c:stopped "step"
            assert.are.equal(17, c.frames[1].line)
            c:go()
            assert.are.equal(0, c:finish())
        end)
    end

    -- The text as the spec, with breakpoints in it, on its way.
    local function session(text, breakpoints, filters, arguments, way)
        support.write(spec, text)
        local c = dap[way or "socket"](folder)
        c:start(arguments or { paths = { "free_spec.lua" } }, breakpoints and { [spec] = breakpoints }, filters)
        return c
    end

    it("moves a breakpoint to a line with code, and heeds conditions, hit counts and log points", function()
        local c = session([[
it("counts", function()
    local sum = 0
    for i = 1, 20 do
        -- a comment
        sum = sum + i
        sum = sum + 0
    end
    assert.are.equal(210, sum)
end)
]], {
            { line = 4, condition = "i == 3" },
            { line = 6, hitCondition = "% 10" },
            { line = 8, logMessage = "the sum is {sum}, twice {sum * 2}, {nothing.here}" },
            { line = 10 },
            { line = 5, hitCondition = "x" },
        })
        local set = c.set[spec]
        assert.are.equal(5, set[1].line)
        assert.is_true(set[1].verified)
        assert.is_false(set[4].verified)
        support.contains(set[4].message, "no line from here")
        support.contains(set[5].message, "a hit condition is a number")
        c:stopped "breakpoint"
        assert.are.equal("3", c:evaluate "i")
        c:go()
        c:stopped "breakpoint"
        assert.are.equal("10", c:evaluate "i")
        c:go()
        c:stopped "breakpoint"
        assert.are.equal("20", c:evaluate "i")
        assert.are.equal(0, #c:breakpoints(folder .. "/none.lua", {}))
        support.contains(c:breakpoints(folder .. "/none.lua", { 1 })[1].message, "there is no such file")
        c:go()
        c:event "exited"
        support.contains(c:output "console", "the sum is 210, twice 420, {")
        c:close()
        assert.are.equal(0, (c.daemon:wait()))
    end)

    it("pauses a loop that does not end, sets its variables, and lets it go on", function()
        local c = session([[
local other = { 1, 2 }
it("loops", function()
    local done = false
    local n = 0
    while not done do
        n = n + 1
    end
    assert.are.equal(-1, n)
    assert.are.same({ 1, "two" }, other)
end)
]], { 4 })
        c:stopped "breakpoint"
        -- At once, as the loop has two seconds of CPU time.
        local sent = { c:send("continue", { threadId = c.thread }), c:send("evaluate", { expression = "1" }), c:send("pause", { threadId = 1 }) }
        assert.is_true(c:answer(sent[1]).success)
        support.contains(c:answer(sent[2]).message, "the tests are running; pause them first")
        assert.is_true(c:answer(sent[3]).success)
        c:stopped "pause"
        c:breakpoints(spec, {})
        local reference = c:scope "Locals"
        assert.are.equal("-1", c:ask("setVariable", { variablesReference = reference, name = "n", value = "-1" }).value)
        c:evaluate "done = true"
        assert.are.equal("true", c:children(reference).done)
        for _, variable in ipairs(c:ask("variables", { variablesReference = c:scope "Upvalues" }).variables) do
            if variable.name == "other" then
                c:ask("setVariable", { variablesReference = variable.variablesReference, name = "[2]", value = '"two"' })
            end
        end
        support.contains(c:refused("setVariable", { variablesReference = reference, name = "nobody", value = "1" }), "cannot be set")
        -- Where it was paused within the round, one is added.
        c:evaluate(("n = %d"):format(c.frames[1].line == 6 and -2 or -1))
        c:go()
        assert.are.equal(0, c:finish())
    end)

    it("stops at errors where they are raised: those that nobody catches, or all", function()
        support.write(policy, [[
policy {
    name = "free", on = "match", match = { phase = "Succeeded" },
    replace = function(job)
        pcall(function() error("caught") end)
        local none
        return none.field
    end,
}
]])
        local text = [[
it("finds it", function()
    cluster.job { name = "a", phase = "Succeeded" }
    assert.has_error(function() error("expected", 0) end)
    clock.advance "1s"
    assert.are.equal(1, 2)
end)
it("is not ready", function() pending "later" end)
]]
        local c = session(text, nil, { "uncaught" })
        local event = c:stopped "exception"
        support.contains(event.text, "free.lua:6: attempt to index a nil value (local 'none')")
        assert.are.equal(6, c.frames[1].line)
        assert.are.equal("nil", c:children(c:scope "Locals").none)
        c:go()
        c:stopped "exception"
        support.contains(names(c.frames), "@5")
        c:go()
        assert.are.equal(1, c:finish())

        c = session(text, nil, { "raised" })
        c:stopped "exception"
        support.contains(names(c.frames), "@3")
        c:go()
        support.contains(c:stopped("exception").text, "free.lua:4: caught")
        c:go()
        support.contains(c:stopped("exception").text, "free.lua:6:")
        c:ask("setExceptionBreakpoints", { filters = support.json.empty_array or {} })
        c:go()
        assert.are.equal(1, c:finish())
    end)

    it("gives an expression a budget of its own, and counts neither it nor the time to the policy", function()
        support.write(policy, (POLICY:gsub('name = "free",', '%0 limits = { timeout = "2s" },')))
        local c = dap.socket(folder)
        c:start({}, { [policy] = { 3 } })
        c:stopped "breakpoint"
        support.contains(c:refused("evaluate", { expression = "(function() while true do end end)()" }), "the CPU limit of 1s is used up")
        support.contains(c:refused("evaluate", { expression = "pcall(function() while true do pcall(error) end end)",
            frameId = c.frames[1].id }), "the CPU limit of 1s")
        support.contains(c:refused("evaluate", { expression = "string.rep('x', 1e9)" }), "string")
        support.contains(c:refused("evaluate", { expression = "1 +" }), "unexpected symbol")
        support.contains(c:refused("evaluate", { expression = "x = 1", context = "watch" }), "<eof> expected")
        support.contains(c:refused("evaluate", { expression = "sleep(1)" }), "sleep works while a policy runs")
        support.contains(c:refused("evaluate", { expression = "job.nam" }), 'did you mean "name"')
        assert.are.equal('1, "a", nil', c:evaluate '1, "a", nil')
        for _, name in ipairs { "coroutine.wrap(error)()", "run.id", "mpijob.replace(job, { cleanPodPolicy = 'All' })", "policy {}", "mpijob.get('a')",
            "select('#', table.unpack({}, 1, 1e8))", "load('return ' .. ('('):rep(300))()", "require 'none'", "http.get('http://x')" } do
            c:answer(c:send("evaluate", { expression = name, frameId = c.frames[1].id }))
        end
        c:breakpoints(policy, {})
        c:go()
        assert.are.equal(0, c:finish())
    end)

    it("looks into values without calling anything, in pieces, and shows no secret", function()
        local c = session([[
it("has values", function(...)
    local called = 0
    local trap = setmetatable({ x = 1, ["a b"] = { deep = true } }, {
        __index = function() called = called + 1 end, __pairs = function() called = called + 1 end,
        __tostring = function() called = called + 1 return "no" end, __len = function() called = called + 1 return 1 end,
        __name = "hidden",
    })
    local list = {}
    for i = 1, 2500 do list[i] = i end
    local token = secret "token"
    local x = 1
    do
        local x = "inner\n\0"
        local f = coroutine.wrap(function(a, ...)
            local inside = select("#", ...)
            return inside
        end)
        f(1, 2, nil)
    end
    assert.are.equal(0, called)
end)
]], { 16 })
        c:stopped "breakpoint"
        support.contains(names(c.frames), "@16 ")
        local values = c:children(c:scope "Locals")
        assert.are.equal("2", values.inside)
        assert.are.equal("2", values["...[1]"])
        assert.are.equal("nil", values["...[2]"])
        local outer
        for _, frame in ipairs(c.frames) do
            outer = frame.source.path and frame or outer
        end
        local list
        values, list = c:children(c:scope("Locals", outer))
        assert.are.equal([["inner\n\000"]], values.x)
        assert.are.equal("secret", values.token)
        for _, variable in ipairs(list) do
            if variable.name == "trap" then
                local inside = c:children(variable.variablesReference)
                assert.are.same({ x = "1", ['["a b"]'] = "{ deep = true }" }, inside)
            elseif variable.name == "list" then
                assert.are.equal(2500, variable.indexedVariables)
                local piece, rows = c:children(variable.variablesReference, { filter = "indexed", start = 2400, count = 50 })
                assert.are.equal(50, #rows)
                assert.are.equal("2401", piece["[2401]"])
                assert.are.equal(1000, #c:ask("variables", { variablesReference = variable.variablesReference }).variables)
            end
        end
        support.contains(c:refused("variables", { variablesReference = 4711 }), "no such variablesReference")
        c:breakpoints(spec, {})
        c:go()
        assert.are.equal(0, c:finish())
    end)

    it("steps over deep calls and coroutines, and shows what is logged", function()
        local c = session([[
local function deep(n) return n > 0 and 1 + deep(n - 1) or 0 end
local function two() coroutine.yield(1)
    return 2
end
it("steps", function()
    local sum = deep(20000)
    local f = coroutine.wrap(two)
    sum = f() + sum
    sum = f() + sum
    log.info("the sum", { sum = sum })
    assert.are.equal(20003, sum)
end)
]], { 3, 6 })
        c:stopped "breakpoint"
        for _, line in ipairs { 7, 8, 9, 3 } do
            c:go "next"
            c:stopped(line == 3 and "breakpoint" or "step")
            assert.are.equal(line, c.frames[1].line)
        end
        c:go "stepOut"
        c:stopped "step"
        assert.are.equal(10, c.frames[1].line)
        assert.are.equal("20003", c:evaluate "sum")
        c:evaluate 'log.warn("from the console", { sum = sum })'
        c:go()
        c:event "exited"
        support.contains(c:output "console", "the sum")
        support.contains(c:output "console", "sum=20003")
        support.contains(c:output "console", "from the console")
        c:close()
        assert.are.equal(0, (c.daemon:wait()))
    end)

    it("shows the program's own Lua between the calls", function()
        local c = dap.stdio(folder)
        c:start({}, { [policy] = { 3 } })
        c:stopped "breakpoint"
        local own
        for _, frame in ipairs(c.frames) do
            own = frame.source.name == "sweep" and frame.source or own
        end
        support.contains(c:ask("source", { sourceReference = own.sourceReference }).content, "native.protect(replace, job)")
        support.contains(c:refused("source", { sourceReference = 99 }), "there is no text")
        c:ask("terminate")
        assert.are.equal(1, c:finish())
        assert.are.equal("", c.text)
    end)

    it("steps into the policy from the test, and back to it at the policy's end", function()
        local c = dap.socket(folder)
        c:start({ stopOnEntry = true, run = "frees" })
        c:stopped "entry"
        assert.are.equal(1, c.frames[1].line)
        c:breakpoints(spec, { 5 })
        c:go()
        c:stopped "breakpoint"
        c:breakpoints(spec, {})
        local places = {}
        repeat
            c:go(#places < 30 and "stepIn" or "continue")
            c:stopped "step"
            places[#places + 1] = ("%s:%d"):format(c.frames[1].source.name, c.frames[1].line)
        until places[#places] == "free.lua:3"
        assert.are.equal("free.lua:1", places[1])
        c:go "stepOut"
        c:stopped "step"
        assert.are.equal(17, c.frames[1].line)
        c:go "next" -- the other job's turn
        c:stopped "step"
        assert.are.equal(16, c.frames[1].line)
        c:go "next"
        c:stopped "step"
        c:go "next" -- the run is over
        c:stopped "step"
        assert.are.equal("free_spec.lua", c.frames[1].source.name)
        assert.are.equal(6, c.frames[1].line)
        c:go()
        assert.are.equal(0, c:finish())
    end)

    it("answers what it cannot understand, and ends where it cannot even be read", function()
        local c = dap.socket(folder)
        support.contains(c:refused("threads"), "the first request is initialize")
        c:ask("initialize", {})
        support.contains(c:refused("initialize"), "initialized already")
        support.contains(c:refused("dance"), '"dance" is no request')
        support.contains(c:refused("stackTrace", { threadId = 1 }), "the tests are running")
        for _, body in ipairs { "{", "[1]", "null", '"x"', '{"type":"event","seq":7}', '{"seq":{},"type":"request","command":5}', "" } do
            c.write(("Content-Length: %d\r\n\r\n%s"):format(#body, body))
            assert.is_false(c:await("an answer", function()
                return table.remove(c.answers, 1)
            end).success)
        end
        c:close()
        assert.are.equal(1, (c.daemon:wait()))
        for _, text in ipairs {
            "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "Content-Length: 99999999999\r\n\r\n", "Content-Length: 5000000\r\n\r\n",
            "Content-Length: -1\r\n\r\n", "Content-Type: x\r\n\r\n", "C" .. ("x"):rep(2000), "\0\0\0\0",
        } do
            c = dap.socket(folder)
            c.write(text)
            c:event "terminated"
            support.contains(c:output "stderr", "the session ends")
            assert.are.equal(1, (c.daemon:wait()))
            c:close()
        end
    end)

    it("ends with the client, whether it is stopped or runs", function()
        local loop = [[it("loops", function() while true do end end) it("is not run", function() error "no" end)]]
        for _, way in ipairs { "socket", "stdio" } do
            local c = session(SPEC, { 5 }, nil, nil, way)
            c:stopped "breakpoint"
            c:close()
            local code, out = c.daemon:wait()
            assert.are.equal(1, code, out)
            c = session(loop, { 1 }, nil, nil, way)
            c:stopped "breakpoint"
            c:go()
            c:close()
            assert.are.equal(1, (c.daemon:wait()))
        end
        -- Amid log points that take all the time that they are given.
        support.write(spec, SPEC)
        support.write(policy, (POLICY:gsub("freed = freed %+ 1", "for i = 1, 100 do\n        freed = i\n    end")))
        local slow = dap.socket(folder)
        slow:start({}, { [policy] = { { line = 8, logMessage = "{(function() while true do end end)()}" } } })
        support.proc.await(function()
            return slow:output("console"):find("the CPU limit of 1s", 1, true)
        end)
        slow:close()
        assert.are.equal(1, (slow.daemon:wait()))
        -- In a policy, for which the test waits; another test would come.
        support.write(policy, POLICY)
        support.write(spec, SPEC .. 'it("is not run", function() error "no" end)')
        for _, command in ipairs { "terminate", "disconnect" } do
            local c = dap.socket(folder)
            c:start({}, { [policy] = { 3 } })
            c:stopped "breakpoint"
            c:ask(command)
            if command == "terminate" then
                assert.are.equal(1, c:finish())
            end
            local code, out = c.daemon:wait()
            assert.are.equal(1, code)
            support.contains(out, "0 successes / 0 failures / 1 error")
            c:close()
        end
    end)

    it("leaves tests alone that a client has only come to", function()
        support.write(spec, SPEC)
        local c = dap.socket(folder)
        c:ask("initialize", {})
        c:ask("attach", {})
        c:breakpoints(spec, { 5 })
        c:ask("configurationDone")
        c:stopped "breakpoint"
        local late
        support.uv.new_tcp():connect("127.0.0.1", c.port, function(err)
            late = err or "let in"
        end)
        support.proc.await(function()
            return late
        end)
        assert.is_truthy(late == "ECONNREFUSED" or late == "let in") -- another program may have the port by now
        c:ask("disconnect")
        c:close()
        local code, out = c.daemon:wait()
        assert.are.equal(0, code)
        support.contains(out, "1 success / 0 failures")
    end)

    it("says what is wrong with its address, and with what does not go with it", function()
        for _, address in ipairs { "x", "127.0.0.1:", "1.2.3:1", "example.com:1", "70000", ":", "127.0.0.1:99999999999999999999" } do
            local code, _, err = support.mpijobd("test", "--debug=" .. address, folder)
            assert.are.equal(2, code)
            support.contains(err, "--debug takes PORT or HOST:PORT")
        end
        local code, _, err = support.mpijobd("test", "--debug=0", "--coverage", folder)
        assert.are.equal(2, code)
        support.contains(err, "--debug goes without")
        local c = dap.socket(folder)
        c:start { cwd = folder .. "/none" }
        assert.are.equal(1, c:finish())
        c = dap.socket(folder)
        c:start { run = "(" }
        assert.are.equal(1, c:finish())
    end)
end)

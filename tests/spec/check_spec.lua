-- SPDX-License-Identifier: Apache-2.0
-- mpijobd check: globals that do not exist.
local support = require "support"
local script = require "support.script"

describe("globals that do not exist", function()
    local folder, write
    local POLICY = "policy { name = 'p', every = '1h', run = function() %s end }\n"

    before_each(function()
        folder, write = script.folder()
    end)
    teardown(support.cleanup)

    it("are named by check, all of them in the file's order, in required files too", function()
        write("lib/teams.lua", "local t = {}\nfunction t.of() return teems end\nshared = 1\nreturn t")
        write("p.lua", "local teams = require 'lib.teams'\nlocal function never()\n  polcy { name = 'x' }\n  return os.time()\nend\n"
            .. "count = 0\n" .. POLICY:format("count = count + shared; later = later or 1; return io.open, nothing") .. "xyzzy = xyzzy\n")
        local code, out, err = support.mpijobd("check", folder)
        assert.are.equal(1, code)
        assert.are.equal("", out)
        support.contains(err, 'p.lua:3: there is no global "polcy"; did you mean "policy"?')
        support.contains(err, 'p.lua:4: there is no global "os"; policies have the module time')
        support.contains(err, 'p.lua:7: there is no global "io"; policies reach no files')
        support.contains(err, 'p.lua:7: there is no global "nothing"; a text stands in quotes, a module comes by require')
        support.contains(err, 'lib/teams.lua:2: there is no global "teems"')
        local _, n = err:gsub("there is no global", "")
        assert.are.equal(5, n)
        assert.is_true(err:find("polcy", 1, true) < err:find('"os"', 1, true))
    end)

    it("are not seen where the file makes them, or may", function()
        write("p.lua", "local _G = _G\n_G.made = 1\nrawset(_G, 'also', 2)\nload 'third = 3' ()\n" .. POLICY:format("local t = os and os.time() if io == nil then return end return made, also, third, NAME or 1"))
        local code, _, err = support.mpijobd("check", folder)
        assert.are.equal("", err)
        assert.are.equal(0, code)
        write("p.lua", "setmetatable(_ENV, { __index = function() return 1 end })\n" .. POLICY:format("return anything"))
        code, _, err = support.mpijobd("check", folder)
        assert.are.equal("", err)
        assert.are.equal(0, code)
    end)

    it("are named with their module, where it is read for its members alone", function()
        local function of(text)
            write("p.lua", POLICY:format(text))
            local code, _, err = support.mpijobd("check", folder .. "/p.lua")
            assert.are.equal(err == "" and 0 or 1, code)
            return err
        end
        support.contains(of("for job in mpijob.lsit {} do log.inf(job.name) end"), 'p.lua:1: mpijob has no "lsit"; did you mean "list"?')
        support.contains(of("for job in mpijob.lsit {} do log.inf(job.name) end"), 'p.lua:1: log has no "inf"; did you mean "info"?')
        support.contains(of("return string.formt('x'), tfjob.replac()"), 'string has no "formt"; did you mean "format"?')
        for _, good in ipairs {
            "if mpijob.soon then mpijob.soon() end", "return mpijob.soon and mpijob.soon()", "mpijob.soon = print; mpijob.soon()", "local m = mpijob; m.soon = print; return mpijob.soon",
            "teams = {}; return teams.vision", "rawset(_G, 'log', {}); return log.any", "log = { any = 1 }; return log.other", "setmetatable(log, { __index = time }); return log.now()",
            "return json.null, time.now(), run.policy, math.pi, nil == store.more",
        } do
            assert.are.equal("", of(good), good)
        end
    end)

    it("are a warning elsewhere", function()
        write("p.lua", POLICY:format("return polcy"))
        local code, out, err = support.mpijobd("next", folder, "-o", "name")
        assert.are.equal(0, code, err)
        assert.are.equal("p\n", out)
        support.contains(err, 'p.lua:1: there is no global "polcy"; did you mean "policy"?')
    end)
end)

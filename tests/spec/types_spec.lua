-- SPDX-License-Identifier: Apache-2.0
-- mpijobd types: the annotations, where an editor finds them.
local support = require "support"
local json = support.json
local uv = support.uv

describe("types", function()
    local folder
    before_each(function()
        folder = support.folder()
    end)
    teardown(support.cleanup)

    local function install(...)
        return support.mpijobd_with({ cwd = folder }, "types", "--install", ...)
    end

    it("are written for the editor, with settings that name them", function()
        local code, out, err = install()
        assert.are.equal("", err)
        assert.are.equal(0, code)
        support.contains(out, ".luarc.json")
        for _, place in ipairs { "", "test/" } do
            for name in io.popen("ls " .. support.source .. "/lua/types/" .. place):lines() do
                if name:find("%.lua$") then
                    assert.are.equal(support.read(support.source .. "/lua/types/" .. place .. name), support.read(folder .. "/.mpijobd/types/" .. name))
                end
            end
        end
        local settings = json.decode(support.read(folder .. "/.luarc.json"))
        assert.are.same({ ".mpijobd/types" }, settings["workspace.library"])
        assert.are.equal("Lua 5.4", settings["runtime.version"])
        -- Again: nothing changes, and what is older is written again.
        local before = support.read(folder .. "/.luarc.json")
        support.write(folder .. "/.mpijobd/types/log.lua", "old")
        assert.are.equal(0, (install()))
        assert.are.equal(before, support.read(folder .. "/.luarc.json"))
        assert.are.equal(support.read(support.source .. "/lua/types/log.lua"), support.read(folder .. "/.mpijobd/types/log.lua"))
        -- They are no policies and no specs.
        code, out, err = support.mpijobd("check", folder)
        assert.are.equal("", out)
        assert.are.equal(1, code)
        support.contains(err, "there is no policy in this folder")
    end)

    it("keep the settings that are there", function()
        for before, after in pairs {
            ['{\n  "a": [1],\n  "workspace.library": ["x"]\n}\n'] = '{\n  "a": [1],\n  "workspace.library": ["x", ".mpijobd/types"],\n  "runtime.version": "Lua 5.4"\n}\n',
            ['{"workspace":{"library":["x"]},"runtime":{"version":"Lua 5.4"}}'] = '{"workspace":{"library":["x",".mpijobd/types"]},"runtime":{"version":"Lua 5.4"}}',
            ["{}"] = '{"workspace.library":[".mpijobd/types"],"runtime.version":"Lua 5.4"}',
        } do
            support.write(folder .. "/.luarc.json", before)
            local code, _, err = install()
            assert.are.equal(0, code, err)
            assert.are.equal(after, support.read(folder .. "/.luarc.json"))
        end
        for _, bad in ipairs { "{ // a comment\n}", "[]", '{"workspace.library": "x"}' } do
            support.write(folder .. "/.luarc.json", bad)
            local code, _, err = install()
            assert.are.equal(1, code)
            support.contains(err, "workspace.library")
            assert.are.equal(bad, support.read(folder .. "/.luarc.json"))
        end
    end)

    it("go to the folder that is named, or to standard output", function()
        uv.fs_mkdir(folder .. "/policies", 448)
        assert.are.equal(0, (install("policies")))
        assert.is_truthy(uv.fs_stat(folder .. "/policies/.luarc.json"))
        assert.is_nil(uv.fs_stat(folder .. "/.luarc.json"))
        local code, out = support.mpijobd("types")
        assert.are.equal(0, code)
        support.contains(out, "function mpijob.replace(target, changes, options) end")
        local err
        code, out, err = install("nowhere")
        assert.are.equal("", out)
        assert.are.equal(1, code)
        support.contains(err, "nowhere: there is no such folder; make it first")
        assert.are.equal(2, (support.mpijobd("types", "policies")))
    end)
end)

-- SPDX-License-Identifier: Apache-2.0
-- scripts/release: the same commit gives the same bytes, the sums fit, the list of what is in it is as SPDX has it.
local support = require "support"

describe("a release", function()
    local folder, first
    -- It is about sources and packages: once is enough, in the build that most tests use; and a tarball is no clone.
    local left_out = not support.uv.fs_stat(support.source .. "/.git") and "the sources are no clone" or
        os.getenv("MPIJOBD_BUILD"):find("asan", 1, true) and "the program is not as it is released"

    local function release(to, ...)
        return support.proc.run(support.source .. "/scripts/release", { args = { "--out", to, ... }, seconds = 120 })
    end

    local function run(...)
        return support.proc.run("/usr/bin/env", { args = { ... }, cwd = first, seconds = 60 })
    end

    lazy_setup(function()
        folder = support.folder()
        first = folder .. "/first"
        if not left_out then
            local code, out, err = release(first, "--binary", support.binary)
            assert.are.equal(0, code, out .. err)
        end
    end)
    lazy_teardown(support.cleanup)

    local function names()
        local found = {}
        for name in support.uv.fs_scandir_next, support.uv.fs_scandir(first) do
            found[name:match "tar.gz$" or name:match "spdx.json$" or name] = name
        end
        return found
    end

    it("made twice is the same to the byte, and its sums fit", function()
        if left_out then
            pending(left_out)
            return
        end
        local code, out, err = release(folder .. "/second", "--binary", support.binary)
        assert.are.equal(0, code, out .. err)
        for _, name in pairs(names()) do
            assert.is_true(support.read(first .. "/" .. name) == support.read(folder .. "/second/" .. name), name)
        end
        code, out, err = run("sha256sum", "-c", "SHA256SUMS")
        assert.are.equal(0, code, out .. err)
        assert.are.equal(2, support.count(out, ": OK"))
    end)

    it("has every file of the commit, and nothing else", function()
        if left_out then
            pending(left_out)
            return
        end
        local code, listed, err = run("tar", "-tzf", names()["tar.gz"])
        assert.are.equal(0, code, err)
        local files
        code, files, err = run("git", "-c", "safe.directory=" .. support.source, "-C", support.source, "ls-tree", "-r", "--name-only", "-z", "HEAD")
        assert.are.equal(0, code, err)
        local prefix = names()["tar.gz"]:match "^(.*)%.tar%.gz$" .. "/"
        local there, count = {}, 0
        for line in listed:gmatch "[^\n]+" do
            there[line] = true
            count = count + (line:find "/$" and 0 or 1)
        end
        for name in files:gmatch "[^%z]+" do
            assert.is_true(there[prefix .. name], name)
            count = count - 1
        end
        assert.are.equal(0, count)
    end)

    it("tells what it is linked with, as SPDX 2.3 has it", function()
        if left_out then
            pending(left_out)
            return
        end
        local code, out, err = run("python3", support.source .. "/tests/spec/support/spdx.py", names()["spdx.json"])
        assert.are.equal(0, code, err)
        assert.are.equal("\n", out)
        local document, of, how = support.json.decode(support.read(first .. "/" .. names()["spdx.json"])), {}, {}
        for _, package in ipairs(document.packages) do
            of[package.SPDXID] = package
        end
        for _, relationship in ipairs(document.relationships) do
            how[of[relationship.relatedSpdxElement] and of[relationship.relatedSpdxElement].name or ""] = relationship.relationshipType
        end
        local direct = 0
        for name, kind in pairs(how) do
            direct = direct + (kind == "DYNAMIC_LINK" and name:find "^lib" and 1 or 0)
        end
        assert.is_true(direct >= 10, direct)
        assert.are.same({ "CONTAINS", "CONTAINS", "STATIC_LINK" }, { how.uplot, how["lua-luassert"], how["uthash-dev"] })
        local sqlite
        code, sqlite, err = run("dpkg-query", "-W", "-f", "${Version}", "libsqlite3-0")
        assert.are.equal(0, code, err)
        assert.are.equal(sqlite, of["SPDXRef-Package-libsqlite3-0"].versionInfo)
        support.contains(support.read(first .. "/SHA256SUMS"), of["SPDXRef-Package-mpijobd"].checksums[1].checksumValue)
    end)

    it("says what it lacks", function()
        if left_out then
            pending(left_out)
            return
        end
        local code, _, err = release(folder .. "/third", "--binary", folder .. "/none")
        assert.are.equal(1, code)
        support.contains(err, "/none is not there: cmake --preset release && cmake --build build/release, or name another with --binary")
        assert.is_nil(support.uv.fs_stat(folder .. "/third"))
    end)

    it("is signed and verified as the howto says, and a changed byte is found", function()
        if left_out or support.proc.run("/usr/bin/env", { args = { "sh", "-c", "command -v minisign" } }) ~= 0 then
            pending(left_out or "minisign is missing")
            return
        end
        local page = support.read(support.source .. "/docs/howto/release.md")
        local key = support.proc.run("/usr/bin/env", { args = { "minisign", "-G", "-W", "-p", folder .. "/mpijobd.pub", "-s", folder .. "/mpijobd.key" } })
        assert.are.equal(0, key)
        local sign, verify = page:match "\n +(minisign %-S[^\n]*)\n", page:match "\n +(minisign %-V[^\n]*)\n"
        local function shell(command)
            command = command:gsub("~/.minisign/mpijobd.key", folder .. "/mpijobd.key"):gsub("mpijobd%.pub", folder .. "/mpijobd.pub")
            return run("sh", "-c", command)
        end
        local code, out, err = shell(sign)
        assert.are.equal(0, code, out .. err)
        code, out, err = shell(verify)
        assert.are.equal(0, code, out .. err)
        support.contains(out, names()["tar.gz"] .. ": OK")
        for _, name in ipairs { names()["tar.gz"], "SHA256SUMS" } do
            local was = support.read(first .. "/" .. name)
            support.write(first .. "/" .. name, was:sub(1, 40) .. string.char(was:byte(41) ~ 1) .. was:sub(42))
            code, out, err = shell(verify)
            assert.are_not.equal(0, code, out .. err)
            support.write(first .. "/" .. name, was)
        end
    end)
end)

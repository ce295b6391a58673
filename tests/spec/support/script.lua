-- SPDX-License-Identifier: Apache-2.0
-- Specs whose assertions run within a policy: its text, one run of it, and its end. And a folder of policy files.
local support = require "support"

local script = {}

-- What the body of such a policy asserts by.
script.PRELUDE = [==[
local function eq(got, want, what)
    if got ~= want then error(("%s: %s, and not %s"):format(what or "", tostring(got), tostring(want)), 2) end
end
local function has(text, part)
    if not tostring(text):find(part, 1, true) then error(("%q is not in %q"):format(part, tostring(text)), 2) end
end
local function raises(part, f, ...)
    local ok, err = pcall(f, ...)
    if ok then error("raised nothing; wanted " .. part, 2) end
    has(err, part)
end
local function fails(reason, part, value, err)
    if value ~= nil then error(("%s: it did not fail; wanted %s"):format(tostring(value), part), 2) end
    if err.reason ~= reason then error(tostring(err), 2) end
    has(err.message, part)
end
]==]

-- No proxy of the machine's.
script.ENV = { http_proxy = false, https_proxy = false, HTTP_PROXY = false, HTTPS_PROXY = false }

-- The text of a policy whose run has this body. more: further keys.
function script.policy(name, body, more)
    return ("policy { name = '%s', every = '1h', %s run = function(run)\n%s\nend }\n"):format(name, more or "", body)
end

-- FOLDER/p.lua: the prelude, and this text behind it.
function script.write(folder, text)
    return support.write(folder .. "/p.lua", script.PRELUDE .. text)
end

-- FOLDER/p.lua once, with FOLDER/mpijobd.yaml where there is one: code, stdout, stderr. env: more than script.ENV.
function script.once(server, folder, env, ...)
    local given, args = {}, { "run", "--once", "--kubeconfig", server.kubeconfig }
    for _, source in ipairs { script.ENV, env or {} } do
        for name, value in pairs(source) do
            given[name] = value
        end
    end
    if support.uv.fs_stat(folder .. "/mpijobd.yaml") then
        args[#args + 1] = "--config"
        args[#args + 1] = folder .. "/mpijobd.yaml"
    end
    for _, arg in ipairs { folder .. "/p.lua", ... } do
        args[#args + 1] = arg
    end
    return support.mpijobd_with({ env = given }, table.unpack(args))
end

-- Of a run that has to succeed and to show none of these: standard error.
function script.good(secrets, code, out, err)
    if code ~= 0 then
        error(out .. err, 2)
    end
    for _, secret in ipairs(secrets) do
        support.lacks(out .. err, secret)
    end
    return err
end

-- A folder "policies" with a folder "lib", and a function that writes a file into it.
function script.folder()
    local folder = support.folder() .. "/policies"
    assert(support.uv.fs_mkdir(folder, 448))
    assert(support.uv.fs_mkdir(folder .. "/lib", 448))
    return folder, function(name, text)
        return support.write(folder .. "/" .. name, text)
    end
end

return script

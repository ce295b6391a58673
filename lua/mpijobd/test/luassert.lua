-- SPDX-License-Identifier: Apache-2.0
-- Loads luassert, busted's own assertions, into the sandbox: its files are in the program, and what they want of Lua
-- beyond the sandbox is given to them alone.
local native = ...

local loaded = {}
local private = setmetatable({}, { __index = _G })

private.debug = { getinfo = native.getinfo, getmetatable = native.getmetatable, setmetatable = setmetatable }
private.io = { type = function() return nil end }
private.os = { getenv = function() return nil end }
private.package = { config = "/\n" }

-- The sandbox has no weak tables; a test is short.
function private.setmetatable(t, mt)
    if mt and rawget(mt, "__mode") then
        mt.__mode = nil
    end
    return setmetatable(t, mt)
end

-- What luassert raises is a failed assertion; everything else is an error of the test.
function private.error(message, level)
    native.failure = message
    error(message, level and level > 0 and level + 1 or level)
end

-- A failed assertion again, told at another place than the line of Lua that raised it.
function native.fail_at(where, err)
    local failure = native.failure
    local message = type(failure) == "string" and type(err) == "string" and err:sub(-#failure) == failure and failure
    native.failure = message and where .. ": " .. message or nil
    error(message and native.failure or where .. ": " .. tostring(err), 0)
end

function native.is_assertion(err)
    local failure = native.failure
    native.failure = nil
    return type(failure) == "string" and type(err) == "string" and err:sub(-#failure) == failure
end

function private.require(name)
    if loaded[name] == nil then
        local chunk = native.module(name, private)
        if not chunk then
            error("there is no module " .. name, 2)
        end
        loaded[name] = chunk(name) or true
    end
    return loaded[name]
end

local luassert = private.require("luassert")
assert = luassert
spy = private.require("luassert.spy")
stub = private.require("luassert.stub")
mock = private.require("luassert.mock")
match = private.require("luassert.match")
native.say = private.require("say")
native.format = private.require("luassert.state").format_argument
-- Its own require is what specs have: the modules of policies, and luassert.
local outer = require
function require(name)
    if name == "luassert" or name == "say" or name:find("^luassert%.") then
        return private.require(name)
    end
    return outer(name)
end

-- SPDX-License-Identifier: Apache-2.0
-- What every spec stands on: the programs, a folder of its own, clusters.
local proc = require "support.proc"
local cjson = require "cjson"
local uv = require "luv"

local support = { proc = proc, json = cjson, uv = uv }
cjson.decode_array_with_array_mt = nil

local build = assert(os.getenv("MPIJOBD_BUILD"), "MPIJOBD_BUILD is not set: run the specs by ./scripts/test spec")
local source = assert(os.getenv("MPIJOBD_SOURCE"))
support.source = source
support.binary = build .. "/mpijobd"
support.simulator = build .. "/src/sim/mpijob-sim"
-- A prefix for the daemon: valgrind, say.
local wrapper = {}
for word in (os.getenv("MPIJOBD_SPEC_WRAPPER") or ""):gmatch("%S+") do
    wrapper[#wrapper + 1] = word
end

local made = {}

function support.folder()
    local path = assert(uv.fs_mkdtemp((os.getenv("TMPDIR") or "/tmp") .. "/mpijobd-spec-XXXXXX"))
    made[#made + 1] = path
    return path
end

function support.write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    return path
end

function support.read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("a")
    file:close()
    return text
end

local running = {}

-- Specs run side by side: a daemon whose spec does not say where it listens does not listen, instead of at the one address that is the default.
local function listens_nowhere(args)
    for i, arg in ipairs(args) do
        local about = args[i - 1] == "--config" and uv.fs_stat(arg) -- a pipe would hold the spec
        local text = about and about.type == "file" and support.read(arg) or ""
        if arg:find("^%-%-listen") or arg == "--once" or arg == "--help" or text:find("listen:", 1, true) then
            return
        end
    end
    table.insert(args, 2, "--listen")
    table.insert(args, 3, "none")
end

-- options: as proc.start's; watch: the daemon watches its policies' files; behind: a program and its first arguments, which starts mpijobd.
local function command(options, ...)
    local args = { ... }
    local path = support.binary
    if args[1] == "run" then
        listens_nowhere(args)
        if not (options and options.watch) then -- a spec says itself when the policies are loaded again
            table.insert(args, 2, "--no-watch")
        end
    end
    if #wrapper > 0 then
        if args[1] == "run" then -- it is the daemon that is to be wrapped, not its parent
            table.insert(args, 2, "--no-supervisor")
        end
        local all = { table.unpack(wrapper, 2) }
        all[#all + 1] = path
        for _, arg in ipairs(args) do
            all[#all + 1] = arg
        end
        path, args = wrapper[1], all
    end
    if options and options.behind then
        args = table.move(args, 1, #args, #options.behind + 1, { table.unpack(options.behind, 2) })
        args[#options.behind], path = path, options.behind[1]
    end
    local given = { args = args }
    for key, value in pairs(options or {}) do
        given[key] = value
    end
    given.env = given.env or {}
    given.env.KUBECONFIG = given.env.KUBECONFIG or false
    given.env.NO_COLOR = "1"
    return path, given
end

-- A daemon that goes on running; ended at the end of the spec whatever happens.
function support.daemon(options, ...)
    local path, given = command(options, ...)
    local started = proc.start(path, given)
    running[#running + 1] = started
    return started
end

-- A command that has waited a second for its server says so. On a busy machine that is true at any time, and it is not
-- what a spec of a command's words is about.
local function without_patience(code, out, err)
    return code, out, err and (err:gsub("[^\n]*the server does not answer yet; trying on[^\n]*\n", ""))
end

-- mpijobd to its end: code, stdout, stderr.
function support.mpijobd(...)
    local path, given = command(nil, ...)
    return without_patience(proc.run(path, given))
end

function support.mpijobd_with(options, ...)
    local path, given = command(options, ...)
    return without_patience(proc.run(path, given))
end

function support.keep(started)
    running[#running + 1] = started
    return started
end

function support.cleanup()
    for _, started in ipairs(running) do
        if not started.code then
            started:kill("sigkill")
            started:wait()
        end
    end
    running = {}
    for _, path in ipairs(made) do
        proc.run("/bin/rm", { args = { "-rf", path } })
    end
    made = {}
end

-- A statement on an SQLite file, as anybody who may write the file can make it: the first value of its first row, or "".
function support.sql(path, statement)
    local script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); r = c.execute(sys.argv[2]).fetchall(); " ..
        "c.commit(); print(r[0][0] if r else '')"
    local code, out, err = proc.run("/usr/bin/env", { args = { "python3", "-c", script, path, statement } })
    if code ~= 0 then
        error(err, 2)
    end
    return out:match "^[^\n]*"
end

-- Like assert.is_truthy(text:find(part)), but shows both.
function support.contains(text, part)
    if not text:find(part, 1, true) then
        error(("expected to find\n  %s\nin\n%s"):format(part, text), 2)
    end
end

function support.lacks(text, part)
    if text:find(part, 1, true) then
        error(("expected not to find\n  %s\nin\n%s"):format(part, text), 2)
    end
end

function support.count(text, part)
    local n, at = 0, 1
    while true do
        local from, to = text:find(part, at, true)
        if not from then
            return n
        end
        n, at = n + 1, to + 1
    end
end

return support

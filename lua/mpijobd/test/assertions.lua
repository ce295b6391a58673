-- SPDX-License-Identifier: Apache-2.0
-- What specs claim of jobs: assert.replaced, untouched, effect, refused, logged, ran. Each first lets everything happen
-- that is due.
local native = ...

-- job: "ns/name" of whatever kind, or "kind/ns/name"
local function of_job(kind, job)
    local out = {}
    local of, key = (job or ""):match "^([^/]+)/([^/]+/[^/]+)$"
    of, job = of and native.resource(of), key or job
    for _, record in ipairs(native.records()) do
        local meant = not of or not record.kind or native.resource(record.kind) == of
        if record.type == kind and (not job or record.job == job) and meant then
            out[#out + 1] = record
        end
    end
    return out
end

local function full(job)
    return job:find("/", 1, true) and job or "default/" .. job
end

local function unescape(part)
    return (part:gsub("~1", "/"):gsub("~0", "~"))
end

-- A diff as changes are written: { cleanPodPolicy = "All", labels = { team = "a" } }; json.null: removed.
local function as_changes(diff)
    local out = {}
    for _, d in ipairs(diff or {}) do
        local value = d.after
        if value == nil then
            value = json.null
        end
        local map, key = d.path:match("^/metadata/(%a+)/(.+)$")
        if map == "labels" or map == "annotations" then
            out[map] = out[map] or {}
            out[map][unescape(key)] = value
        elseif d.path == "/metadata/labels" or d.path == "/metadata/annotations" then
            out[d.path:match("%a+$")] = value
        elseif d.path:find("/schedulingPolicy/", 1, true) then
            out.schedulingPolicy = out.schedulingPolicy or {}
            out.schedulingPolicy[d.path:match("[^/]+$")] = value
        else
            out[d.path:match("[^/]+$")] = value
        end
    end
    return out
end

-- Of a change: what it made of the job, and of its child where the job itself has no such difference.
local function changes_of(record)
    local out = as_changes(record.diff)
    for key, value in pairs(as_changes(record.child or record.launcher)) do
        if out[key] == nil then
            out[key] = value
        end
    end
    return out
end

local function text_of(value)
    if value == json.null or value == remove then
        return "(removed)"
    elseif value == nil then
        return "(as it was)"
    elseif type(value) == "table" then
        local keys, parts = {}, {}
        for key in pairs(value) do
            keys[#keys + 1] = tostring(key)
        end
        table.sort(keys)
        for _, key in ipairs(keys) do
            parts[#parts + 1] = key .. " = " .. text_of(value[key])
        end
        return "{ " .. table.concat(parts, ", ") .. " }"
    elseif type(value) == "string" then
        return string.format("%q", value)
    end
    return tostring(value)
end

local function same(wanted, found)
    if wanted == remove or wanted == json.null then
        return found == json.null
    elseif type(wanted) == "table" then
        if type(found) ~= "table" then
            return false
        end
        for key, value in pairs(wanted) do
            if not same(value, found[key]) then
                return false
            end
        end
        return true
    end
    return wanted == found
end

-- "+ cleanPodPolicy = "All"" for each field that is wanted and differs.
local function difference(wanted, found, prefix, lines)
    local keys = {}
    for key in pairs(wanted) do
        keys[#keys + 1] = key
    end
    table.sort(keys)
    for _, key in ipairs(keys) do
        local w, f = wanted[key], found[key]
        if type(w) == "table" and type(f) == "table" then
            difference(w, f, prefix .. key .. ".", lines)
        elseif same(w, f) then
            lines[#lines + 1] = "    " .. prefix .. key .. " = " .. text_of(f)
        else
            lines[#lines + 1] = "  - " .. prefix .. key .. " = " .. text_of(w) .. "   expected"
            lines[#lines + 1] = "  + " .. prefix .. key .. " = " .. text_of(f) .. "   actual"
        end
    end
end

-- What the policies make of a job: each condition, its value, and whether it holds.
local function tree(job)
    local lines = native.why(native.path_of_job(job))
    return lines and lines ~= "" and "\nthe policies for it:\n" .. lines:gsub("\n$", "") or ""
end

local function story(job)
    local lines = {}
    for _, r in ipairs(of_job("change", job)) do
        local what = r.error and "failed: " .. r.error
            or r.changed and text_of(changes_of(r)) .. ": " .. r.effect
            or r.waits and text_of(changes_of(r)) .. ": waits for approval"
            or "unchanged"
        lines[#lines + 1] = "  " .. time.rfc3339(r.at) .. " " .. r.policy .. ": " .. what
    end
    for _, r in ipairs(of_job("run")) do
        if r.error then
            lines[#lines + 1] = "  " .. time.rfc3339(r.at) .. " " .. r.policy .. ": the run " .. r.outcome .. ": "
                .. r.error
        end
    end
    return #lines > 0 and "\nwhat happened:\n" .. table.concat(lines, "\n") or ""
end

local function need_job(name, job, level)
    if type(job) ~= "string" then
        error("assert." .. name .. " takes the job as \"namespace/name\"", level + 2)
    end
    return full(job)
end

native.same = same

local function register(name, callback, positive, negative)
    native.say:set("mpijobd." .. name .. ".positive", positive)
    native.say:set("mpijobd." .. name .. ".negative", negative)
    assert:register("assertion", name, function(state, arguments, level)
        native.settle()
        local ok, detail = callback(arguments, level, state)
        arguments.nofmt = {}
        arguments[1] = detail
        arguments.n = 1
        arguments.nofmt[1] = true
        return ok
    end, "mpijobd." .. name .. ".positive", "mpijobd." .. name .. ".negative")
end

native.register = register

-- assert.replaced("ns/name"), assert.replaced("ns/name", { cleanPodPolicy = "All" }): one of its changes was that.
register("replaced", function(arguments, level)
    local job, wanted = need_job("replaced", arguments[1], level), arguments[2]
    local changes = {}
    for _, r in ipairs(of_job("change", job)) do
        if r.changed then
            changes[#changes + 1] = changes_of(r)
        end
    end
    for _, found in ipairs(changes) do
        if wanted == nil or same(wanted, found) then
            return true, job .. story(job)
        end
    end
    if #changes == 0 then
        return false, job .. ": nothing was replaced"
            .. (wanted and "; expected " .. text_of(wanted) or "") .. story(job) .. tree(job)
    end
    local lines = {}
    difference(wanted, changes[#changes], "", lines)
    return false, job .. ":\n" .. table.concat(lines, "\n") .. story(job) .. tree(job)
end, "Expected a replacement of %s", "Expected no such replacement of %s")

register("untouched", function(arguments, level, state)
    local job = need_job("untouched", arguments[1], level)
    for _, r in ipairs(of_job("change", job)) do
        if r.changed then
            return false, job .. story(job) .. tree(job)
        end
    end
    return true, job .. (state.mod and "" or tree(job)) -- it costs time, and is told only where it fails
end, "Expected that nothing replaces anything in %s", "Expected a replacement of %s")

-- assert.waits("ns/name"), assert.waits("ns/name", { cleanPodPolicy = "All" }): a run that has this change in its plan
-- waits for approval.
register("waits", function(arguments, level)
    local job, wanted = need_job("waits", arguments[1], level), arguments[2]
    local waiting, last = {}, nil
    for _, run in ipairs(native.waiting()) do
        waiting[run] = true
    end
    for _, r in ipairs(of_job("change", job)) do
        if r.waits and waiting[r.run] then
            last = changes_of(r)
            if wanted == nil or same(wanted, last) then
                return true, job .. story(job)
            end
        end
    end
    if not last then
        return false, job .. ": no change of it waits" .. story(job) .. tree(job)
    end
    local lines = {}
    difference(wanted, last, "", lines)
    return false, job .. ":\n" .. table.concat(lines, "\n") .. story(job) .. tree(job)
end, "Expected that a run with a change waits for approval of %s",
    "Expected that no such change waits for approval of %s")

register("effect", function(arguments, level)
    local job, wanted = need_job("effect", arguments[1], level), arguments[2]
    if type(wanted) ~= "string" then
        error("assert.effect takes the job and its effect, as in assert.effect(\"" .. job .. "\", \"late\")", level + 2)
    end
    local last
    for _, r in ipairs(of_job("change", job)) do
        last = r.effect and r or last
    end
    if not last then
        return false, tostring(wanted) .. " for " .. job .. ", and nothing was replaced" .. story(job) .. tree(job)
    end
    return last.effect == wanted, tostring(wanted) .. " for " .. job .. "\nactual: " .. last.effect .. ", because "
        .. last.why .. story(job)
end, "Expected the effect %s", "Expected another effect than %s")

-- assert.refused("ns/name"), assert.refused("ns/name", "Conflict"): a change of it failed, for that reason.
register("refused", function(arguments, level)
    local job, reason = need_job("refused", arguments[1], level), arguments[2]
    for _, r in ipairs(of_job("change", job)) do
        if r.error and (not reason or r.reason == reason) then
            return true, job .. story(job)
        end
    end
    return false, job .. (reason and " for the reason " .. reason or "") .. story(job)
end, "Expected that a change fails of %s", "Expected that no change fails of %s")

-- assert.logged("pattern"), assert.logged("pattern", { namespace = "train" }): a line of the log
-- that fits the pattern of Lua.
register("logged", function(arguments)
    local pattern, fields = arguments[1], arguments[2] or {}
    local lines = {}
    for _, r in ipairs(of_job("log")) do
        local fits = r.message:find(pattern)
        for name, value in pairs(fields) do
            fits = fits and r.fields[name] == tostring(value)
        end
        if fits then
            return true, tostring(pattern)
        end
        lines[#lines + 1] = "  " .. r.level .. " " .. r.message .. " " .. text_of(r.fields)
    end
    return false, string.format("%q", tostring(pattern)) .. (next(fields) and " with " .. text_of(fields) or "")
        .. "\nthe log:\n" .. table.concat(lines, "\n")
end, "Expected a line of the log that matches %s", "Expected no line of the log that matches %s")

-- assert.ran("policy"), assert.ran("policy", 3): it has run; so often.
register("ran", function(arguments)
    local name, times = arguments[1], arguments[2]
    local count = 0
    for _, r in ipairs(of_job("run")) do
        count = count + (r.policy == name and 1 or 0)
    end
    local ok = times and count == times or not times and count > 0
    return ok, tostring(name) .. (times and " " .. times .. " times" or "") .. "\nactual: " .. count .. " times"
end, "Expected runs of %s", "Expected no runs of %s")

-- Why a policy acts on a job, or does not; without a name: the only policy that there is.
function why(job, policy, plural)
    if type(job) ~= "string" then
        error("why takes the job as \"namespace/name\"", 2)
    end
    native.settle()
    local names = native.policy_names()
    if not policy and #names ~= 1 then
        error("why: there are " .. #names .. " policies; name one of them, as in why(\"" .. job .. "\", \""
            .. tostring(names[1]) .. "\")", 2)
    end
    policy = policy or names[1]
    return native.why(plural and native.path_of(job, plural) or native.path_of_job(job, policy), policy)
end

-- SPDX-License-Identifier: Apache-2.0
-- The run of a policy that says `replace`: every job that matches is looked at, its changes are computed and handed on.
-- One broken job must not keep the others from their change: its error is reported and the sweep goes on.
local native, where, replace = ...

local function changes_of(job)
    if not replace then
        return true
    end
    local ok, changes = native.protect(replace, job)
    if not ok then
        return native.failed(job, changes)
    elseif changes == nil then
        return native.left(job)
    end
    return changes
end

local function computed(job)
    if where then
        local ok, wanted = native.protect(where, job)
        if not ok then
            return native.failed(job, wanted)
        elseif not wanted then
            return native.declined(job)
        end
    end
    return changes_of(job)
end

-- The run only counts (the rehearsal of a reload).
if native.counts then
    for job in native.next do
        native.counted(native.protect(where, job))
    end
    return
end

-- The run only looks (mpijobd why): both functions tell what they make of the job, whatever the other one says.
if native.looks then
    for job in native.next do
        for _, c in ipairs(native.conditions or {}) do
            local ok, answer = native.protect(function(j)
                return c.test(j, c.value)
            end, job)
            if ok and type(answer) ~= "boolean" then
                ok, answer = false, "it answered " .. type(answer) .. "; it has to answer true or false"
            end
            local of = c.plugin == "mpijobd" and "" or " (plugin " .. c.plugin .. ")"
            native.where(c.test, ok, answer, c.name, c.wanted .. of)
        end
        if where then
            native.where(where, native.protect(where, job))
        end
        native.where()
        if native.replaces then
            local changes = changes_of(job)
            if changes ~= nil then
                native.submit(job, changes)
            end
        end
    end
    return
end

-- The run does not make the changes, but warns of them. One of the means is enough; where none does, it is tried again.
local submit = native.submit
if native.sinks then
    submit = function(job, changes)
        local warning = native.warning(job, changes)
        if not warning then
            return
        end
        local told = false
        for _, sink in ipairs(native.sinks) do
            local ok, failure = native.protect(function(w)
                local kept, err = sink(w, job)
                return not kept and err and tostring(err) or false
            end, warning)
            if ok and not failure then
                told = true
                native.by_sink(job)
            else
                native.by_sink(job, failure)
            end
        end
        native.warn(job, warning.text, told)
    end
end

-- With a limit nothing is written before it is known how much it would be.
if native.limited then
    local pending = {}
    for job in native.next do
        local changes = computed(job)
        if changes ~= nil and native.would(job, changes) then
            pending[#pending + 1] = { job, changes }
        end
    end
    local most = native.allow(#pending)
    if most > 0 and most < #pending then -- a step of a canary: `mpijobd plan` reckons with the same jobs
        table.sort(pending, function(a, b)
            return a[1].key < b[1].key
        end)
    end
    for i, entry in ipairs(pending) do
        if i <= most then
            submit(entry[1], entry[2])
        end
        pending[i] = false
    end
else
    for job in native.next do
        local changes = computed(job)
        if changes ~= nil then
            submit(job, changes)
        end
    end
end

-- Jobs that were changed meanwhile come back here.
for job in native.drain do
    local changes = computed(job)
    if changes ~= nil then
        submit(job, changes)
    end
end

-- SPDX-License-Identifier: Apache-2.0
-- The sinks of a plugin: functions of notify, for the state that requires it.
local native, sinks = ...
local name = native.name

-- "${labels.team}" of a job or a table; what is not there is "-", as notify has it.
local function expand(text, with)
    return (text:gsub("%${([%w_.-]+)}", function(path)
        local value = with
        for part in path:gmatch "[^.]+" do
            local good, member = pcall(function() return value[part] end)
            value = good and member
            if value == nil or value == false and not good then
                return "-"
            end
        end
        return tostring(value)
    end))
end

-- notify.NAME { ... }: the plugin makes a webhook's fields of it, and the outbox delivers that.
for _, s in ipairs(sinks or {}) do
    local other = native.sinks[s.name]
    if other and other ~= name then
        error(("the sink %s of the plugin %s is the plugin %s's, too; require one of them"):format(s.name, name, other),
            0)
    end
    native.sinks[s.name] = name
    rawset(notify, s.name, function(notification)
        if type(notification) ~= "table" then
            error(("notify.%s takes one table"):format(s.name), 2)
        end
        local notice = {}
        for key, value in next, notification do
            notice[key] = value
        end
        for _, key in ipairs { "text", "subject" } do
            if type(notice[key]) == "string" and notice.with ~= nil then
                notice[key] = expand(notice[key], notice.with)
            end
        end
        local webhook = s.send(notice)
        if type(webhook) ~= "table" then
            error(("the sink %s of the plugin %s gave %s; it has to give a webhook's fields, { url = ..., body = ... }")
                :format(s.name, name, type(webhook)), 2)
        end
        return notify.webhook(webhook)
    end)
end

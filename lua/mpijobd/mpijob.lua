-- SPDX-License-Identifier: Apache-2.0
-- mpijob.replace with a function: the changes are computed again where the job was changed meanwhile.
local mpijob = ...
local replace, get = mpijob.replace, mpijob.get

return function(target, changes, options)
    local job = target
    if type(target) == "string" then
        local err
        job, err = get(target)
        if not job then
            return nil, err
        end
    end
    local tries = 0
    while true do
        local result, err, fresh, made = replace(job, changes(job) or {}, options, tries)
        if not fresh then
            return result, err
        end
        job, tries = fresh, made
    end
end

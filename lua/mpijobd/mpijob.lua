-- SPDX-License-Identifier: Apache-2.0
-- mpijob.replace with a function: the changes are computed again where the job was changed meanwhile.
local mpijob = ...
local replace, get = mpijob.replace, mpijob.get
local TRIES = 6

return function(target, changes, options)
    local job, err = target, nil
    if type(target) == "string" then
        job, err = get(target)
        if not job then
            return nil, err
        end
    end
    local result, fresh
    for _ = 1, TRIES do
        result, err, fresh = replace(job, changes(job) or {}, options, true)
        if result or not fresh then
            return result, err
        end
        job = fresh
    end
    return nil, err
end

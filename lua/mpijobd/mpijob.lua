-- The comfort of the mpijob module that is easier said in Lua: changes computed from the job are computed again when somebody else
-- changed it meanwhile.
local mpijob = ...
local replace, get = mpijob.replace, mpijob.get
local TRIES = 6

function mpijob.replace(target, changes, options)
    if type(changes) ~= "function" then
        return replace(target, changes, options)
    end
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

local t = {} for i = 1, 3e4 do t[i] = '::a' .. i .. '::' end local s = table.concat(t) while true do load(s) end

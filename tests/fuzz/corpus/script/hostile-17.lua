local t = {} for i = 1, 1e5 do t[i] = 1e5 - i end while true do table.sort(t) end

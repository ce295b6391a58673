local s = ('%d'):rep(1e5) while true do pcall(string.format, s, 1) end

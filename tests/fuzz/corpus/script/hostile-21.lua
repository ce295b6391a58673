local s = ('x'):rep(2e7) while true do local t = s .. 'y' end

while true do load(('('):rep(1e6)) end

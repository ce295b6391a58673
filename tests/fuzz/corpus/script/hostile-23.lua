while true do (''):rep(1e15) end

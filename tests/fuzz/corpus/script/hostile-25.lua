local s = ('\x80'):rep(2e7) for _ in utf8.codes('a' .. s) do end while true do utf8.offset(s, -1) end

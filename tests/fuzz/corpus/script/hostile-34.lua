local function f(e) error(e) end while true do xpcall(f, f) end

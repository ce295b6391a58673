xpcall(error, function(e) error(e) end) while true do end

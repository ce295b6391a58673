local x <close> = setmetatable({}, {__close = function() while true do pcall(error) end end}) error('x')

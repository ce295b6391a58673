for i = 1, 1e9 do local ok = pcall(function() local x <close> = setmetatable({}, {__close = function() error() end}) end) end

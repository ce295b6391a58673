-- SPDX-License-Identifier: Apache-2.0
-- luacheck: globals vim
-- mpijobd in nvim-dap: require it from init.lua, or put it into after/plugin. :help dap.txt
local dap = require "dap"

dap.adapters.mpijobd = function(callback, config)
    if config.request == "attach" then -- to `mpijobd test --debug=4711` in a terminal
        callback { type = "server", host = config.host or "127.0.0.1", port = config.port or 4711 }
    else
        callback { type = "executable", command = "mpijobd", args = { "test", "--debug" } }
    end
end

dap.configurations.lua = dap.configurations.lua or {}
vim.list_extend(dap.configurations.lua, {
    { type = "mpijobd", request = "launch", name = "mpijobd: the specs of this file",
        cwd = "${workspaceFolder}", paths = { "${file}" } },
    { type = "mpijobd", request = "launch", name = "mpijobd: all specs", cwd = "${workspaceFolder}" },
    { type = "mpijobd", request = "attach", name = "mpijobd: test --debug=4711 in a terminal", port = 4711 },
})

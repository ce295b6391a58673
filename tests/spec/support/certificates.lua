-- SPDX-License-Identifier: Apache-2.0
-- Certificates for a spec, by openssl(1).
local proc = require "support.proc"

local certificates = {}

local function openssl(...)
    local code, _, err = proc.run("/usr/bin/openssl", { args = { ... } })
    assert(code == 0, err)
end

-- FOLDER/NAME.pem and NAME.key; ca: the name of another one in the folder that signs it, nil: itself. more: further arguments of openssl req.
function certificates.make(folder, name, ca, more)
    local path = folder .. "/" .. name
    local args = { "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" .. name, "-keyout", path .. ".key",
        "-out", path .. ".pem", "-days", "2" }
    if ca then
        for _, arg in ipairs { "-CA", folder .. "/" .. ca .. ".pem", "-CAkey", folder .. "/" .. ca .. ".key" } do
            args[#args + 1] = arg
        end
    end
    for _, arg in ipairs(more or {}) do
        args[#args + 1] = arg
    end
    openssl(table.unpack(args))
    return path .. ".pem", path .. ".key"
end

return certificates

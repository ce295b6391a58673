-- SPDX-License-Identifier: Apache-2.0
-- The mail server of mail_server.py, and the mails that it takes.
local support = require "support"

local Mail = {}
Mail.__index = Mail

local mail = {}

-- Its options are arguments.
function mail.start(...)
    local self = setmetatable({}, Mail)
    self.proc = support.keep(support.proc.start("/usr/bin/python3", { args = { support.source .. "/tests/spec/support/mail_server.py", ... }, stdin = true }))
    self.port = self.proc:expect('{"port": ', "stdout"):match "%d+"
    return self
end

-- The next one: `mail` (its bytes), `from`, `to`, `tls`, `user`; and as a mail program reads it: `headers` (by their names in small letters), `type`,
-- `charset`, `text`, `defects` (of its headers and of the whole).
function Mail:next()
    return support.json.decode(self.proc:expect('{"mail": ', "stdout"))
end

return mail

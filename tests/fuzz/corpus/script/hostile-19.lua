return ('('):rep(1e6):find('%b()')

-- SPDX-License-Identifier: MIT
-- Asks a Python about itself, in a process of its own. The last resort: it
-- costs 10 to 90 ms.

-- Runs on Python 2 too, so that one of those can be refused by name. Each line
-- has a mark, because a wrapper may print lines of its own. The library is the
-- one that is mapped into that process; macOS has no /proc to tell.
local QUESTION = [[
import os, sys, sysconfig
encode = getattr(os, "fsencode", str)
def tell(name, value):
    os.write(1, encode("lua-py:%s=%s\n" % (name, value)))
library = ""
stem = "libpython%d.%d" % sys.version_info[:2]
try:
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.rstrip("\n").partition("/")[2]
            if os.path.basename(path).startswith(stem):
                library = "/" + path
                break
except (IOError, UnicodeError):
    get = sysconfig.get_config_var
    for folder in (get("PYTHONFRAMEWORKPREFIX"), get("LIBDIR")):
        path = os.path.join(folder or "", get("LDLIBRARY") or "")
        if folder and os.path.isfile(path) and get("Py_ENABLE_SHARED"):
            library = path
            break
flags = getattr(sys, "abiflags", "")
if sysconfig.get_config_var("Py_GIL_DISABLED") and "t" not in flags:
    flags += "t"
implementation = getattr(sys, "implementation", None)
tell("implementation", implementation.name if implementation else "cpython")
tell("version", "%d.%d.%d" % sys.version_info[:3])
tell("flags", flags)
tell("executable", sys.executable)
tell("prefix", sys.prefix)
tell("base_prefix", getattr(sys, "base_prefix", sys.prefix))
tell("library", library)
]]

local NAMES = {'implementation', 'version', 'flags', 'executable', 'prefix',
               'base_prefix', 'library'}

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- A table with the strings `implementation`, `version` ("3.11.7"), `flags`
--- (ABI flags), `executable`, `prefix`, `base_prefix`, `library` ("" if the
--- executable has Python inside); or nil and a message.
return function(executable)
  local ok, pipe = pcall(io.popen,
    quote(executable) .. ' -c ' .. quote(QUESTION) .. ' </dev/null 2>&1')
  if not ok or not pipe then
    return nil, 'its files do not tell what it is, and it cannot be started'
  end
  local output = pipe:read '*a'
  pipe:close()
  local answer = {}
  for name, value in output:gmatch 'lua%-py:([%w_]+)=([^\n]*)' do
    answer[name] = value
  end
  for _, name in ipairs(NAMES) do
    if not answer[name] then
      local said = output:match '([^\n]+)%s*$'
      -- Some programs repeat the whole question.
      if said and #said > 200 then said = said:sub(1, 200) .. '...' end
      return nil, 'it does not work as a Python'
        .. (said and (' (it says: %s)'):format(said) or '')
    end
  end
  return answer
end

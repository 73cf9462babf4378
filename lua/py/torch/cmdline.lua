-- SPDX-License-Identifier: MIT
-- torch.CmdLine: options of a program, their help, and a log of what it prints.

local class = require 'py.torch.class'

return function(torch)
  local CmdLine = class.class('torch.CmdLine', torch)

  -- The name of an option without dashes.
  local function bare(key)
    return key:match '^%-*(.*)'
  end

  function CmdLine:__init(argument_separator, key_separator)
    self.argseparator = argument_separator or ','
    self.keyseparator = key_separator or '='
    self.options, self.arguments, self.helplines = {}, {}, {}
    self.silentio = false
  end

  --- Ends the program with a message and the help.
  function CmdLine:error(message)
    print ''
    io.stderr:write(message)
    print ''
    self:help()
    os.exit(1)
  end

  --- Only the log gets what is printed.
  function CmdLine:silent() self.silentio = true end

  --- Starts each line of the log with the time.
  function CmdLine:addTime(name, format)
    format = format or '%Y-%m-%d %H:%M:%S'
    assert(type(format) == 'string', 'Argument has to be string')
    self.dateformat = format .. (name and '[' .. name .. ']: ' or '')
  end

  -- Declaring ----------------------------------------------------------------------

  local function line(self, entry)
    self.helplines[#self.helplines + 1] = entry
    return entry
  end

  function CmdLine:text(text)
    text = text or ''
    assert(type(text) == 'string')
    line(self, text)
  end

  --- A value that must be given, by position.
  function CmdLine:argument(key, help, kind)
    self.arguments[#self.arguments + 1] =
      line(self, { key = key, help = help, type = kind })
  end

  --- A value by name, with a default.
  function CmdLine:option(key, default, help, kind)
    if default == nil then
      error('option ' .. key .. ' has no default value', 2)
    end
    kind = kind or type(default)
    if type(default) ~= kind then
      error('option ' .. key .. ' has wrong default type value', 2)
    end
    self.options[key] = line(self,
      { key = key, default = default, help = help, type = kind })
  end

  -- Reading ------------------------------------------------------------------------

  function CmdLine:default()
    local values = {}
    for key, option in pairs(self.options) do
      values[bare(key)] = option.default
    end
    return values
  end

  -- The value of an option, and how many words it took.
  local function read_option(self, words, i)
    local key = words[i]
    local option = self.options[key]
    if option.type == 'boolean' then return not option.default, 1 end
    local value = words[i + 1]
    if not value then self:error('missing argument for option ' .. key) end
    if option.type == 'number' then
      value = tonumber(value)
    elseif option.type ~= 'string' then
      self:error('unknown required option type ' .. option.type)
    end
    if not value then
      self:error('invalid type for option ' .. key .. ' (should be '
        .. option.type .. ')')
    end
    return value, 2
  end

  --- The table of values, from the words of the command line.
  function CmdLine:parse(words)
    local values, given, i = self:default(), 0, 1
    while i <= #words do
      local word = words[i]
      if word == '-help' or word == '-h' or word == '--help' then
        self:help(words)
        os.exit(0)
      end
      if self.options[word] then
        local value, n = read_option(self, words, i)
        values[bare(word)] = value
        i = i + n
      else
        given = given + 1
        local argument = self.arguments[given]
        if not argument then self:error('invalid argument: ' .. word) end
        if argument.type and type(word) ~= argument.type then
          self:error(('invalid argument type for argument %s (should be %s)')
            :format(argument.key, argument.type))
        end
        values[bare(argument.key)] = word
        i = i + 1
      end
    end
    if given ~= #self.arguments then self:error 'not enough arguments' end
    return values
  end

  -- Naming a run -------------------------------------------------------------------

  local function position_of(self, name)
    for i, argument in ipairs(self.arguments) do
      if bare(argument.key) == name then return i end
    end
  end

  --- A name for a run: the prefix and what is not as by default.
  function CmdLine:string(prefix, values, ignore)
    ignore = ignore or {}
    local arguments, options = {}, {}
    for name, value in pairs(values) do
      local option, position = self.options['-' .. name], position_of(self, name)
      if ignore[name] then
        print('-- ignore option ' .. name)
      elseif option then
        if value ~= option.default or ignore[name] == false then
          local shown = value
          if type(value) == 'boolean' then shown = value and 't' or 'f' end
          options[#options + 1] = name .. self.keyseparator .. shown
          print(name, shown, option.default)
        end
      elseif position then
        arguments[position] = name .. self.keyseparator .. value
      else
        print('WARNING: unknown option/argument: ' .. name
          .. ' IGNORING for DIRECTORY NAME')
      end
    end
    table.sort(options)
    local parts = { prefix or '' }
    for i = 1, #self.arguments do parts[#parts + 1] = arguments[i] end
    for _, option in ipairs(options) do parts[#parts + 1] = option end
    return table.concat(parts, self.argseparator)
  end

  -- Output -------------------------------------------------------------------------

  local screen -- print as it was before the first log

  --- From now on `print` writes to a file as well.
  function CmdLine:log(file, values)
    local log = io.type(file) == 'file' and file or assert(io.open(file, 'w'))
    screen = screen or print
    rawset(_G, 'print', function(...)
      if not self.silentio then screen(...) end
      local words = {}
      if self.dateformat then words[1] = os.date(self.dateformat) end
      for i = 1, select('#', ...) do
        words[#words + 1] = tostring((select(i, ...)))
      end
      words[#words + 1] = '\n'
      log:write(table.concat(words, ' '))
      log:flush()
    end)
    print('[program started on ' .. os.date() .. ']')
    print '[command line arguments]'
    for name, value in pairs(values or {}) do print(name, value) end
    print '[----------------------]'
  end

  local function label(entry)
    return entry.default ~= nil and entry.key or '<' .. bare(entry.key) .. '>'
  end

  --- Prints how to call the program.
  function CmdLine:help(words)
    io.write('Usage: ', words and words[0] and words[0] .. ' ' or '',
      '[options]')
    for _, argument in ipairs(self.arguments) do
      io.write(' <', bare(argument.key), '>')
    end
    io.write '\n'
    local width = 0
    for _, entry in ipairs(self.helplines) do
      if type(entry) == 'table' then width = math.max(width, #label(entry)) end
    end
    for _, entry in ipairs(self.helplines) do
      if type(entry) == 'table' then
        local name = label(entry)
        io.write('  ', name, (' '):rep(width - #name),
          entry.help and ' ' .. entry.help or '',
          entry.default ~= nil and ' [' .. tostring(entry.default) .. ']' or '')
      else
        io.write(entry)
      end
      io.write '\n'
    end
  end
end

// Loaded into the program under test before its own first line: a wall clock and a resolver that the
// test sets while the program runs, through a file of 16 bytes that both hold open. That is what a
// program sees when somebody sets the clock, and what it sees on Linux after the machine slept: the wall
// clock moves, the monotonic clock and the timers do not. CommonJS, so that `--require` takes it.
const dns = require('node:dns')
const { openSync, readSync } = require('node:fs')

const file = openSync(process.env.TEST_MACHINE, 'r')
const state = Buffer.alloc(16)

// Read each time: whoever runs after the machine woke up must not see the old time first.
function look() {
  readSync(file, state, 0, 16, 0)
  return { clockShiftMs: state.readDoubleLE(0), resolves: state[8] === 0 }
}

const RightDate = Date
const now = () => RightDate.now() + look().clockShiftMs

globalThis.Date = new Proxy(RightDate, {
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
  apply: () => new RightDate(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
})

const { lookup } = dns
dns.lookup = (hostname, ...rest) => {
  if (look().resolves) return lookup(hostname, ...rest)
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname,
  })
  process.nextTick(rest.at(-1), error)
  return {}
}

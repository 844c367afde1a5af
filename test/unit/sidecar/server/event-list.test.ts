import { expect } from 'chai'
import { createEventList } from '../../../../sidecar/server/event-list.js'
import { RolesAnywhereError } from '../../../../src/errors.js'
import { silentLogger } from '../../../../src/log.js'
import { ManualClock } from '../../../support/manual-clock.js'

describe('createEventList', () => {
  it('keeps the message, the role and the code of an error, and no other field', () => {
    const clock = new ManualClock()
    const list = createEventList(clock)
    const error = new RolesAnywhereError('ERR_RA_THROTTLED', 'canary message')
    list.listening(silentLogger, 'reports').warn('refresh failed', { error, path: 'canary' })
    expect(list.list()).to.deep.equal([
      {
        at: clock.now(),
        level: 'warn',
        message: 'refresh failed (ERR_RA_THROTTLED)',
        role: 'reports',
      },
    ])
  })

  it('passes every line on, and keeps no debug line', () => {
    const passed: string[] = []
    const log = {
      error: (message: string) => passed.push(message),
      warn: (message: string) => passed.push(message),
      info: (message: string) => passed.push(message),
      debug: (message: string) => passed.push(message),
    }
    const list = createEventList(new ManualClock())
    const listening = list.listening(log)
    for (const level of ['error', 'warn', 'info', 'debug'] as const) listening[level](level)
    expect(passed).to.deep.equal(['error', 'warn', 'info', 'debug'])
    expect(list.list().map(({ message }) => message)).to.deep.equal(['error', 'warn', 'info'])
  })

  it('forgets all but the last fifty', () => {
    const list = createEventList(new ManualClock())
    const log = list.listening(silentLogger)
    for (let number = 1; number <= 60; number++) log.info(String(number))
    expect(list.list()).to.have.length(50)
    expect(list.list()[0]?.message).to.equal('11')
  })
})

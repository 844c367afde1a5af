import { expect } from 'chai'
import fc from 'fast-check'
import { parseListenAddress } from '../../../sidecar/listen-address.js'
import { parseRoles } from '../../../sidecar/server/roles.js'
import { parseFileMode } from '../../../src/config/file-mode.js'
import { parseDurationSeconds } from '../../../src/config/duration.js'
import { PROGRAM_SETTINGS, SETTINGS } from '../../../src/config/settings.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import { trusting } from '../../../src/session/tls-trust.js'

/** Anything, and what looks a little like the real thing. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.stringMatching(/^[0-9hms.:[\]=/-]{0,40}$/),
  fc.constantFrom('__proto__', 'constructor', '\0', '9'.repeat(5000), '1h'.repeat(5000)),
)

const PARSERS: Readonly<Record<string, (input: string) => unknown>> = {
  parseDurationSeconds,
  parseListenAddress: (input) => parseListenAddress(input, 'listen'),
  parseRoles: (input) => parseRoles([input, input]),
  parseFileMode: (input) => parseFileMode(input, 'mode'),
  trusting: (pem) => trusting({ name: 'CA bundle', pem }, {}),
  ...Object.fromEntries(
    [...Object.values(SETTINGS), ...Object.values(PROGRAM_SETTINGS)].map(({ flag, parse }) => [
      `the setting --${flag}`,
      parse,
    ]),
  ),
}

describe('whatever text they are given', () => {
  for (const [name, parse] of Object.entries(PARSERS)) {
    it(`${name}: nothing but coded errors, and none repeats a long input`, () => {
      fc.assert(
        fc.property(text, (input) => {
          try {
            parse(input)
          } catch (error) {
            expect(error).to.be.instanceOf(RolesAnywhereError)
            expect((error as Error).message.length).to.be.lessThan(300)
          }
        }),
      )
    })
  }

  it('a duration that is read is a whole number of seconds', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(\d{1,3}h)?(\d{1,3}m)?(\d{1,3}s)?$/), (input) => {
        fc.pre(input !== '')
        expect(Number.isSafeInteger(parseDurationSeconds(input))).to.equal(true)
      }),
    )
  })
})

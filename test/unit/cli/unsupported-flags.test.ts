import { expect } from 'chai'
import { main } from '../../../src/cli/main.js'
import { UNSUPPORTED_FLAGS } from '../../../src/cli/unsupported-flags.js'
import { COMMANDS } from '../../../src/commands.js'
import { recordedIo } from '../../support/io.js'

const SHARED = [
  ...['role-arn', 'profile-arn', 'trust-anchor-arn', 'session-duration', 'region', 'endpoint'],
  ...['no-verify-ssl', 'with-proxy', 'debug', 'certificate', 'private-key', 'intermediates'],
  ...['cert-selector', 'system-store-name', 'use-latest-expiring-certificate', 'pkcs11-lib'],
  ...['reuse-pin', 'tpm-key-password', 'no-tpm-key-password', 'role-session-name'],
  ...['pkcs8-password'],
]

/** Every flag of every command of `aws_signing_helper` 1.8. */
const HELPER: Readonly<Record<string, readonly string[]>> = {
  'credential-process': SHARED,
  serve: [...SHARED, 'port', 'hop-limit'],
  update: [...SHARED, 'profile', 'once'],
  'sign-string': [
    ...['certificate', 'private-key', 'cert-selector', 'system-store-name', 'pkcs11-lib'],
    ...['use-latest-expiring-certificate', 'reuse-pin', 'tpm-key-password', 'no-tpm-key-password'],
    ...['pkcs8-password', 'debug', 'digest', 'format'],
  ],
  'read-certificate-data': [
    ...['certificate', 'cert-selector', 'system-store-name', 'pkcs11-lib', 'debug'],
  ],
}

describe('the flags of aws_signing_helper', () => {
  for (const [command, flags] of Object.entries(HELPER)) {
    it(`${command} has them all, or says that they are not supported`, async () => {
      const entry = COMMANDS[command]!
      const own = (await entry.load()).flags.map(({ name }) => name)
      for (const flag of flags) {
        if (own.includes(flag) || flag === 'debug') continue
        for (const args of [[`--${flag}`, 'x'], [`--${flag}=x`], [`--${flag}`]]) {
          const io = recordedIo()
          expect(await main(COMMANDS, [command, ...args], io), flag).to.equal(2)
          expect(io.written.stderr).to.match(/^error: flag --\S+ is not supported .*\nhint: .+\n$/)
          expect(io.written.stderr, flag).to.contain(UNSUPPORTED_FLAGS[flag])
          expect(io.written.stdout).to.equal('')
        }
      }
    })
  }
})

import { revoke } from '../pki/revocation.js'
import type { Command } from './command.js'
import { argument, caContext, DIRECTORY_FLAG, printPaths } from './pki-flags.js'

/** `pki revoke`: notes that a certificate is revoked. */
export const pkiRevokeCommand: Command = {
  usage: 'pki revoke NAME|SERIAL [flags]',
  summary: 'Mark a certificate as revoked',
  description:
    'Notes the revocation in the index; the next "pki crl" lists it. NAME means the newest ' +
    'certificate of that name, SERIAL is hexadecimal. Sessions that were issued already go on until ' +
    'they expire.',
  flags: [DIRECTORY_FLAG],
  example: 'pki revoke app',
  arguments: { min: 1, max: 1 },
  run: async (invocation, io) => {
    const which = argument(invocation, 'NAME|SERIAL')
    const { entry, already, paths } = await revoke(caContext(invocation, io), which)
    printPaths(paths, (text) => io.stdout(text))
    const when = already
      ? `was revoked already, at ${entry.revokedAt?.toISOString()}`
      : 'is revoked'
    io.stderr(`note: ${entry.kind} "${entry.name}", serial ${entry.serialNumber}, ${when}\n`)
    io.stderr('note: publish it with: rolesanywhere pki crl\n')
    return undefined
  },
}

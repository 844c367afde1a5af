import { addIntermediate } from '../pki/development-ca.js'
import type { Command } from './command.js'
import {
  argument,
  caContext,
  DIRECTORY_FLAG,
  ISSUER_FLAG,
  keyTypeFlag,
  NEW_CERTIFICATE_FLAGS,
  printPaths,
  validityFlag,
} from './pki-flags.js'

const DEFAULT_DAYS = 1825

/** `pki intermediate`: makes a CA below the root. */
export const pkiIntermediateCommand: Command = {
  usage: 'pki intermediate NAME [flags]',
  summary: 'Make an intermediate CA',
  description:
    'Makes a CA that the root, or another intermediate, has signed. The trust anchor stays the root: ' +
    'workloads send the intermediates along, from issued/NAME.chain.pem.',
  flags: [
    DIRECTORY_FLAG,
    ISSUER_FLAG,
    { name: 'days', value: 'DAYS', help: `validity, default ${DEFAULT_DAYS}` },
    ...NEW_CERTIFICATE_FLAGS,
  ],
  example: 'pki intermediate cluster-1',
  arguments: { min: 1, max: 1 },
  run: async (invocation, io) => {
    const name = argument(invocation, 'NAME')
    const issuer = invocation.flags.get('issuer')
    const { paths, certificate, shortened } = await addIntermediate(caContext(invocation, io), {
      name,
      validityMs: validityFlag(invocation, DEFAULT_DAYS),
      force: invocation.flags.has('force'),
      ...(issuer ? { issuer } : {}),
      ...keyTypeFlag(invocation),
    })
    printPaths(paths, (text) => io.stdout(text))
    if (shortened) io.stderr(`note: valid until ${certificate.validTo}, when its issuer ends\n`)
    io.stderr(`note: issue from it with: rolesanywhere pki issue NAME --issuer ${name}\n`)
    return undefined
  },
}

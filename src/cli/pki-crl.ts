import { writeCrls } from '../pki/revocation.js'
import type { Command } from './command.js'
import { caContext, DIRECTORY_FLAG, printPaths, validityFlag } from './pki-flags.js'

const DEFAULT_DAYS = 30

/** `pki crl`: writes the certificate revocation lists. */
export const pkiCrlCommand: Command = {
  usage: 'pki crl [flags]',
  summary: 'Write the certificate revocation lists',
  description:
    "Writes the root's list, and one for each intermediate that issued a revoked certificate. IAM " +
    'Roles Anywhere only knows lists that were imported.',
  flags: [
    DIRECTORY_FLAG,
    { name: 'days', value: 'DAYS', help: `until the next list is due, default ${DEFAULT_DAYS}` },
  ],
  example: 'pki crl --days 7',
  run: async (invocation, io) => {
    const context = caContext(invocation, io)
    const { paths } = await writeCrls(context, validityFlag(invocation, DEFAULT_DAYS))
    printPaths(paths, (text) => io.stdout(text))
    io.stderr(
      'note: import each list that changed:\n' +
        '  aws rolesanywhere import-crl --enabled --name development --crl-data fileb://LIST \\\n' +
        '    --trust-anchor-arn ARN\n',
    )
    return undefined
  },
}

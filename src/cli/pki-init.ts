import { authorityPaths } from '../pki/folder.js'
import { initializeCa } from '../pki/development-ca.js'
import { ROOT_NAME } from '../pki/pki-index.js'
import type { Command } from './command.js'
import {
  caContext,
  DIRECTORY_FLAG,
  keyTypeFlag,
  NEW_CERTIFICATE_FLAGS,
  printPaths,
  validityFlag,
} from './pki-flags.js'

const DEFAULT_COMMON_NAME = 'Development CA'
const DEFAULT_DAYS = 3650

/** `pki init`: makes the root of a development CA. */
export const pkiInitCommand: Command = {
  usage: 'pki init [flags]',
  summary: 'Make a development CA',
  description:
    'Makes a root certificate and its key in a folder. Register the certificate as a trust anchor; ' +
    'the key stays where it is. With --force, a new root replaces the one in the folder: certificates ' +
    'of the old one stay on disk and no longer verify.',
  flags: [
    DIRECTORY_FLAG,
    {
      name: 'common-name',
      value: 'NAME',
      help: `name of the root, default ${DEFAULT_COMMON_NAME}`,
    },
    { name: 'days', value: 'DAYS', help: `validity, default ${DEFAULT_DAYS}` },
    ...NEW_CERTIFICATE_FLAGS,
  ],
  example: 'pki init --common-name "Example development CA"',
  run: async (invocation, io) => {
    const context = caContext(invocation, io)
    const { paths } = await initializeCa(context, {
      commonName: invocation.flags.get('common-name') || DEFAULT_COMMON_NAME,
      validityMs: validityFlag(invocation, DEFAULT_DAYS),
      force: invocation.flags.has('force'),
      ...keyTypeFlag(invocation),
    })
    printPaths(paths, (text) => io.stdout(text))
    const root = authorityPaths(context.directory, ROOT_NAME)
    io.stderr(
      `note: register ${root.certificate} as a trust anchor:\n` +
        '  aws rolesanywhere create-trust-anchor --enabled --name development --source \\\n' +
        `    "sourceType=CERTIFICATE_BUNDLE,sourceData={x509CertificateData=$(cat ${root.certificate})}"\n` +
        `note: whoever holds ${root.privateKey} can issue certificates that your roles accept\n`,
    )
    return undefined
  },
}

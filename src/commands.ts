import type { Command } from './cli/command.js'

/** A command before it is loaded: what the overview prints, and where the rest is. */
export interface CommandEntry {
  readonly summary: string
  /** Loads the command's modules; nothing of a command is read before it is called. */
  readonly load: () => Promise<Command>
}

/** Every command by name, in the order of the overview. A name may be two words. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  'credential-process': {
    summary: 'Print session credentials for the AWS config key credential_process',
    load: async () => (await import('./cli/credential-process.js')).credentialProcessCommand,
  },
  serve: {
    summary: 'Serve session credentials to the containers of a pod, always fresh',
    load: async () => (await import('../sidecar/server/command.js')).serveCommand,
  },
  exec: {
    summary: 'Run a command with session credentials that stay fresh',
    load: async () => (await import('../sidecar/server/exec-command.js')).execCommand,
  },
  'pki init': {
    summary: 'Make a development CA',
    load: async () => (await import('./cli/pki.js')).pkiInitCommand,
  },
  'pki intermediate': {
    summary: 'Make an intermediate CA',
    load: async () => (await import('./cli/pki.js')).pkiIntermediateCommand,
  },
  'pki issue': {
    summary: 'Issue a workload certificate',
    load: async () => (await import('./cli/pki.js')).pkiIssueCommand,
  },
  'pki revoke': {
    summary: 'Mark a certificate as revoked',
    load: async () => (await import('./cli/pki.js')).pkiRevokeCommand,
  },
  'pki crl': {
    summary: 'Write the certificate revocation lists',
    load: async () => (await import('./cli/pki.js')).pkiCrlCommand,
  },
  emulator: {
    summary: 'Run a local look-alike of the AWS services that this program talks to',
    load: async () => (await import('./cli/emulator.js')).emulatorCommand,
  },
}

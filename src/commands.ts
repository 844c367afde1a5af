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
  'cache list': {
    summary: 'List the sessions and registry passwords that processes share',
    load: async () => (await import('./cli/cache.js')).cacheListCommand,
  },
  'cache clear': {
    summary: 'Remove the sessions and registry passwords that processes share',
    load: async () => (await import('./cli/cache.js')).cacheClearCommand,
  },
  serve: {
    summary: 'Serve session credentials to the containers of a pod, always fresh',
    load: async () => (await import('../sidecar/server/command.js')).serveCommand,
  },
  exec: {
    summary: 'Run a command with session credentials that stay fresh',
    load: async () => (await import('../sidecar/server/exec-command.js')).execCommand,
  },
  update: {
    summary: 'Keep a profile of the shared credentials file fresh',
    load: async () => (await import('./cli/update.js')).updateCommand,
  },
  'read-certificate-data': {
    summary: 'Print what a certificate says of itself',
    load: async () => (await import('./cli/read-certificate-data.js')).readCertificateDataCommand,
  },
  'sign-string': {
    summary: 'Sign a fixed text with a private key, to try the key',
    load: async () => (await import('./cli/sign-string.js')).signStringCommand,
  },
  doctor: {
    summary: 'Check settings, files, certificate, network and service; say what to do',
    load: async () => (await import('./cli/doctor.js')).doctorCommand,
  },
  'ecr login-password': {
    summary: 'Print a password for docker login to a registry of Amazon ECR',
    load: async () => (await import('./cli/ecr-login-password.js')).ecrLoginPasswordCommand,
  },
  'ecr tags': {
    summary: 'List the tags of a repository in Amazon ECR',
    load: async () => (await import('./cli/ecr-tags.js')).ecrTagsCommand,
  },
  'ecr docker-credential': {
    summary: 'Give docker, podman, skopeo and buildah passwords for Amazon ECR',
    load: async () => (await import('./cli/ecr-docker-credential.js')).ecrDockerCredentialCommand,
  },
  'ecr credential-provider': {
    summary: 'Give the kubelet passwords for Amazon ECR',
    load: async () =>
      (await import('./cli/ecr-credential-provider.js')).ecrCredentialProviderCommand,
  },
  'ecr credential-provider-config': {
    summary: "Print the kubelet's configuration for the credential provider",
    load: async () =>
      (await import('./cli/ecr-credential-provider-config.js')).ecrCredentialProviderConfigCommand,
  },
  inject: {
    summary: 'Add the sidecar to pods in manifests, as the injector would',
    load: async () => (await import('../sidecar/injector/inject-command.js')).injectCommand,
  },
  injector: {
    summary: 'Add the sidecar to labelled pods, as a mutating admission webhook',
    load: async () => (await import('../sidecar/injector/webhook/command.js')).injectorCommand,
  },
  'ecr pull-secrets': {
    summary: 'Keep image pull secrets for Amazon ECR fresh in every namespace',
    load: async () => (await import('../sidecar/pull-secrets/command.js')).pullSecretsCommand,
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
  completion: {
    summary: 'Print the completion script for a shell',
    load: async () => (await import('./cli/completion.js')).completionCommand,
  },
  settings: {
    summary: "Print settings for every part of this program from a stack's outputs",
    load: async () => (await import('./cli/settings.js')).settingsCommand,
  },
  emulator: {
    summary: 'Run a local look-alike of the AWS services that this program talks to',
    load: async () => (await import('./cli/emulator.js')).emulatorCommand,
  },
}

import { ecrCredentialProviderCommand } from './cli/ecr-credential-provider.js'
import { ecrDockerCredentialCommand } from './cli/ecr-docker-credential.js'
import { ecrLoginPasswordCommand } from './cli/ecr-login-password.js'
import { runProcess } from './run-process.js'
import type { Command } from './cli/command.js'

const entry = (command: Command): { summary: string; load: () => Promise<Command> } => ({
  summary: command.summary,
  load: async () => Promise.resolve(command),
})

// Docker and the kubelet run these once for every image: a bundle of their own, as small as it can be.
runProcess({
  'ecr docker-credential': entry(ecrDockerCredentialCommand),
  'ecr credential-provider': entry(ecrCredentialProviderCommand),
  'ecr login-password': entry(ecrLoginPasswordCommand),
})

import { ecrCredentialProviderCommand } from './cli/ecr-credential-provider.js'
import { ecrDockerCredentialCommand } from './cli/ecr-docker-credential.js'
import { ecrLoginPasswordCommand } from './cli/ecr-login-password.js'
import { inside, runProcess } from './run-process.js'

// Docker and the kubelet run these once for every image: a bundle of their own, as small as it can be.
runProcess({
  'ecr docker-credential': inside(ecrDockerCredentialCommand),
  'ecr credential-provider': inside(ecrCredentialProviderCommand),
  'ecr login-password': inside(ecrLoginPasswordCommand),
})

import { text } from 'node:stream/consumers'
import {
  dockerConfigJson,
  parseRegistryHost,
  registryHostNames,
  Secret,
} from 'rolesanywhere-sidecar'

// Prints a Secret for kubectl apply, with the password on standard input:
//
//   rolesanywhere ecr login-password | node pull-secret.mjs NAME REGISTRY-HOST [OTHER-HOST…]
//
// The password is in no argument and in no file of a workstation. It lives for twelve hours: in a
// cluster, `rolesanywhere ecr pull-secrets` makes the same Secret in every namespace, and renews it.
const [, , name, host, ...others] = process.argv
const registry = parseRegistryHost(host)?.registry
if (!registry) throw new Error(`"${host}" is not a registry of Amazon ECR`)

const password = new Secret((await text(process.stdin)).trim())
const document = dockerConfigJson([
  { hosts: [...registryHostNames(registry), ...others], token: { username: 'AWS', password } },
])
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  type: 'kubernetes.io/dockerconfigjson',
  // Base64 is how the API wants it. It hides nothing.
  data: { '.dockerconfigjson': Buffer.from(document.reveal()).toString('base64') },
}
console.log(JSON.stringify(secret, undefined, 2))

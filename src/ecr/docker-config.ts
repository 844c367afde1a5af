import { Buffer } from 'node:buffer'
import { Secret } from '../secret.js'
import type { AuthorizationToken } from './authorization-token.js'

/** A password and the hosts that it is good for, with ports and without schemes. */
export interface DockerConfigEntry {
  readonly hosts: readonly string[]
  readonly token: Pick<AuthorizationToken, 'username' | 'password'>
}

/**
 * The document of a pull secret (`.dockerconfigjson`) and of an `auth.json`. Bare hosts, in order of
 * their names, so that the same passwords make the same bytes.
 *
 * @returns text before the base64 of the Kubernetes API; secret, since it holds the passwords.
 * @throws TypeError for a host with a scheme or a path, which some consumers would not find.
 * @see https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
 */
export function dockerConfigJson(entries: readonly DockerConfigEntry[]): Secret {
  const rows = entries.flatMap(({ hosts, token }) =>
    hosts.map((host) => {
      if (!/^[\w.:[\]-]+$/.test(host)) throw new TypeError('a host has a scheme, a path or spaces')
      return [host, credentialsOf(token)] as const
    }),
  )
  rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return new Secret(JSON.stringify({ auths: Object.fromEntries(rows) }))
}

function credentialsOf({ username, password }: DockerConfigEntry['token']): object {
  const plain = password.reveal()
  const auth = Buffer.from(`${username}:${plain}`).toString('base64')
  return { username, password: plain, auth }
}

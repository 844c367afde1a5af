import type { Registry } from './registry-host.js'

/** Who to be for a registry. What is absent is the workload's own. */
export interface RegistryRole {
  readonly roleArn: string
  /** A role of another account needs that account's profile and trust anchor. */
  readonly profileArn?: string
  readonly trustAnchorArn?: string
}

/** Which role each registry is used with. */
export interface RegistryRoles {
  /** @returns `undefined` for the workload's own role. */
  roleFor(registry: Registry): RegistryRole | undefined
}

/**
 * Chooses roles by registry: `ACCOUNT/REGION` counts before `ACCOUNT`, and the gallery is `public`.
 * What is not named belongs to the workload's own role.
 */
export function registryRoles(bySelector: ReadonlyMap<string, RegistryRole>): RegistryRoles {
  return {
    roleFor: (registry) =>
      registry.kind === 'public'
        ? bySelector.get('public')
        : (bySelector.get(`${registry.account}/${registry.region}`) ??
          bySelector.get(registry.account)),
  }
}

/** Whether a text selects registries: an account, an account and a region, or `public`. */
export function isRegistrySelector(text: string): boolean {
  return /^(public|\d{12}(\/[a-z0-9-]+)?)$/.test(text)
}

/** One text for everything that makes two roles different. */
export function roleKey(role: RegistryRole | undefined): string {
  if (!role) return ''
  return [role.roleArn, role.profileArn ?? '', role.trustAnchorArn ?? ''].join(' ')
}

import type { Check } from './check.js'
import { ARN_CHECKS } from './checks/arns.js'
import { CERTIFICATE_CHECKS } from './checks/certificate.js'
import { CHAIN_CHECKS } from './checks/chain.js'
import { FILE_CHECKS } from './checks/files.js'
import { NETWORK_CHECKS } from './checks/network.js'
import { REGISTRY_CHECKS } from './checks/registry.js'
import { SDK_CHECKS } from './checks/sdk.js'
import { SESSION_CHECKS } from './checks/session.js'
import { SETTINGS_CHECKS } from './checks/settings.js'

/** Every check of a workload, in the order in which they run. docs/troubleshooting.md has a line for each. */
export const CHECKS: readonly Check[] = [
  ...SETTINGS_CHECKS,
  ...FILE_CHECKS,
  ...CERTIFICATE_CHECKS,
  ...CHAIN_CHECKS,
  ...ARN_CHECKS,
  ...NETWORK_CHECKS,
  ...SESSION_CHECKS,
  ...SDK_CHECKS,
]

/** The same, and those of a registry that images are pulled from. */
export const CHECKS_WITH_REGISTRY: readonly Check[] = [...CHECKS, ...REGISTRY_CHECKS]

/** Flag of the certificate that the service holds as trust anchor. */
export const TRUST_ANCHOR_FLAG = 'trust-anchor-certificate'

/** Flag of the registry that images are to be pulled from. */
export const REGISTRY_FLAG = 'registry'
